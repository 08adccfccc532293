"""Areas at the end of a sensor's range, thousands of σ away from all else.

A bright star that bleeds over a line, a lamp, a block of dead pixels: they carry no noise, and next
to them a network errs by a share of a contrast that is thousands of σ. Points are cut off (see
`view`), but an area fills whole squares, whose median it is. So it counts as a gap: it comes back
as it was, and the network sees its surroundings continued.

A pixel belongs to one if a channel holds exactly the highest (lowest) value of the picture, and
this is `FAR` σ above (below) all others but one in a hundred. Pictures of 8 bits have no room for
that.
"""

import numpy as np

from scorelet.analysis.local_noise import LocalNoise
from scorelet.data import Picture, to_unit

FAR = 512.0
"""Contrast, in σ of the picture."""
FEWEST = 16
"""Pixels; fewer are points."""
SPARSE = 4
"""Others are looked at on every fourth row and column."""


def without_saturated(
    page: Picture, noise: LocalNoise, nodata: float | str | None = "auto"
) -> tuple[Picture, str | None]:
    """Return a page whose mask leaves saturated areas out.

    Args:
        page: as it was read.
        noise: what `local_noise` found in it.
        nodata: as for `without_nodata`; None: all is data that is not masked.

    Returns:
        The page, which is the same where nothing is found; and what is to be said.
    """
    level, pixels = noise.level(), page.pixels
    if nodata is None or pixels.dtype == np.uint8 or not level:
        return page, None
    data = page.unmasked
    ends = np.array([data.min(), data.max()])
    low, high = to_unit(ends).astype(np.float64)
    if high - low <= FAR * level:
        return page, None
    gone = np.zeros(pixels.shape[:2], bool)
    values = []
    for end, place, share in zip(ends, (float(low), float(high)), (0.01, 0.99), strict=True):
        held = (pixels == end).any(2)
        if page.mask is not None:
            held &= page.mask
        if held.sum() >= FEWEST and _is_far(page, held, place, share, level):
            gone |= held
            values.append(end)
    if not values:
        return page, None
    said = (
        f"saturated areas: {int(gone.sum())} of {gone.size} pixels hold exactly "
        f"{' or '.join(f'{value:g}' for value in values)}, thousands of times the noise away from "
        "all others, and stay as they are"
    )
    return page.without(gone), said


def _is_far(page: Picture, held: np.ndarray, end: float, share: float, level: float) -> bool:
    """Whether all other data but one in a hundred are `FAR` σ from an end of the range."""
    others = ~held if page.mask is None else page.mask & ~held
    thin = slice(None, None, SPARSE), slice(None, None, SPARSE)
    rest = to_unit(page.pixels[thin][others[thin]])
    if not len(rest):
        return False
    return abs(end - float(np.quantile(rest, share))) > FAR * level
