"""Benchmark of what real maps need: the bias of borders and of gaps; heavy tails.

Borders: patches of 32 x 32 of Gaussian fields of 64 x 64, spectrum k^-2.5; samples of models that
take them as periodic, as continued by mirror images, and with a strip along the border (window)
that is filled, over other patches: the ratio of their power under a Hann window at k = 1 ... 16
(least and largest), and of mean square steps.
Gaps: pixels masked at random, filled, over the same fields without gaps: the ratio of power by
radius, and skewness and kurtosis of pixels.
Beams: white Gaussian fields of 32 x 32 smoothed by Gaussians of some pixels, prewhitened (the
default there) and not: power of samples over that of other fields, at k = 1 ... 16.
Maps, a part each, of ten minutes and more: patches of 64 x 64 of the public maps under
$SCORELET_DATA/fields and of log-normal fields, as they are (none) and with the transform that `fit`
chooses (auto). One quarter of a map is held out of the fit. Samples are compared with the patches
fitted and with those held out; `floor` is the held-out quarter beside the others: what parts of one
map differ by. `chance` is other samples, as many as patches were fitted, beside the samples: what
so few patches of one law differ by. `white` is white noise of the same mean and variance. Total
variation of marginals; the largest |ratio - 1| of powers beyond two standard errors, |k| >= 2;
ratios of skewness and excess kurtosis with standard errors.
"""

import sys
from functools import partial

import torch
from measure import Row
from program import run_parts
from torch import Tensor

from scorelet.core.random import generator, randn
from scorelet.core.typing import Fields
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.gaps import fill_gaps
from scorelet.data.fields.preparation import patches
from scorelet.recipes.subjects.log_concave.samples import compare, variation
from scorelet.sampling import ensemble
from scorelet.tasks.field_model import FieldModel

PACKAGES = ("scorelet", "torch", "numpy", "numba")
LOG_NORMAL = "log_normal"
MAPS = LOG_NORMAL, "kappa", "dust_intensity", "dust_q", "dust_u"
_SIDE = 64


def measure_borders(*, quick: bool) -> dict[str, list[Row]]:
    """Return how far samples are from patches."""
    count, steps = (40, 10) if quick else (600, 200)
    law = ensemble("power_law", eta=2.5)
    cut, other = (law.sample(count, 64, seed)[:, 0, :32, :32].double() for seed in (1, 2))
    rows = []
    for border in ("periodic", "mirror", "window"):
        model = FieldModel(border=border, steps=steps, moments=False).fit(cut)
        y = model.sample(count // 2).double()
        ratio = _radial(y, windowed=True) / _radial(other, windowed=True)
        rows.append(
            {
                "border": border,
                "power_least": float(ratio.min()),
                "power_largest": float(ratio.max()),
                "step_of_1_pixel": float(_step(y, 1) / _step(other, 1)),
                "step_of_16_pixels": float(_step(y, 16) / _step(other, 16)),
            }
        )
    return {"borders": rows}


def measure_gaps(*, quick: bool) -> dict[str, list[Row]]:
    """Return what filled gaps change."""
    count = 16 if quick else 1000
    rows = []
    for name in ("phi4", "log_normal"):
        x = ensemble(name).sample(count, 32, 1)[:, 0].double()
        for share in (0.05, 0.2):
            rng = torch.Generator().manual_seed(0)
            y = fill_gaps(x.masked_fill(torch.rand(x.shape, generator=rng) < share, torch.nan))
            ratio = _radial(y) / _radial(x)
            rows.append(
                {
                    "law": name,
                    "masked": share,
                    "power_least": float(ratio.min()),
                    "power_largest": float(ratio.max()),
                    **{f"{what}_{m}": _moment(z, m) for m in (3, 4) for what, z in _two(x, y)},
                }
            )
    return {"gaps": rows}


def measure_beams(*, quick: bool) -> dict[str, list[Row]]:
    """Return how far powers of samples are off where those of fields fall like a Gaussian."""
    count, steps, widths = (20, 5, (1.0,)) if quick else (400, 400, (0.7, 1.0, 1.5, 2.0))
    rows = []
    for width in widths:
        x, other = (_smoothed(count, width, seed) for seed in (1, 2))
        for prewhiten in (None, False):
            model = FieldModel(prewhiten=prewhiten, steps=steps).fit(x)
            ratio = _radial(model.sample(count // 2).double()) / _radial(other)
            row = {"width": width, "prewhitened": prewhiten is None}
            rows.append(
                row | {"power_least": float(ratio.min()), "power_largest": float(ratio.max())}
            )
    return {"beams": rows}


def _smoothed(count: int, width: float, seed: int) -> Fields:
    x = randn((count, 32, 32), rng=generator(seed), like=torch.empty(0, dtype=torch.float64))
    w = 2 * torch.pi * torch.fft.fftfreq(32, dtype=torch.float64)
    beam = torch.exp(-(w[:, None].square() + w.square()) * width**2 / 2)
    return torch.fft.ifft2(torch.fft.fft2(x) * beam).real


def measure_map(name: str, *, quick: bool) -> dict[str, list[Row]]:
    """Return how far samples of a map are from it, with and without a transform."""
    samples, steps = (4, 5) if quick else (200, 400)
    if quick and name != LOG_NORMAL:
        return {"maps": []}
    fitted, held = _log_normal(20 if quick else 400) if name == LOG_NORMAL else _cut_map(name)
    rows: list[Row] = []
    window = "none"
    for transform in ("none", "auto"):
        model = FieldModel(transform=transform, steps=steps).fit(fitted)
        window = "none" if model.record["field"]["border"] == "periodic" else "hann"
        y = model.sample(samples).double()
        found = _apart("fitted", fitted, y, window) | _apart("held", held, y, window)
        few = model.sample(len(fitted), seed=1).double()
        rows.append({"map": name, "transform": transform, **found})
        rows[-1]["chance_variation"] = variation(few, y)
    rows.append({"map": name, "transform": "floor", **_apart("fitted", fitted, held, window)})
    return {"maps": rows}


def _cut_map(name: str) -> tuple[Fields, Fields]:
    """Return patches of three quarters of a map, and those of the last one."""
    x = load_fields(f"fields/{name}").double()
    half = [n // 2 for n in x.shape[1:]]
    quarters = [
        patches(x[:, top : top + half[0], left : left + half[1]], _SIDE)
        for top in (0, half[0])
        for left in (0, half[1])
    ]
    return torch.cat(quarters[:3]), quarters[3]


def _log_normal(count: int) -> tuple[Fields, Fields]:
    law = ensemble(LOG_NORMAL)
    fitted, held = (law.sample(count, _SIDE, seed)[:, 0].double() for seed in (1, 2))
    return fitted, held


def _apart(what: str, x: Fields, y: Fields, window: str) -> Row:
    found = compare(x, y, window=window)
    return {
        f"{what}_variation": found["total_variation"],
        f"{what}_white_variation": found["noise_variation"],
        f"{what}_spectrum": found["spectrum_excess"],
        f"{what}_skewness": found["skewness"][0],
        f"{what}_skewness_error": found["skewness"][1],
        f"{what}_kurtosis": found["kurtosis"][0],
        f"{what}_kurtosis_error": found["kurtosis"][1],
    }


def _two(x: Tensor, y: Tensor) -> list[tuple[str, Tensor]]:
    return [("moment_of_fields", x), ("moment_of_filled", y)]


def _moment(x: Tensor, order: int) -> float:
    return float((x - x.mean()).pow(order).mean() / x.std().pow(order))


def _step(x: Tensor, distance: int) -> Tensor:
    return (x[..., distance:] - x[..., :-distance]).square().mean()


def _radial(x: Tensor, *, windowed: bool = False) -> Tensor:
    """The power at radii 1 ... L/2."""
    side = x.shape[-1]
    x = x - x.mean()
    if windowed:
        w = torch.hann_window(side, periodic=False, dtype=x.dtype)
        x = x * w[:, None] * w
    power = torch.fft.fft2(x, norm="ortho").abs().square().mean(0).flatten()
    k = torch.fft.fftfreq(side) * side
    radius = (k[:, None].square() + k.square()).sqrt().round().flatten()
    return torch.stack([power[radius == r].mean() for r in range(1, side // 2 + 1)])


if __name__ == "__main__":
    torch.set_num_threads(1)
    parts = {"borders": measure_borders, "gaps": measure_gaps, "beams": measure_beams}
    parts |= {name: partial(measure_map, name) for name in MAPS}
    sys.exit(run_parts("field_maps", parts, PACKAGES, __doc__ or ""))
