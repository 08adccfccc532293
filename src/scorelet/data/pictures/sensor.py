"""The mosaic of a camera's sensor, as a raw file has it and a DNG is written from."""

from dataclasses import dataclass, field

import numpy as np

MONOCHROME = "L"
"""The order of a sensor without colours."""

ORDERS = ("RGGB", "BGGR", "GRBG", "GBRG")
"""Colours of the first 2x2 pixels of a mosaic, row by row."""

Tag = tuple[int, int, int, bytes]
Place = tuple[slice, slice]

PHASES: tuple[Place, ...] = tuple(
    (slice(row, None, 2), slice(column, None, 2)) for row in (0, 1) for column in (0, 1)
)
"""Rows and columns of the four pixels of all 2x2, row by row."""


def places(order: str) -> list[tuple[Place, str]]:
    """Return rows and columns of pixels of one colour, and the colour, phase by phase.

    Of a sensor without colours this is the whole, once.
    """
    if order == MONOCHROME:
        return [((slice(None), slice(None)), MONOCHROME)]
    return list(zip(PHASES, order, strict=True))


@dataclass(frozen=True, eq=False)
class Mosaic:
    """What a sensor has measured, one sample for each pixel.

    Args:
        light: (height, width), float32: 0 is black, 1 is where the sensor saturates, above the
            least of its black levels. Noise makes some of it negative. Only the visible part; it
            is not turned upright.
        order: one of `ORDERS`, or `MONOCHROME`.
        orientation: how the picture is to be turned: 1, 3 (by half a turn), 6 (clockwise) or 8.
        tags: of a DNG or TIFF source, written unchanged: colours, maker, texts; each as in
            `TiffCoding.tags`.
        neutral: response to white by colour, green 1; () where the tags say it, or nobody knows.
        matrix: from CIE XYZ to the camera's colours, row by row; () as for `neutral`.
        noise: a and b of the variance a x + b of the light x, one pair for each colour of
            "RGB", or for all; () where it is not known.
        full: the light at which each of the first 2x2 pixels saturates, row by row: less than 1
            where black is higher.
    """

    light: np.ndarray
    order: str
    orientation: int = 1
    tags: tuple[Tag, ...] = field(default=(), repr=False)
    neutral: tuple[float, ...] = ()
    matrix: tuple[float, ...] = ()
    noise: tuple[tuple[float, float], ...] = ()
    full: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)

    @property
    def saturated(self) -> np.ndarray:
        """Where the sensor is saturated, (height, width), booleans."""
        found = np.empty(self.light.shape, bool)
        for phase, level in zip(PHASES, self.full, strict=True):
            np.greater_equal(self.light[phase], level, out=found[phase])
        return found
