"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.rainbow.networks import CONVOLUTIONAL, PERCEPTRON
from scorelet.recipes.subjects.rainbow.settings import Family, Settings


def quantities(settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers."""
    tutorial = set() if settings.tutorial is None else _tutorial()
    residual = set() if settings.residual is None else {"residual drop", "residual trained"}
    return frozenset(tutorial | residual | _widths(settings.widths)) | {
        *("kernel slope", "law trained", "network trained", "least cosine", "amplification"),
        *("rank loss", "over random basis", "signals loss", "signals loss, few", "thirty loss"),
        *("signals over plain", "signals over untrained"),
        *("eigenvectors aligned", "eigenvectors as they are"),
        *("outside ratio", "median p"),
    }


def _widths(family: Family) -> set[str]:
    found = {"trained", "sampled", "sampled, refitted", "white", "white, refitted", "over white"}
    if len(family.widths) > 1:
        found.add("drawn rises")
    if family.reference is not None:
        found |= {"width drop", "covariance drop"}
    return found


def _tutorial() -> set[str]:
    laws = ("trained", "sampled", "refitted", "sampled, not aligned", "white")
    own = ("refit gain", "over white", "clipped", "random", "gap shrinks", "cosine rises")
    return {
        *(f"{name} {law}" for name in (PERCEPTRON, CONVOLUTIONAL) for law in laws),
        *(f"perceptron {key}" for key in (*own, "cosine 1", "cosine 2")),
        "convolutional gap",
    }
