"""Areas of exactly one colour beside noise: letterboxes, cut-out objects, clipped skies.

They carry no noise, so a network that finds the level by itself leaves most of the noise around
them: beside a black bar it takes out next to nothing. And where they fill more than
half of a picture, its most frequent value says nothing of the rest. So they count as gaps: they
come back as they were, and the network sees their surroundings continued.

In a drawing or a screenshot such areas are the picture. So this is done only where the rest is
noisy everywhere: of the 8x8 cells that are not of one colour, nearly all have diagonal details,
and those of the quietest are not much smaller than those of the others. Letters on paper, and
photographs without noise, have quiet cells.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter

from scorelet.analysis.cell_details import CELL, FEWEST, QUIET, cell_details
from scorelet.data import Picture

Pixels = np.ndarray

WINDOW = 5
"""Side in pixels of the squares of one colour that an area is made of."""
ALIKE = 0.2
"""So large are their details at least, relative to the median of all."""


def without_painted(
    page: Picture, nodata: float | str | None = "auto"
) -> tuple[Picture, str | None]:
    """Return a page whose mask leaves out areas of one colour beside noise.

    Args:
        page: as it was read.
        nodata: as for `without_nodata`; None: all is data that is not masked.

    Returns:
        The page, which is the same where nothing is found; and what is to be said.
    """
    if nodata is None or min(page.pixels.shape[:2]) < CELL:
        return page, None
    painted, others = _cells(page.pixels, page.mask)
    if painted.sum() < FEWEST or others.sum() < FEWEST or not _noisy(page.pixels, others):
        return page, None
    gone = _areas(page.pixels)
    if page.mask is not None:
        gone &= page.mask
    if not gone.any():
        return page, None
    said = (
        f"areas of one colour: {int(gone.sum())} of {gone.size} pixels have no noise, unlike all "
        "others, and stay as they are"
    )
    return page.without(gone), said


def _cells(pixels: Pixels, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return which cells (rows, columns) are of one colour, and which are all data, far from them.

    What stands beside a cell of one colour may have some of it.
    """
    low, high = _extreme(pixels, np.min), _extreme(pixels, np.max)
    painted, whole = (low == high).all(2), (np.isfinite(low) & np.isfinite(high)).all(2)
    if mask is not None:
        data = _extreme(mask[..., None], np.min)[..., 0]
        painted, whole = painted & data, whole & data
    return painted, whole & ~maximum_filter(painted, 3)


def _noisy(pixels: Pixels, cells: np.ndarray) -> bool:
    """Whether details of the quietest cells are like those of the others."""
    size = cell_details(pixels, cells).max(1)  # of the noisiest channel
    quiet, usual = np.quantile(size, (QUIET, 0.5))
    least = 1 / np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 0
    return bool(quiet > least and quiet >= ALIKE * usual)


def _areas(pixels: Pixels) -> np.ndarray:
    """Return which pixels lie in a square of `WINDOW` pixels of exactly one colour."""
    inside = np.ones(pixels.shape[:2], bool)
    for channel in range(pixels.shape[2]):
        plane = np.ascontiguousarray(pixels[..., channel])
        inside &= maximum_filter(plane, WINDOW) == minimum_filter(plane, WINDOW)
    return maximum_filter(inside, WINDOW)


def _extreme(pixels: Pixels, extreme: Callable[..., Pixels]) -> Pixels:
    """Return the least or the largest of each cell; rows first, which are whole lines of memory."""
    rows, columns = (n // CELL for n in pixels.shape[:2])
    lines = pixels[: rows * CELL, : columns * CELL].reshape(rows, CELL, -1)
    return extreme(extreme(lines, 1).reshape(rows, columns, CELL, pixels.shape[2]), 2)
