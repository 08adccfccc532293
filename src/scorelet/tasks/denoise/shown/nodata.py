"""Values for "no data" that a picture of floats holds and does not declare.

-9999, -32768, 1e20: sensors and maps write such a value where they have none, and not every file
says which. In floats it gives itself away by exact repetition far outside the distribution. A value
is taken for one if

- it is the lowest or the highest of the picture, at `FEWEST` pixels or more;
- below: it is further from the next value than the middle 98 % of the others are wide. Above: than
  all others are wide, because bright points are common in pictures, and dark ones are not;
- it is no black or white: not 0, not 1, not 2ⁿ - 1, at which sensors are saturated;
- the others are measured: more than `FEW` values.

A pixel is a gap if one of its channels holds such a value. Integers are left alone: their whole
range belongs to pictures.
"""

import numpy as np

from scorelet.analysis.far_values import FEWEST, stands_apart
from scorelet.analysis.repetition import FEW
from scorelet.data import Picture

Pixels = np.ndarray

VALUES = 4
"""How many such values a picture may have."""


def without_nodata(page: Picture, nodata: float | str | None) -> tuple[Picture, str | None]:
    """Return a page whose mask leaves out pixels of the value for "no data".

    Args:
        page: as it was read.
        nodata: the value; "auto" finds it, in floats; None: all is data that is not masked.

    Returns:
        The page, and what is to be said if a value was found.
    """
    if nodata is None:
        return page, None
    if isinstance(nodata, str):
        values = undeclared(page.pixels, page.mask) if page.pixels.dtype.kind == "f" else []
    else:
        values = [nodata]
    kept, held = without_values(page, values)
    if held is None or not isinstance(nodata, str):
        return kept, None
    return kept, f"{held}, far from all others, and stay as they are (nodata none: they are data)"


def without_values(page: Picture, values: list[float]) -> tuple[Picture, str | None]:
    """Return a page whose mask leaves out pixels of some values; how many hold them, if any do."""
    gaps = np.isin(page.pixels, _as_samples(values, page.pixels.dtype)).max(2)
    if not gaps.any():
        return page, None
    named = " or ".join(f"{value:g}" for value in values)
    held = f"pixels without data: {int(gaps.sum())} of {gaps.size} hold exactly {named}"
    return page.without(gaps), held


def _as_samples(values: list[float], dtype: np.dtype) -> Pixels:
    """Return the values that samples can hold, so that -9999 is not wrapped around in bytes."""
    if dtype.kind == "u":
        values = [v for v in values if v == int(v) and 0 <= v <= np.iinfo(dtype).max]
    with np.errstate(over="ignore"):
        return np.array(values).astype(dtype)


def undeclared(pixels: Pixels, mask: np.ndarray | None = None) -> list[float]:
    """Find values for "no data", by the rule above.

    Args:
        pixels: (height, width, channels), floats; NaN and infinity count as gaps.
        mask: (height, width), true where pixels are data; None if they are everywhere.
    """
    samples = pixels if mask is None else pixels[mask]
    rest = samples[np.isfinite(samples)]
    values: list[float] = []
    while len(values) < VALUES and rest.size:
        ends = float(rest.min()), float(rest.max())
        value = next((end for end in ends if _is_apart(end, rest)), None)
        if value is None:
            break
        values.append(value)
        rest = rest[rest != value]
    return values


def _is_apart(value: float, samples: Pixels) -> bool:
    if _is_black_or_white(value):
        return False
    others = samples[samples != value]
    if not others.size:
        return False
    ends = float(others.min()), float(others.max())
    count, width = samples.size - others.size, None
    if value < ends[0] and count >= FEWEST:
        width = float(np.subtract(*np.quantile(others, (0.99, 0.01))))
    return stands_apart(value, count, ends, width=width) and _is_measured(others)


def _is_black_or_white(value: float) -> bool:
    """Whether a value is 0, or 2ⁿ - 1, where sensors are saturated."""
    return 0 <= value < 2**32 and value == int(value) and not int(value) & (int(value) + 1)


def _is_measured(samples: Pixels) -> bool:
    return any(len(np.unique(part)) > FEW for part in (samples[:4096], samples))
