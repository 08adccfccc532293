"""Copies of missing pixels, shifted onto known ones: they are as far from known pixels.

What is hidden there tells how well scratches and small holes are filled, which single hidden
pixels do not: these have known pixels all around.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt

_WAYS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_OVER = 0.1
"""Share of a copy that may lie on missing pixels."""
_WHOLE = 0.5
"""Share of the missing pixels that a copy has at least: more of it may lie outside."""
_DEEPEST = 3.5
"""Mean distance from known pixels, up to which copies tell enough: a few large holes elsewhere say
little of another one (of squares of 24 pixels smooth pictures lost 3 dB, of 16 they gained)."""
_ALIKE = 1.25
"""Distances from known pixels of a copy and of what is missing, one over the other at most."""


def copies(known: np.ndarray) -> list[np.ndarray]:
    """Return up to four copies, true at their known pixels.

    Each is shifted down, right, up or left, half as far again as where it comes off what is
    missing, and left out if then its pixels are nearer to known ones than those that are missing,
    or farther, or too many lie outside. Of what is too far from known pixels there are none.

    Args:
        known: (height, width).
    """
    missing = ~known
    depth = float(depths(known)[missing].mean())
    if depth > _DEEPEST:
        return []
    found = [_copy(missing, way) for way in _WAYS]
    return [at for at in found if at is not None and _is_alike(at, known, depth)]


def depths(known: np.ndarray) -> np.ndarray:
    """Return how far pixels are from the nearest known one."""
    return distance_transform_edt(~known)


def _copy(missing: np.ndarray, way: tuple[int, int]) -> np.ndarray | None:
    """Return the copy in one direction, if half of the missing pixels or more have one."""
    step, count = 1, missing.sum()
    while step < max(missing.shape) and (
        (_shifted(missing, way, step) & missing).sum() > _OVER * count
    ):
        step += 1 + step // 4
    found = _shifted(missing, way, step + (step + 1) // 2) & ~missing
    return found if found.sum() >= _WHOLE * count else None


def _is_alike(at: np.ndarray, known: np.ndarray, depth: float) -> bool:
    found = float(depths(known & ~at)[at].mean())
    return depth / _ALIKE <= found <= depth * _ALIKE


def _shifted(pixels: np.ndarray, way: tuple[int, int], step: int) -> np.ndarray:
    """Return pixels that were moved; what comes in from outside is false."""
    found = np.zeros_like(pixels)
    to, of = zip(*(_ends(n, step * k) for n, k in zip(pixels.shape, way, strict=True)), strict=True)
    found[to] = pixels[of]
    return found


def _ends(count: int, by: int) -> tuple[slice, slice]:
    """Return where pixels of a line that is moved come to lie, and where they were."""
    return slice(max(by, 0), max(count + min(by, 0), 0)), slice(max(-by, 0), max(count - by, 0))
