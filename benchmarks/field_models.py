"""Benchmark of models of fields: what a fit and samples cost, and how right the samples are.

Critical lattice φ^4, 32 x 32, from 2000 fields, octave bands, 400 steps a band. Seconds are those
of the processor, in one thread. Table `scales`: the standard deviation of samples over that of
other fields of the law, for three fits: potentials of each scale's own pixels; of the pixels of a
finer grid; and the latter with the moments of the fields. `spectrum`: the same for radial power.
`errors`: two standard errors of the last column. `losses`: of score matching, lower is better.
`law`: total variation of the marginals of fields and their negatives (60 bins), and the Binder
ratio <m^4> / <m^2>^2 of the mean m.

Part `choices`. Table `enforced`: with and without --enforce, both without moments; alpha is the
least uniform bound, paid_percent the least and the most of the loss of a band that it costs, and
spectrum_off the largest difference of a power, |k| >= 2, beyond two standard errors.
`preconditioned`: nearly critical Gaussian fields, 16 x 16; root mean square of the logarithm of
powers over those of the fields, with and without --precondition (noise alone gives 0.05).

Part `large`: the same law at 128 x 128. Seconds of the processor of a fit to 2000 fields and of 100
samples, peak resident memory, and 400 samples over 2000 other fields of the law: `spectrum_off`, as
above, for |k| >= 3 (`_plain` takes no errors off), and the total variation of marginals.

Part `lensing`: log-normal fields of 128 x 128, as weak lensing has them: a fit to 2000, 200 samples
over 200 others; of the fields as they are (none), and with the transform that `fit` chooses (auto).
`spectrum_excess`, |k| >= 2, and `peak_excess`, counts of peaks up to three deviations, are the
largest differences beyond two standard errors; `noise_variation` and `noise_excess` are those of
white noise of the same mean and variance.

Part `stored`: `field fit` of a file of 100,000 fields of 128 x 128, 6.5 GB: seconds on the wall,
and peak resident memory.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from measure import Row, forget_peak, peak_mb, run_command
from program import run_parts
from torch import Tensor

from scorelet.analysis.field_statistics.agreement import even_total_variation, spectrum_ratios
from scorelet.data.fields.ensembles import ensemble
from scorelet.models.field_energy import Band
from scorelet.recipes.subjects.log_concave.samples import fit_surrogate
from scorelet.recipes.subjects.log_concave.settings import Surrogate
from scorelet.sampling import Phi4
from scorelet.tasks.field_model import FieldModel

PACKAGES = ("scorelet", "torch", "numpy", "numba")
FITS = {"own pixels": ("own", False), "finer": ("finer", False), "finer, moments": ("finer", True)}


def measure_lattice(*, quick: bool) -> dict[str, list[Row]]:
    """Return what fit and samples cost, and ratios of samples to fields of the law by scale."""
    size, count, others, samples, steps = (
        (8, 64, 64, 4, 10) if quick else (32, 2000, 10000, 1000, 400)
    )
    x = Phi4().sample(count, size, 1)[:, 0]
    other = Phi4().sample(others, size, 2)[:, 0].double()
    FieldModel("haar", knots=3, reach=1, steps=2).fit(x[:20]).sample(2)  # compile first
    costs: list[Row] = []
    drawn: dict[str, Tensor] = {}
    losses: dict[str, list[Row]] = {}
    for name, (pixels, moments) in FITS.items():
        model = FieldModel(pixels=pixels, moments=moments, steps=steps)
        costs.append(_cost(f"fit: {name}", f"{count} fields", lambda m=model: m.fit(x)))
        losses[name] = model.record["bands"]
        amount = samples // 5
        parts: list[Tensor] = []

        def sample(m: FieldModel = model, n: int = amount, to: list[Tensor] = parts) -> None:
            to.append(m.sample(n))

        costs.append(_cost(f"sample: {name}", f"{amount} samples", sample))
        drawn[name] = torch.cat([*parts, model.sample(samples - amount, start=amount)]).double()
    auto = FieldModel(bands="auto", steps=steps)
    costs.append(_cost("fit: finer, moments, auto", f"{count} fields", lambda: auto.fit(x)))
    return {
        "costs": costs,
        "losses": _losses(losses),
        "law": [_law("fields of the law", other, Phi4().sample(samples, size, 3)[:, 0].double())]
        + [_law(name, other, y) for name, y in drawn.items()],
        "scales": _scales(other, drawn),
        "spectrum": _spectrum(other, drawn),
    }


def measure_choices(*, quick: bool) -> dict[str, list[Row]]:
    """Return what log-concavity and a preconditioner cost and give, on fields with known laws."""
    return {"enforced": _enforced(quick=quick), "preconditioned": _preconditioned(quick=quick)}


def measure_large(*, quick: bool) -> dict[str, list[Row]]:
    """Return what a fit and samples cost at 128 x 128, and how right the samples are."""
    size, count, samples, steps = (16, 20, 4, 5) if quick else (128, 2000, 400, 400)
    law, costs = Phi4(), []
    x, other = (law.sample(count, size, seed)[:, 0] for seed in (1, 2))
    FieldModel("haar", knots=3, reach=1, steps=2).fit(x[:20]).sample(2)  # compile first
    model, timed = FieldModel(even=True, steps=steps), samples // 4
    parts: list[Tensor] = []
    forget_peak()
    costs.append(_cost("fit", f"{count} fields", lambda: model.fit(x)) | {"peak_mb": peak_mb()})
    forget_peak()
    sample = _cost("sample", f"{timed} samples", lambda: parts.append(model.sample(timed)))
    costs.append(sample | {"peak_mb": peak_mb()})
    y = torch.cat([*parts, model.sample(samples - timed, start=timed)]).double()
    ratios = spectrum_ratios(other.double(), y)
    off = {
        "spectrum_off": ratios.excess(least=3.0),
        "spectrum_off_plain": ratios.excess(least=3.0, errors=0.0),
        "total_variation": even_total_variation(other.double(), y),
    }
    return {"costs": costs, "right": [{"samples": samples, **off}]}


def measure_lensing(*, quick: bool) -> dict[str, list[Row]]:
    """Return how right samples of log-normal fields are, and what they cost."""
    return {"lensing": [_lensing(name, quick=quick) for name in ("none", "auto")]}


def measure_stored(*, quick: bool) -> dict[str, list[Row]]:
    """Return what a fit takes of fields that stay in their file."""
    size, count, block = (16, 40, 20) if quick else (128, 100_000, 1000)
    law = ensemble("lattice_ou")
    with TemporaryDirectory() as folder:
        path, model = Path(folder, "fields.npy"), Path(folder, "model.safetensors")
        stored = np.lib.format.open_memmap(path, "w+", np.float32, (count, size, size))
        for seed, start in enumerate(range(0, count, block)):
            stored[start : start + block] = law.sample(block, size, seed)[:, 0].numpy()
        stored.flush()
        fit = [sys.executable, "-m", "scorelet", "field", "fit", path, "-o", model, "--quiet"]
        seconds, peak = run_command(fit)
        row = {"fields": count, "side": size, "file_mb": path.stat().st_size / 2**20}
    return {"stored": [row | {"seconds": seconds, "peak_mb": peak}]}


def _lensing(transform: str, *, quick: bool) -> Row:
    sizes = (16, 300, 8) if quick else (128, 2000, 200)
    surrogate = Surrogate("log_normal", *sizes, transform=transform)
    start = time.process_time()
    found = fit_surrogate(surrogate, 5 if quick else 400, 0)
    seconds = time.process_time() - start
    plain = ("total_variation", "spectrum_excess", "peak_excess", "noise_variation", "noise_excess")
    row: Row = {"transform": transform, "verdict": found["verdict"], "cpu_seconds": seconds}
    row |= {name: found[name] for name in plain}
    for name in ("skewness", "kurtosis"):
        row[name], row[f"{name}_error"] = found[name]
    return row


def _enforced(*, quick: bool) -> list[Row]:
    size, count, samples, steps = (8, 64, 16, 10) if quick else (32, 2000, 400, 400)
    x = Phi4().sample(count, size, 1)[:, 0]
    other = Phi4().sample(64 if quick else 5000, size, 2)[:, 0].double()
    rows = []
    for name, enforce in (("as fitted", False), ("enforced", True)):
        model = FieldModel(even=True, moments=False, steps=steps, enforce=enforce).fit(x)
        y = model.sample(samples, seed=1).double()
        paid = [100 * b.get("loss_paid", 0) / abs(b["loss"]) for b in model.record["bands"]]
        rows.append(
            {
                "fit": name,
                "alpha": min(band["alpha_uniform"] for band in model.certificate().bands),
                "paid_percent_least": min(paid[1:]),  # of bands above the coarsest
                "paid_percent_most": max(paid[1:]),
                "total_variation": even_total_variation(other, y),
                "spectrum_off": spectrum_ratios(other, y).excess(least=2.0),
            }
        )
    return rows


def _preconditioned(*, quick: bool) -> list[Row]:
    count, samples = (60, 8) if quick else (1500, 400)
    x = ensemble("lattice_ou", mass=4.02, coupling=1.0).sample(count, 16, 0)[:, 0]
    rows = []
    for steps in (20, 40, 80):
        row: Row = {"steps": steps}
        for name, choice in (("plain", False), ("preconditioned", True)):
            options = {"steps": steps, "moments": False, "precondition": choice}
            model = FieldModel("db2", knots=4, reach=4, **options).fit(x)
            y = model.sample(samples, seed=1)
            power = [torch.fft.fft2(z.double()).abs().square().mean(0) for z in (y, x)]
            row[name] = float((power[0] / power[1]).log().square().mean().sqrt())
        kappas = [band["kappa"] for band in model.certificate().bands]
        rows.append(row | {"kappa_least": min(kappas), "kappa_most": max(kappas)})
    return rows


def _cost(name: str, amount: str, call: Callable[[], object]) -> Row:
    start = time.process_time()
    call()
    return {"what": name, "amount": amount, "cpu_seconds": time.process_time() - start}


def _losses(bands: dict[str, list[Row]]) -> list[Row]:
    own, finer = bands["own pixels"], bands["finer"]
    return [
        {"pixels": a["size"][0], "own pixels": a["loss"], "finer": b["loss"]}
        for a, b in zip(reversed(own), reversed(finer), strict=True)
    ]


def _law(name: str, x: Tensor, y: Tensor) -> Row:
    both = [torch.cat([z, -z]).flatten() for z in (x, y)]
    edge = float(both[0].abs().sort().values[int(0.999 * len(both[0]))])
    shares = [torch.histc(z, 60, -edge, edge) / len(z) for z in both]
    means = [z.mean((1, 2)) for z in (x, y)]
    binder = [float(m.pow(4).mean() / m.square().mean() ** 2) for m in means]
    return {
        "fit": name,
        "total_variation": float((shares[0] - shares[1]).abs().sum() / 2),
        "binder": binder[1],
        "binder_of_fields": binder[0],
    }


def _scales(x: Tensor, drawn: dict[str, Tensor]) -> list[Row]:
    rows: list[Row] = []
    band, x = Band("db4"), x[:, None]
    fields = {name: y[:, None] for name, y in drawn.items()}
    while x.shape[-1] >= 2:
        ratios = {name: _deviation(y, x) for name, y in fields.items()}
        rows.append({"pixels": int(x.shape[-1]), **{name: r for name, (r, _) in ratios.items()}})
        rows[-1]["errors"] = 2 * ratios["finer, moments"][1]
        x, fields = band.lower(x), {name: band.lower(y) for name, y in fields.items()}
    return rows


def _deviation(y: Tensor, x: Tensor) -> tuple[float, float]:
    """The ratio of the deviations of y and x, and its standard error."""
    powers = [z.square().mean((1, 2, 3)) for z in (y, x)]
    errors = [float(p.std() / p.mean()) / 2 / len(p) ** 0.5 for p in powers]
    return float((powers[0].mean() / powers[1].mean()).sqrt()), (
        errors[0] ** 2 + errors[1] ** 2
    ) ** 0.5


def _spectrum(x: Tensor, drawn: dict[str, Tensor]) -> list[Row]:
    one = _radial(x)
    two = {name: _radial(y) for name, y in drawn.items()}
    rows: list[Row] = []
    for k in range(one.shape[1]):
        ratios = {name: float(y[:, k].mean() / one[:, k].mean()) for name, y in two.items()}
        last = two["finer, moments"][:, k], one[:, k]
        error = sum(float(p.var() / p.mean() ** 2) / len(p) for p in last) ** 0.5
        rows.append({"k": k, **ratios, "errors": 2 * error})
    return rows


def _radial(x: Tensor) -> Tensor:
    """The power of each field at radii 0, 1, ... L/2, (n, radius)."""
    side = x.shape[-1]
    power = torch.fft.fft2(x, norm="ortho").abs().square().flatten(1)
    k = torch.fft.fftfreq(side) * side
    radius = (k[:, None].square() + k.square()).sqrt().round().flatten()
    return torch.stack([power[:, radius == r].mean(1) for r in range(side // 2 + 1)], 1)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(
        run_parts(
            "field_models",
            {
                "lattice": measure_lattice,
                "choices": measure_choices,
                "large": measure_large,
                "lensing": measure_lensing,
                "stored": measure_stored,
            },
            PACKAGES,
            __doc__ or "",
        )
    )
