"""Conditionally log-concave models of fields: energies for each scale, and chains that do not slow.

The exact action of critical lattice φ⁴ says where conditional laws are log-concave and how fast
chains forget; models fitted to its fields are measured against other fields. Laws of lensing and of
turbulence, and real maps where they are, show what becomes of it elsewhere.
"""

import math
from functools import partial
from pathlib import Path
from typing import Any

from scorelet.analysis.field_statistics.agreement import Ratios
from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Measured
from scorelet.recipes.report import figure
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.log_concave import figures
from scorelet.recipes.subjects.log_concave.action import curvature_table
from scorelet.recipes.subjects.log_concave.claims import claims, doubled
from scorelet.recipes.subjects.log_concave.curve import exponent, learning_curve
from scorelet.recipes.subjects.log_concave.mixing import measure_side
from scorelet.recipes.subjects.log_concave.quantities import of_other, quantities
from scorelet.recipes.subjects.log_concave.samples import (
    first_samples,
    fit_lattice,
    fit_maps,
    fit_surrogate,
)
from scorelet.recipes.subjects.log_concave.settings import SETTINGS, Lattice, Settings
from scorelet.sampling import Phi4

_SHOWN = 4
_MIDDLE = 0.575  # of the acceptances that are wanted
_ABSENT = "no such map under $SCORELET_DATA/fields"


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure everything: curvatures, mixing, learning curves, samples."""
    curvature = steps("curvature", partial(curvature_table, settings.curvature, seed))
    sides = [
        steps(f"mixing-{side}", partial(measure_side, settings.mixing, side, seed))
        for side in settings.mixing.sides
    ]
    curve = steps("curve", partial(learning_curve, settings.curve, seed))
    measured = _of_curvature(curvature) | _of_mixing(sides) | _of_curve(curve)
    sections = []
    for lattice in settings.lattices:
        path = steps.folder / f"{lattice.name}.safetensors"
        work = partial(fit_lattice, lattice, path, settings.steps, seed)
        found = steps(lattice.name, work)
        measured |= _of_lattice(lattice, found)
        shown = _shown(lattice, path, settings.steps, seed)
        sections.append(figures.lattice_section(lattice.name, found, shown))
    for surrogate in settings.surrogates:
        found = steps(surrogate.name, partial(fit_surrogate, surrogate, settings.steps, seed))
        measured |= _of_other(surrogate.name, found)
        sections.append(figures.other_section(surrogate.name, found))
    if maps := settings.maps:
        for name in maps.names:
            found = steps(f"map-{name}", partial(fit_maps, maps, name, settings.steps, seed))
            measured |= _of_other(name, found)
            sections += [figures.other_section(name, found)] if found else []
    sections += [
        figures.curvature_section(curvature),
        figures.mixing_section(sides),
        figures.curve_section(curve),
    ]
    tables = {"curvatures": curvature, "mixing": sides, "learning_curve": curve}
    return Findings(_data(settings), measured, sections, tables)


def _of_curvature(rows: list[dict[str, Any]]) -> dict[str, Measured]:
    found = {}
    for row in rows:
        key = f"{row['preset']} {row['band']}"
        found[key] = Measured(row["least"], row["error"])
        found[f"{key} positive"] = Measured(row["positive"])
    return found


def _of_mixing(rows: list[dict[str, Any]]) -> dict[str, Measured]:
    times = [row["conditional_time"] * row["conditional_step"] for row in rows]
    first, last = rows[0], rows[-1]
    known = [row["direct_time"] or math.nan for row in (first, last)]
    growth = known[1] * last["direct_step"] / (known[0] * first["direct_step"])
    shorter = first["conditional_step"] / last["conditional_step"]
    doublings = math.log2(last["side"] / first["side"])
    errors = [row["direct_error"] or math.nan for row in (first, last)]
    shares = [error / time for error, time in zip(errors, known, strict=True)]
    chance = math.hypot(*shares) / math.log(2) / doublings
    power = math.log2(growth) / doublings if growth > 0 else math.nan
    return {
        "conditional spread": Measured(max(times) / min(times) - 1),
        "direct over conditional": Measured(known[1] / last["conditional_time"]),
        "direct exponent": Measured(power, chance),
        "step ratio": Measured(2 ** (math.log2(shorter) / doublings)),
    }


def _of_curve(rows: list[dict[str, Any]]) -> dict[str, Measured]:
    return {
        "excess exponent": Measured(*exponent(rows, "excess")),
        "cosine": Measured(rows[-1]["cosine"]),
    }


def _of_lattice(lattice: Lattice, found: dict[str, Any]) -> dict[str, Measured]:
    key = lattice.name
    far = max(abs(share - _MIDDLE) for share in found["acceptance"])
    return {
        f"{key} white spectrum": Measured(found["noise_excess"]),
        f"{key} variation": Measured(found["total_variation"]),
        f"{key} white variation": Measured(found["noise_variation"]),
        f"{key} acceptance": Measured(far),
        f"{key} mean": Measured(abs(found["mean"][0]) / found["mean"][1]),
        f"{key} order": Measured(found["order"]),
        f"{key} cold order": Measured(found["cold_order"]),
        **_of_ratios(f"{key} spectrum", Ratios(**found["spectrum"]).since(lattice.least)),
        **_of_ratios(f"{key} scales", Ratios(**found["scales"])),
        **_beyond(f"{key} binder", *found["binder"], "samples less fields"),
    }


def _of_other(name: str, found: dict[str, Any] | None) -> dict[str, Measured]:
    if found is None:
        return {key: Measured(math.nan, note=_ABSENT) for key in of_other(name)}
    measured = {
        f"{name} variation": Measured(found["total_variation"]),
        f"{name} white variation": Measured(found["noise_variation"]),
        **_of_ratios(f"{name} spectrum", Ratios(**found["spectrum"]).since(2.0)),
        **_of_ratios(f"{name} peaks", Ratios(**found["peaks"])),
    }
    for key in ("skewness", "kurtosis"):
        ratio, error = found[key]
        measured |= _beyond(f"{name} {key}", ratio - 1, error, "ratio less 1")
    return measured


def _of_ratios(key: str, ratios: Ratios) -> dict[str, Measured]:
    """Return the largest deviation of a ratio, and twice the largest error: what is not seen."""
    place, value, error = ratios.worst()
    found = _beyond(key, value - 1, error, f"ratio less 1 at {place:.3g}")
    return found | {doubled(key): Measured(2 * max(ratios.errors))}


def _beyond(key: str, value: float, error: float, words: str) -> dict[str, Measured]:
    """Return |value| less two errors, and two errors."""
    note = f"{words}: {figure(value, error)}"
    return {key: Measured(abs(value) - 2 * error, note=note), doubled(key): Measured(2 * error)}


def _shown(lattice: Lattice, path: Path, steps: int, seed: int) -> dict[str, Fields] | None:
    """Return fields and samples to look at; None if the model of an earlier run is gone."""
    try:
        samples = first_samples(path, _SHOWN, steps)
    except InputError:
        return None
    return {"fields": Phi4().sample(_SHOWN, lattice.side, seed)[:, 0], "samples": samples}


def _data(settings: Settings) -> str:
    laws = [f"critical lattice φ⁴ ({each.side} pixels)" for each in settings.lattices]
    laws += [f"{each.law} ({each.side} pixels)" for each in settings.surrogates]
    if settings.maps:
        laws.append(f"patches of {', '.join(settings.maps.names)}, where they are")
    return "; ".join(dict.fromkeys(laws))


RECIPE: Recipe[Any] = Recipe(
    subject="log_concave",
    title="Conditionally strongly log-concave models of fields",
    paper=(
        "Guth, Lempereur, Bruna, Mallat: Conditionally Strongly Log-Concave Generative Models. "
        "ICML 2023, arXiv 2306.00181."
    ),
    summary=(
        "The law of a field with long correlations is not log-concave, but those of its details, "
        "given the coarser field, can be. Then score matching finds each of them with an error "
        "that is bounded, and Langevin chains draw it quickly, whatever the size of the field."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
    trains=False,
)
