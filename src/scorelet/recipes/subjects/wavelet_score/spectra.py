"""Steps that measured spectra ask for, with exact scores of Gaussian fields of those spectra."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from torch import Tensor

from scorelet.analysis.field_statistics.spectra import power_map
from scorelet.analysis.memorization import wiener_filter
from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.recipes.faces import FACES, faces_without_copies
from scorelet.recipes.subjects.wavelet_score.settings import Spectra
from scorelet.recipes.subjects.wavelet_score.theory import UNIFORM
from scorelet.sampling import Phi4
from scorelet.sampling.reverse import (
    SAMPLERS,
    ReversePlan,
    detail_variances,
    pixel_variances,
    steps_needed,
    whitened_variances,
)
from scorelet.tasks.picture_arrays import images_of

Rows = list[dict[str, Any]]
PIXELS = "pixels"
_MOST = 1024
"""Steps at which the search for the best sampler gives one up."""
_TRIED = ("euler-maruyama", "ancestral-large", "ancestral-small", "ddim", "flow", "heun")
"""Samplers: those that there were when the criteria were written."""
_LEAST = 1e-9
"""Of the mean variance: what is less is rounding, and nothing has to sample it."""


def spectra_table(setup: Spectra, seed: int) -> Rows:
    """Return a row for each side and scale, coarse to fine: steps, error 10 % by sup, T = 5.

    Bands are divided by their deviations. `uniform` and `quadratic` are Euler-Maruyama; `best` is
    the sampler of `_TRIED` with the fewest network calls, at its number of steps. Those that begin
    with `whitened_` are of bands less their linear estimate, and whitened, by the law of other
    fields or of the other half of the faces; whole fields have none.
    """
    rows = []
    for side in setup.sides:
        one, other = spectra_of_two(setup, side, seed)
        levels = _levels(side)
        scales = detail_variances(one, setup.wavelet, levels, convention="channel")
        white = whitened_variances(one, setup.wavelet, levels, by=other)
        names = [f"details {side >> j}" for j in range(levels, 0, -1)]
        told = {"source": setup.source, "side": side}
        whole = _kept(pixel_variances(one))
        rows.append(told | {"scale": PIXELS} | _steps(whole) | _best(whole))
        for name, variances, whitened in zip(
            [f"low {side >> levels}", *names], map(_kept, scales), map(_kept, white), strict=True
        ):
            row = told | {"scale": name} | _steps(variances) | _best(variances)
            rows.append(row | {f"whitened_{key}": n for key, n in _steps(whitened).items()})
    return rows


def spectra_of_two(setup: Spectra, side: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return the spectra of two sets of fields, or of the halves of faces, less their mean."""
    if setup.source != FACES:
        one, other = (power_map(Phi4().sample(setup.count, side, 2 * seed + k)) for k in (0, 1))
        return one, other
    faces, _ = faces_without_copies(side)
    one, other = (_as_if_periodic(images_of(faces[part][: setup.count])) for part in "ab")
    return one, other


def _as_if_periodic(faces: Image) -> Tensor:
    return wiener_filter(faces - faces.mean(0)).variances[0]


def _levels(side: int) -> int:
    """Return how often a side can be halved."""
    return (side & -side).bit_length() - 1


def _steps(variances: Tensor) -> dict[str, int]:
    plan = ReversePlan(1, UNIFORM)
    return {
        "uniform": steps_needed(variances, plan),
        "quadratic": steps_needed(variances, replace(plan, power=2.0)),
    }


def _best(variances: Tensor) -> dict[str, Any]:
    calls, count, name = min(_found(variances))
    return {"best": count, "best_calls": calls, "best_plan": name}


def _kept(variances: Tensor) -> Tensor:
    return variances[variances > _LEAST * variances.mean()]


def _found(variances: Tensor) -> Iterator[tuple[int, int, str]]:
    """Yield network calls, steps and name of each sampler and kind of times that gets there."""
    for name in _TRIED:
        for times, power in (("uniform", 1.0), ("quadratic", 2.0)):
            plan = ReversePlan(1, UNIFORM, SAMPLERS[name], power)
            try:
                steps = steps_needed(variances, plan, most=_MOST)
            except InputError:
                continue
            yield replace(plan, steps=steps).calls, steps, f"{name}, {times}"
