"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.log_concave.action import BANDS
from scorelet.recipes.subjects.log_concave.claims import doubled
from scorelet.recipes.subjects.log_concave.settings import Settings

_LATTICE = ("white spectrum", "variation", "white variation", "acceptance", "mean", "order")


def quantities(settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers."""
    bands = {f"{preset} {band}" for preset in settings.curvature.presets for band in BANDS}
    found = bands | {f"{key} positive" for key in bands}
    for name in (lattice.name for lattice in settings.lattices):
        found |= {f"{name} {key}" for key in (*_LATTICE, "cold order")}
        found |= _with_errors(name, "spectrum", "scales", "binder")
    for surrogate in settings.surrogates:
        found |= of_other(surrogate.name)
    for name in settings.maps.names if settings.maps else ():
        found |= of_other(name)
    return frozenset(found) | {
        *("conditional spread", "direct over conditional", "direct exponent", "step ratio"),
        *("excess exponent", "cosine"),
    }


def of_other(name: str) -> set[str]:
    """Return the keys of a law or of a map that is no lattice."""
    plain = {f"{name} variation", f"{name} white variation"}
    return plain | _with_errors(name, "spectrum", "peaks", "skewness", "kurtosis")


def _with_errors(name: str, *keys: str) -> set[str]:
    found = {f"{name} {key}" for key in keys}
    return found | {doubled(key) for key in found}
