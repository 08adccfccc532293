"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.phase_collapse.comparisons import (
    EVEN,
    FROZEN,
    FULL,
    LINEAR,
    PLAIN,
    contrasts,
)
from scorelet.recipes.subjects.phase_collapse.settings import Settings


def quantities(settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers."""
    found = {f"textures {key}" for key in ("kept", "mod", "relu")}
    found |= {f"{key} ratio" for key in found}
    found |= {*_networks(settings), *contrasts(settings), "growth mod"}
    if settings.network.kept:
        found.add("smallest gain")
    if "cst" in settings.network.kept:
        found |= {"collapse factor", "growth cst", "growth mod over cst"}
    if {name in EVEN for name in settings.residual.rectifiers} == {True, False}:
        found.add("rectifiers")
    return frozenset(found | ({"wavelet speed"} if settings.speed else set()))


def _networks(settings: Settings) -> set[str]:
    network = settings.network
    return {
        *(FULL, PLAIN, FROZEN, LINEAR),
        *(f"{rho} with skip" for rho in network.kept),
        *(f"{rho} without skip" for rho in network.plain),
        *(f"depth {depth}" for depth in network.depths),
        *(f"ResNet {name}" for name in settings.residual.rectifiers),
    }
