"""What is compared with what: names of networks, contrasts, and the bounds that decide."""

from itertools import pairwise

from scorelet.recipes.contrasts import Contrast
from scorelet.recipes.subjects.phase_collapse.settings import Settings

FULL, PLAIN, FROZEN = "mod with skip", "mod without skip", "frozen with skip"
LINEAR = "linear classifier of pixels"
COLLAPSE, LEARNED, RECTIFIED, ALIKE, NEARLY_LINEAR = 10, 8, 5, 3, 10
"""Bounds in points: of the claims that are not about a sign alone."""
EVEN = ("relu", "abs")
"""Rectifiers of residual networks that lose the sign."""


def contrasts(settings: Settings) -> dict[str, Contrast]:
    """Return all contrasts of the networks that are trained with these settings."""
    found = {
        "skip gain": Contrast((FULL,), (PLAIN,), (0,)),
        "learned gain": Contrast((FULL,), (FROZEN,), (LEARNED,)),
    }
    for rho in settings.network.kept:
        found[f"gain over {rho}"] = Contrast((FULL,), (f"{rho} with skip",), (0,))
    if "cst" in settings.network.kept:
        cst = "cst with skip"
        found["collapse gain"] = Contrast((FULL,), (cst,), (COLLAPSE,))
    if "cst" in settings.network.plain:
        plain = "cst without skip"
        found["collapse gain without skip"] = Contrast((PLAIN,), (plain,), ())
        found["gap growth"] = Contrast((PLAIN, cst), (plain, FULL), (0,))
        found["kept against linear"] = Contrast(
            (plain,), (LINEAR,), (-NEARLY_LINEAR, NEARLY_LINEAR)
        )
    for before, after in pairwise(settings.network.depths):
        found[f"depth {before} to {after}"] = Contrast(
            (f"depth {after}",), (f"depth {before}",), (0,)
        )
    return found | _rectifiers(settings.residual.rectifiers)


def _rectifiers(names: tuple[str, ...]) -> dict[str, Contrast]:
    even, odd = ([n for n in names if (n in EVEN) is which] for which in (True, False))
    found = {
        f"ResNet {a} over {b}": Contrast((f"ResNet {a}",), (f"ResNet {b}",), (RECTIFIED,))
        for a in even
        for b in odd
    }
    if len(even) == 2:
        pair = ("ResNet relu",), ("ResNet abs",)
        found["relu less abs"] = Contrast(*pair, (-ALIKE, ALIKE))
    return found
