"""Exact tables: how many steps Gaussian fields with power-law spectra need, and what is wrong.

All follows from the recursion of the variances of samples, see `scorelet.sampling.reverse.exact`;
nothing is drawn.
"""

from typing import Any

import torch
from torch import Tensor

from scorelet.data.fields.ensembles import ensemble
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.recipes.subjects.wavelet_score.settings import Theory
from scorelet.sampling.reverse import (
    SAMPLERS,
    ReversePlan,
    detail_variances,
    discrete_law,
    pixel_variances,
    sampling_error,
    steps_needed,
)
from scorelet.wavelets.orthogonal.spectral import gaussian_levels

Rows = list[dict[str, Any]]
WAVELETS = ("haar", "db4")
MEASURES = (("sup", 0.1), ("relative", 0.1), ("kl", 0.01))
UNIFORM, LATE = OrnsteinUhlenbeck(5.0), OrnsteinUhlenbeck(10.0)
VARIANCES = (0.25, 0.5, 2.0, 4.0)
_FIXED, _END, _FINE = 16, 12.0, 20_000


def spectrum(side: int, exponent: int | float) -> Tensor:
    """Return P(ω) = c/(ξ^η + |ω|^η), ξ = 2π/L."""
    return ensemble("power_law", eta=exponent).power(side)


def steps_table(theory: Theory) -> Rows:
    """Return for each η, side and model the steps for three measures, Euler-Maruyama, T = 10."""
    rows = []
    plan = ReversePlan(1, LATE)
    for exponent in theory.exponents:
        for side in theory.sides:
            for model, variances in _models(spectrum(side, exponent)).items():
                row = {"eta": exponent, "side": side, "model": model}
                found = {
                    measure: steps_needed(variances, plan, measure=measure, tolerance=tolerance)
                    for measure, tolerance in MEASURES
                }
                rows.append(row | {"condition": float(variances.max() / variances.min())} | found)
    return rows


def conditions_table(theory: Theory) -> Rows:
    """Return condition numbers: of pixels, and of the finest details given the coarse field."""
    rows = []
    for exponent in theory.exponents:
        for side in theory.sides:
            power = spectrum(side, exponent)
            details = {
                wavelet: gaussian_levels(power, wavelet, 1)[0].condition_number()
                for wavelet in WAVELETS
            }
            pixels = float(power.max() / power.min())
            rows.append({"eta": exponent, "side": side, "pixels": pixels, **details})
    return rows


def samplers_table(theory: Theory) -> Rows:
    """Return the steps of fields and of db4 details by sampler and times, η = 2, T = 5."""
    power = spectrum(theory.largest, 2.0)
    models = {name: found for name, found in _models(power).items() if name != "haar"}
    rows = []
    for name in ("euler-maruyama", "ancestral-large", "ancestral-small"):
        for times, exponent in (("uniform", 1.0), ("quadratic", 2.0)):
            plan = ReversePlan(1, UNIFORM, SAMPLERS[name], exponent)
            for model, variances in models.items():
                steps = {m: steps_needed(variances, plan, measure=m) for m in ("sup", "rms")}
                rows.append({"sampler": name, "times": times, "model": model, **steps})
    return rows


def fixed_table(theory: Theory) -> Rows:
    """Return the error of 16 uniform steps, T = 5, by side, η = 2; measure sup."""
    plan = ReversePlan(_FIXED, UNIFORM)
    return [
        {
            "side": side,
            **{m: sampling_error(v, plan) for m, v in _models(spectrum(side, 2.0)).items()},
        }
        for side in theory.sides
    ]


def errata_table() -> Rows:
    """Return the first-order error (h - d)/δ of a variance d beside two printed formulas.

    The corollary of the appendix is 1 - d² log d/(2 (d - 1)); theorem 1 has (d - 1)/3 more.
    """
    d = torch.tensor(VARIANCES, dtype=torch.float64)
    law = discrete_law(d, ReversePlan(_FINE, OrnsteinUhlenbeck(_END)))
    exact = (law.variance - d) * _FINE / _END
    corollary = 1 - d.square() * d.log() / (2 * (d - 1))
    theorem = corollary + (d - 1) / 3
    columns = {"d": d, "exact": exact, "corollary": corollary, "theorem": theorem}
    return [{key: float(v[k]) for key, v in columns.items()} for k in range(len(d))]


def _models(power: Tensor) -> dict[str, Tensor]:
    """Return the variances of pixels, and of the finest details by wavelet."""
    details = {wavelet: detail_variances(power, wavelet, 1)[-1] for wavelet in WAVELETS}
    return {"pixels": pixel_variances(power)} | details
