"""Models fitted and drawn: critical φ⁴, surrogates of lensing and turbulence, maps of the sky."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics import (
    Statistic,
    marginal,
    moments,
    peaks,
    total_variation,
)
from scorelet.analysis.field_statistics.agreement import (
    Ratios,
    binder_difference,
    even_total_variation,
    scale_ratios,
    spectrum_ratios,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.core.typing import Fields
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.ensembles import ensemble
from scorelet.data.fields.preparation import patches
from scorelet.recipes.subjects.log_concave.mixing import cold_chains
from scorelet.recipes.subjects.log_concave.settings import Lattice, Maps, Surrogate
from scorelet.sampling import Phi4
from scorelet.tasks.field_model import FieldModel

_HIGHEST = 3.0  # standard deviations, up to which peaks are counted


def fit_lattice(lattice: Lattice, path: Path, steps: int, seed: int) -> dict[str, Any]:
    """Fit a model and save it; return what is known of its bands and of its samples."""
    law = Phi4()
    model = FieldModel(steps=steps, even=True)
    model.fit(law.sample(lattice.fields, lattice.side, seed)[:, 0])
    model.save(path)
    x = law.sample(lattice.others, lattice.side, seed + 1)[:, 0].double()
    y = model.sample(lattice.samples, seed=seed).double()
    difference, error = binder_difference(x, y)
    return {
        "acceptance": [s["acceptance"] for s in model.record["chains"]["schedules"]],
        "verdict": model.certificate().verdict,
        "spectrum": vars(spectrum_ratios(x, y)),
        "noise_excess": spectrum_ratios(x, _white(x, len(y))).excess(least=lattice.least),
        "scales": vars(scale_ratios(x, y)),
        "total_variation": even_total_variation(x, y),
        "noise_variation": even_total_variation(x, _white(x, len(y))),
        "binder": [difference, error],
        "mean": [float(y.mean()), float(y.mean((1, 2)).std() / len(y) ** 0.5)],
        "order": float(_order(y) / _order(x)),
        "cold_order": float(_order(cold_chains(lattice.side, steps, seed)) / _order(x)),
    }


def _order(x: Fields) -> Tensor:
    return x.mean((1, 2)).abs().mean()


def fit_surrogate(surrogate: Surrogate, steps: int, seed: int) -> dict[str, Any]:
    """Fit a law with a formula; return how its samples compare with other fields of it.

    As in the paper the fields are fitted as they are, unless the surrogate has a transform.
    """
    law = ensemble(surrogate.law)
    x = law.sample(surrogate.fields, surrogate.side, seed)[:, 0]
    other = law.sample(surrogate.samples, surrogate.side, seed + 1)[:, 0].double()
    model = FieldModel(bands=surrogate.bands, steps=steps, transform=surrogate.transform).fit(x)
    y = model.sample(surrogate.samples, seed=seed).double()
    return {"verdict": model.certificate().verdict, **compare(other, y)}


def fit_maps(maps: Maps, name: str, steps: int, seed: int) -> dict[str, Any] | None:
    """Fit patches of a map, as `fit` does by default, heavy tails through an asinh.

    Returns:
        None if there is no such file.
    """
    try:
        x = patches(load_fields(f"fields/{name}"), maps.side)
    except InputError:
        return None
    model = FieldModel(bands="auto", steps=steps).fit(x)
    y = model.sample(maps.samples, seed=seed).double()
    mirrored = model.record["field"]["border"] != "periodic"
    found = compare(x.double(), y, window="hann" if mirrored else "none")
    return {"verdict": model.certificate().verdict, **found}


def compare(x: Fields, y: Fields, *, window: str = "none") -> dict[str, Any]:
    """Return how samples y differ from fields x, both (n, h, w), and how white noise does.

    Args:
        x, y: float64.
        window: of spectra, moments and peaks, see `power_spectrum`.

    Returns:
        spectrum, peaks: `Ratios` of y over x, as dictionaries; total_variation of the marginals;
        skewness and kurtosis (excess): ratio and standard error; noise_variation and noise_excess
        (the largest |ratio - 1| of spectra beyond two standard errors, from |k| = 2 on): of white
        noise with the mean and the variance of x.
    """
    spectrum, counts = spectrum_ratios(x, y, window=window), _peak_ratios(x, y, window)
    noise = _white(x, len(y))
    one = moments(x, window=window)
    two = moments(y, window=window, like=one)
    shape = {name: _moment_ratio(one, two, name) for name in ("skewness", "kurtosis")}
    return {
        "spectrum": vars(spectrum),
        "total_variation": variation(x, y),
        "noise_variation": variation(x, noise),
        "noise_excess": spectrum_ratios(x, noise, window=window).excess(least=2.0),
        "peaks": vars(counts),
        **shape,
    }


def _moment_ratio(one: Statistic, two: Statistic, name: str) -> list[float]:
    """Return the ratio of skewnesses, or of excess kurtoses, and its standard error."""
    k = one.axis.names.index(name)
    base = 3.0 if name == "kurtosis" else 0.0
    values = [float(s.values[0, k]) - base for s in (one, two)]
    parts = [float(s.errors[0, k]) / v for s, v in zip((one, two), values, strict=True)]
    ratio = values[1] / values[0]
    return [ratio, abs(ratio) * (parts[0] ** 2 + parts[1] ** 2) ** 0.5]


def variation(x: Fields, y: Fields) -> float:
    """Return the total variation of the marginals of two sets of fields (n, h, w)."""
    one = marginal(x, window="hann")  # no difference, and no word about borders
    return float(total_variation(one.values, marginal(y, window="hann", like=one).values))


def _peak_ratios(x: Fields, y: Fields, window: str) -> Ratios:
    """Return the number of peaks of y over that of x, by height in standard deviations, up to 3."""
    one = peaks(x, window=window)
    two = peaks(y, window=window, like=one)
    heights = one.axis.x
    kept = (heights.abs() <= _HIGHEST) & (one.values[0] > 0.02 * one.values[0].max())
    values = two.values[0, kept] / one.values[0, kept]
    errors = (one.errors[0] / one.values[0]).square() + (two.errors[0] / one.values[0]).square()
    return Ratios(heights[kept].tolist(), values.tolist(), errors.sqrt()[kept].tolist())


def _white(x: Tensor, count: int) -> Fields:
    """White noise with the mean and the variance of x."""
    noise = randn((count, *x.shape[1:]), rng=generator(0), like=x)
    return x.mean() + x.std() * noise


def first_samples(path: Path, count: int, steps: int) -> Fields:
    """Return a few samples of a model that a step has saved."""
    return FieldModel.load(path).with_steps(steps).sample(count, seed=torch.iinfo(torch.int16).max)
