"""Many fields in one picture."""

import math

import numpy as np

from scorelet.core.errors import InputError

MAX_PIXELS = 1 << 26
_GAP = 2


def check_sheet(count: int, height: int, width: int) -> None:
    """Raise InputError for more fields than one picture can show."""
    if count * height * width > MAX_PIXELS:
        raise InputError(
            f"{count} fields of {height}x{width} are no picture to look at: expected at most "
            f"{MAX_PIXELS:,} values; draw fewer of them, or write .npy."
        )


def contact_sheet(fields: np.ndarray) -> np.ndarray:
    """Return fields side by side, row by row, in gray; white lines are between them.

    All have one scale: black and white are the quantiles 0.001 and 0.999 of all values.

    Args:
        fields: (n, height, width), real and finite.

    Returns:
        (rows, columns), uint8.

    Raises:
        InputError: more than `MAX_PIXELS` values.
    """
    count, height, width = fields.shape
    check_sheet(count, height, width)
    columns = math.ceil(math.sqrt(count * height / width))
    rows = math.ceil(count / columns)
    low, high = np.quantile(fields, (0.001, 0.999))
    scaled = (fields - low) / (high - low) if high > low else np.full(fields.shape, 0.5)
    tiles = np.full((rows * columns, height + _GAP, width + _GAP), 255, np.uint8)
    tiles[:count, :height, :width] = np.rint(255 * scaled.clip(0, 1))
    sheet = tiles.reshape(rows, columns, height + _GAP, width + _GAP).swapaxes(1, 2)
    return np.ascontiguousarray(
        sheet.reshape(rows * (height + _GAP), columns * (width + _GAP))[:-_GAP, :-_GAP]
    )
