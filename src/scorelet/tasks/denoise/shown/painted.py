"""Areas of exactly one colour beside noise: letterboxes, thin frames, cut-out objects, padding.

They carry no noise, so a network that finds the level by itself leaves most of the noise around
them: beside a black bar it takes out next to nothing. And where they fill more than
half of a picture, its most frequent value says nothing of the rest. So they count as gaps: they
come back as they were, and the network sees their surroundings continued.

In a drawing or a screenshot such areas are the picture. So this is done only where the rest is
noisy everywhere: of the 8x8 cells that no area touches, nearly all have diagonal details, and those
of the quietest are not much smaller than those of the others. Letters on paper, and photographs
without noise, have quiet cells. And areas fill a side of the picture, or end abruptly: where noise
or shadows are cut off at black or white, many pixels beside an area have its very colour.
"""

import numpy as np
from scipy.ndimage import binary_propagation, maximum_filter, minimum_filter

from scorelet.analysis.cell_details import CELL, FEWEST, QUIET, cell_details
from scorelet.core.blocks import blocks_by_place
from scorelet.data import Picture

Pixels = np.ndarray

WINDOW = 5
"""Side in pixels of the squares of one colour that an area is made of."""
MARGIN = WINDOW // 2
LEAST = 16 * WINDOW**2
"""Pixels that are areas where anything is done."""
FADING = 0.2
"""So many of the pixels beside areas may have their colour."""
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
    quads = _quads(page.pixels)
    areas = _squares(quads, WINDOW)
    finite = np.isfinite(page.pixels).all(2)
    data = np.asarray(finite if page.mask is None else finite & page.mask)
    gone = areas & data
    fades = not _frames(areas) and _fading(page.pixels, areas, data) > FADING
    if gone.sum() < LEAST or fades:
        return page, None
    painted = binary_propagation(gone, mask=_squares(quads, 2))
    others = blocks_by_place((data & ~painted)[..., None], CELL).all((2, 3, 4))
    if not _noisy(page.pixels, np.asarray(others)):
        return page, None
    said = (
        f"areas of one colour: {int(gone.sum())} of {gone.size} pixels have no noise, unlike all "
        "others, and stay as they are"
    )
    return page.without(gone), said


def _noisy(pixels: Pixels, cells: np.ndarray) -> bool:
    """Whether details of the quietest cells are like those of the others."""
    if cells.sum() < FEWEST:
        return False
    size = cell_details(pixels, cells).max(1)  # of the noisiest channel
    quiet, usual = np.quantile(size, (QUIET, 0.5))
    least = 1 / np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 0
    return bool(quiet > least and quiet >= ALIKE * usual)


def _frames(areas: np.ndarray) -> bool:
    """Whether areas hold a whole side of the picture."""
    return any(side.all() for side in (areas[0], areas[-1], areas[:, 0], areas[:, -1]))


def _fading(pixels: Pixels, areas: np.ndarray, data: np.ndarray) -> float:
    """Return how many of the data beside areas have their very colour, as a share."""
    alike = []
    for y, area, known in ((pixels, areas, data), (pixels.swapaxes(0, 1), areas.T, data.T)):
        ends = (area[1:] ^ area[:-1]) & known[1:] & known[:-1]
        alike.append((y[1:][ends] == y[:-1][ends]).all(1))
    return float(np.concatenate(alike).mean()) if any(map(len, alike)) else 0.0


def _quads(pixels: Pixels) -> np.ndarray:
    """Return where squares of 2 pixels of exactly one colour begin, in a picture with a margin.

    The margin repeats `MARGIN` pixels, so that three lines at the border make an area.
    """
    y = np.pad(pixels, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "symmetric")
    across, down = (y[:, 1:] == y[:, :-1]).all(2), (y[1:] == y[:-1]).all(2)
    return across[1:] & across[:-1] & down[:, 1:]


def _squares(quads: np.ndarray, side: int) -> np.ndarray:
    """Return which pixels lie in a square of so many pixels of exactly one colour."""
    begins = minimum_filter(quads, side - 1, origin=-((side - 1) // 2), mode="constant")
    padded = np.pad(begins, ((0, 1), (0, 1)))
    found = maximum_filter(padded, side, origin=(side - 1) // 2, mode="constant")
    return found[MARGIN:-MARGIN, MARGIN:-MARGIN]
