"""Benchmark of models of fields: what a fit and samples cost, and how right the samples are.

Critical lattice φ^4, 32 x 32, from 2000 fields, octave bands, 400 steps a band. Seconds are those
of the processor, in one thread. Table `scales`: the standard deviation of samples over that of
other fields of the law; `spectrum`: the ratio of their radial power, with two errors.
"""

import sys
import time
from collections.abc import Callable

import torch
from measure import Row
from program import run_parts
from torch import Tensor

from scorelet.models.field_energy import Band
from scorelet.sampling import Phi4
from scorelet.tasks.field_model import FieldModel

PACKAGES = ("scorelet", "torch", "numpy", "numba")


def measure_lattice(*, quick: bool) -> dict[str, list[Row]]:
    """Return what fit and samples cost, and ratios of samples to fields of the law by scale."""
    size, count, samples, steps = (8, 64, 4, 10) if quick else (32, 2000, 200, 400)
    x = Phi4().sample(count, size, 1)[:, 0]
    other = Phi4().sample(count, size, 2)[:, 0].double()
    model = FieldModel(steps=steps)
    rows = [_cost("fit, certificate and pilots", f"{count} fields", lambda: model.fit(x))]
    drawn: list[Tensor] = []
    rows.append(_cost("sample", f"{samples} samples", lambda: drawn.append(model.sample(samples))))
    y = drawn[0].double()
    return {"costs": rows, "scales": _scales(other, y), "spectrum": _spectrum(other, y)}


def _cost(name: str, amount: str, call: Callable[[], object]) -> Row:
    start = time.process_time()
    call()
    return {"what": name, "amount": amount, "cpu_seconds": time.process_time() - start}


def _scales(x: Tensor, y: Tensor) -> list[Row]:
    rows, band = [], Band("db4")
    x, y = x[:, None], y[:, None]
    while x.shape[-1] >= 2:
        rows.append({"pixels": int(x.shape[-1]), "deviation_ratio": float(y.std() / x.std())})
        x, y = band.lower(x), band.lower(y)
    return rows


def _spectrum(x: Tensor, y: Tensor) -> list[Row]:
    one, two = _radial(x), _radial(y)
    ratio = two.mean(0) / one.mean(0)
    parts = [p.std(0) / p.mean(0) / len(p) ** 0.5 for p in (one, two)]
    errors = ratio * (parts[0].square() + parts[1].square()).sqrt()
    return [
        {"k": k, "ratio": float(r), "two_errors": 2 * float(e)}
        for k, (r, e) in enumerate(zip(ratio, errors, strict=True))
    ]


def _radial(x: Tensor) -> Tensor:
    """The power of each field at radii 0, 1, ... L/2, (n, radius)."""
    side = x.shape[-1]
    power = torch.fft.fft2(x, norm="ortho").abs().square().flatten(1)
    k = torch.fft.fftfreq(side) * side
    radius = (k[:, None].square() + k.square()).sqrt().round().flatten()
    return torch.stack([power[:, radius == r].mean(1) for r in range(side // 2 + 1)], 1)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(run_parts("field_models", {"lattice": measure_lattice}, PACKAGES, __doc__ or ""))
