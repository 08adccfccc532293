"""Numbers that claims are about, from the tables."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from scorelet.recipes.claims import Measured, Number
from scorelet.recipes.subjects.wavelet_score.learned import MODELS
from scorelet.recipes.subjects.wavelet_score.settings import Settings
from scorelet.recipes.subjects.wavelet_score.spectra import PIXELS

Rows = Sequence[dict[str, Any]]
_NEAR = 1.25  # of the least distance of both models
_TINY = 1e-9


def of_errata(rows: Rows) -> dict[str, Measured]:
    """Compare two printed formulas with the exact recursion."""

    def off(key: str) -> list[float]:
        return [abs(row[key] - row["exact"]) / max(1, abs(row["exact"])) for row in rows]

    return {"corollary": Measured(max(off("corollary"))), "theorem": Measured(min(off("theorem")))}


def of_growth(steps: Rows, conditions: Rows, fixed: Rows) -> dict[str, Measured]:
    """Say how steps, condition numbers and errors depend on the side."""

    def column(model: str, key: str, exponent: int = 2) -> list[float]:
        kept = (row for row in steps if (row["eta"], row["model"]) == (exponent, model))
        return [float(row[key]) for row in kept]

    pixels, details = column("pixels", "sup"), column("db4", "sup")
    bound = max(row[w] / 2 ** (1.5 * row["eta"]) for row in conditions for w in ("haar", "db4"))
    errors = {model: [row[model] for row in fixed] for model in ("pixels", "db4")}
    found = {
        "pixel growth": Measured(min(b - a for a, b in pairwise(pixels))),
        "detail growth": Measured(max(details) / min(details) - 1),
        "condition": Measured(bound),
        "fixed details": Measured(max(errors["db4"]) / min(errors["db4"]) - 1),
        "fixed pixels": Measured(errors["pixels"][-1] / errors["pixels"][0]),
    }
    if steep := column("pixels", "kl", 3):
        sides = sorted({row["side"] for row in steps})
        slope = math.log(steep[-1] / steep[0]) / math.log(sides[-1] / sides[0])
        found["steep exponent"] = Measured(slope)
    return found


def of_samplers(rows: Rows) -> dict[str, Measured]:
    """Say how many times as many steps whole fields need, by sampler."""

    def ratio(sampler: str, times: str, measure: str) -> float:
        kept = {row["model"]: row[measure] for row in rows if _is(row, sampler, times)}
        return kept["pixels"] / kept["db4"]

    first = ratio("euler-maruyama", "uniform", "sup")
    other = ratio("ancestral-large", "quadratic", "sup")
    return {
        "advantage uniform": Measured(first),
        "advantage ancestral": Measured(other / first, note=f"{other:.1f} after {first:.1f}"),
        "advantage rms": Measured(ratio("ancestral-large", "quadratic", "rms")),
    }


def _is(row: dict[str, Any], sampler: str, times: str) -> bool:
    return (row["sampler"], row["times"]) == (sampler, times)


def of_spectra(rows: Rows) -> dict[str, Measured]:
    """Say how many steps scales and whole fields of measured spectra need."""
    key = rows[0]["source"]
    sides = sorted({row["side"] for row in rows})
    least, largest = (_scales(rows, side) for side in (sides[0], sides[-1]))
    whole = next(r["uniform"] for r in rows if (r["side"], r["scale"]) == (sides[-1], PIXELS))
    most = max(row["uniform"] for row in largest)
    worst = max(largest, key=lambda row: row["uniform"])
    found = {
        f"{key} most": Measured(most, note=worst["scale"]),
        f"{key} growth": Measured(most / max(row["uniform"] for row in least) - 1),
        f"{key} ratio": Measured(whole / most, note=f"{whole} steps for whole fields"),
        f"{key} best": Measured(max(row["best"] for row in largest), note=_plans(largest)),
    }
    white = max(row["whitened_uniform"] for row in largest)
    first = max(row["whitened_uniform"] for row in least)
    return found | {
        f"{key} whitened": Measured(white),
        f"{key} whitened growth": Measured(white / first - 1),
        f"{key} whitened ratio": Measured(whole / white, note=f"{whole} steps for whole fields"),
    }


def _scales(rows: Rows, side: int) -> list[dict[str, Any]]:
    return [row for row in rows if row["side"] == side and row["scale"] != PIXELS]


def _plans(rows: Rows) -> str:
    named = (f"{row['scale']} {row['best_plan']}, {row['best_calls']} calls" for row in rows)
    return "; ".join(named)


def of_linear(found: dict[str, Any]) -> dict[str, Measured]:
    """Compare energies of whole fields and of scales."""
    whole, scales = (found[name] for name in MODELS)
    return {
        "linear variation": Measured(scales["variation"], note=f"SGM: {whole['variation']:.3f}"),
        "linear spectrum": Measured(scales["spectrum"], note=f"SGM: {whole['spectrum']:.3f}"),
        "linear ratio": Measured(whole["high"] / max(scales["high"], _TINY)),
    }


def of_networks(settings: Settings, tables: Sequence[Rows]) -> dict[str, Measured]:
    """Compare networks of whole pictures and of scales, for each set of pictures."""
    found: dict[str, Measured] = {}
    for networks, rows in zip(settings.networks, tables, strict=True):
        by_model = {name: [row for row in rows if row["model"] == name] for name in MODELS}
        excess = {
            (name, row["steps"]): abs(row["high"] - 1) for name in MODELS for row in by_model[name]
        }
        eight = min(networks.grid, key=lambda count: abs(count - 8))
        last, key = networks.grid[-1], networks.source
        ratio = excess["SGM", eight] / max(excess["WSGM", eight], _TINY)
        near = _NEAR * max(min(row["distance"] for row in rows), _TINY)
        plateau = [_plateau(by_model[name], near) for name in MODELS]
        found |= {
            f"{key} excess": Measured(ratio),
            f"{key} converged": Measured(
                excess["WSGM", last], note=f"whole pictures: {excess['SGM', last]:.3f}"
            ),
            f"{key} plateau": Measured(
                plateau[0] / plateau[1], note=f"whole pictures and scales: {_told(plateau)}"
            ),
        }
    return found


def _plateau(rows: Rows, near: float) -> Number:
    """Return the first number of steps whose distance is at most `near`; nan if none is."""
    return next((row["steps"] for row in rows if row["distance"] <= near), math.nan)


def _told(plateau: Sequence[Number]) -> str:
    return " and ".join("never" if math.isnan(n) else f"{n} steps" for n in plateau)
