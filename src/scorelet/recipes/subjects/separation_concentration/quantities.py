"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.separation_concentration.comparisons import (
    ALL,
    BLOCKS,
    FRAMES,
    FREE,
    TREE,
    contrasts,
    two_layers,
)
from scorelet.recipes.subjects.separation_concentration.settings import Fixed, Settings
from scorelet.recipes.subjects.separation_concentration.whole_set import KINDS

_STABLE = ("shift stability", "dilation linearity", "scale stability")


def quantities(settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers."""
    found = _fixed(settings.fixed) | _learned(settings)
    if settings.stable:
        changed = ("shifts", "dilations", "warps", "energies")
        found |= {*_STABLE, *(f"{kind} elsewhere" for kind in changed)}
    return frozenset(found) | {
        *("mixture separation", "mixture redundancy", "mixture threshold"),
        *("concentration variance", "concentration displacement", "redundant displacement"),
    }


def _fixed(fixed: Fixed) -> set[str]:
    if not fixed.train:
        return set()
    found = {f"{name} {n}" for name in ("pixels", "scattering", "gain") for n in fixed.train}
    whole = {*KINDS, *(f"held out, {kind}" for kind in KINDS)} if fixed.choosing else set()
    return found | whole | {"fewer images"}


def _learned(settings: Settings) -> set[str]:
    found = {BLOCKS, FREE, *two_layers(settings).values(), *contrasts(settings)}
    found |= {"smallest step", "spread with", "spread without"}
    if settings.blocks.concentrated:
        found |= {FRAMES, "last ratio gain"}
    if settings.tree.outputs:
        found |= {TREE, ALL} if settings.tree.images else {TREE}
    both = {"relu0", "identity"} <= set(two_layers(settings))
    return found | ({"two-layer ratio gain"} if both else set())
