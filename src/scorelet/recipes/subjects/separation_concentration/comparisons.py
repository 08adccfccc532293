"""What is compared with what: names of networks, contrasts, and the bounds that decide."""

from scorelet.recipes.contrasts import Contrast
from scorelet.recipes.subjects.separation_concentration.settings import Settings

TREE, ALL, BLOCKS, FRAMES, FREE = "S_T", "S_T, more images", "S_P", "S_C", "S_P, no Parseval step"
"""Names of the networks in tables."""
FUNCTIONS = {
    "identity": "identity",
    "soft": "soft threshold",
    "relu0": "ReLU",
    "abs": "absolute value",
}
"""Names of what two-layer networks apply, by those of `scorelet.networks.concentration`."""
SCATTERED, LEARNED, PARSEVAL, ALIKE = 68, 3, 2, 3
"""Bounds of the claims that are not about a sign alone: accuracy in percent, and points."""


def contrasts(settings: Settings) -> dict[str, Contrast]:
    """Return all contrasts of the networks that are trained with these settings."""
    found = {"parseval gain": Contrast((BLOCKS,), (FREE,), (-PARSEVAL, PARSEVAL))}
    if settings.blocks.concentrated:
        found["concentration gain"] = Contrast((FRAMES,), (BLOCKS,), (0,))
    if settings.tree.outputs:
        found["blocks gain"] = Contrast((BLOCKS,), (TREE,), (LEARNED,))
        best = ALL if settings.tree.images else TREE
        found["tree"] = Contrast((best,), (), (SCATTERED,))
    return found | _two_layers(settings)


def two_layers(settings: Settings) -> dict[str, str]:
    """Return the names of two-layer networks by those of their functions."""
    names = settings.patches.functions if settings.patches.atoms else ()
    return {name: f"two layers, {FUNCTIONS[name]}" for name in names}


def _two_layers(settings: Settings) -> dict[str, Contrast]:
    names = two_layers(settings)
    found = {
        f"{FUNCTIONS[name]} gain": Contrast((network,), (names["identity"],), (0,))
        for name, network in names.items()
        if name != "identity"
    }
    if {"soft", "relu0", "abs"} <= set(names):
        relu = (names["relu0"],)
        found["ReLU over threshold"] = Contrast(relu, (names["soft"],), (0,))
        found["ReLU less absolute"] = Contrast(relu, (names["abs"],), (-ALIKE, ALIKE))
    return found
