"""Many fields in one picture."""

import math

import numpy as np

from scorelet.core.errors import InputError

MAX_PIXELS = 1 << 26
_GAP = 2
_FRAMES = 100  # of so many bytes one at most is spent on what frames them in a PNG
_HEADERS = 1024


def check_sheet(count: int, height: int, width: int) -> None:
    """Raise InputError for more fields than one picture can show."""
    if count * height * width > MAX_PIXELS:
        raise InputError(
            f"{count} fields of {height}x{width} are no picture to look at: expected at most "
            f"{MAX_PIXELS:,} values; draw fewer of them, or write .npy."
        )


def sheet_bytes(count: int, height: int, width: int, *, colours: int = 1) -> int:
    """Return what a PNG of `contact_sheet` takes at most, where nothing can be compressed.

    Args:
        count, height, width: of the fields.
        colours: samples of a pixel, one byte each.
    """
    rows, columns = _grid(count, height, width)
    tall, wide = rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP
    samples = tall * (wide * colours + 1)  # a byte for each row says how it is filtered
    return samples + samples // _FRAMES + _HEADERS


def contact_sheet(fields: np.ndarray, *, bounds: tuple[float, float] | None = None) -> np.ndarray:
    """Return fields or pictures side by side, row by row; white lines are between them.

    Args:
        fields: (n, height, width), or (n, height, width, 3) in colour, real and finite.
        bounds: what black and white are; None: the quantiles 0.001 and 0.999 of all values.

    Returns:
        (rows, columns[, 3]), uint8.

    Raises:
        InputError: more than `MAX_PIXELS` values.
    """
    count, height, width, *colours = fields.shape
    check_sheet(count, height, width)
    rows, columns = _grid(count, height, width)
    low, high = np.quantile(fields, (0.001, 0.999)) if bounds is None else bounds
    scaled = (fields - low) / (high - low) if high > low else np.full(fields.shape, 0.5)
    tiles = np.full((rows * columns, height + _GAP, width + _GAP, *colours), 255, np.uint8)
    tiles[:count, :height, :width] = np.rint(255 * scaled.clip(0, 1))
    sheet = tiles.reshape(rows, columns, *tiles.shape[1:]).swapaxes(1, 2)
    whole = sheet.reshape(rows * (height + _GAP), columns * (width + _GAP), *colours)
    return np.ascontiguousarray(whole[:-_GAP, :-_GAP])


def _grid(count: int, height: int, width: int) -> tuple[int, int]:
    """Return rows and columns of a sheet that is about square."""
    columns = min(count, math.ceil(math.sqrt(count * height / width)))
    return math.ceil(count / columns), columns
