"""Where on Earth the pixels of a map lie (GeoTIFF 1.1): tags of a page, as they are copied."""

from collections.abc import Iterable

import numpy as np

Tag = tuple[int, int, int, bytes]
"""Code, type, count, and packed values in the byte order of this machine."""

PLACE = (33550, 33922, 34264, 34735, 34736, 34737)
_SCALE, _TIES, _TRANSFORM, _KEYS = PLACE[:4]
_SHORT, _DOUBLE = 3, 12  # types
_RASTER_TYPE, _IS_POINT = 1025, 2  # key that says what whole raster numbers are: corners or middles


def finer(tags: Iterable[Tag], factor: int) -> tuple[Tag, ...]:
    """Return the tags of a map each of whose pixels has become factor x factor.

    The raster number i, counted from a corner, becomes f i; where whole numbers are middles of
    pixels it becomes f i + (f - 1)/2.
    """
    found = {tag[0]: tag for tag in tags}
    shift = (factor - 1) / 2 if _counts_middles(found.get(_KEYS)) else 0.0
    return tuple(_finer(tag, factor, shift) for tag in found.values())


def _finer(tag: Tag, factor: int, shift: float) -> Tag:
    code, kind, count, packed = tag
    if code not in (_SCALE, _TIES, _TRANSFORM) or kind != _DOUBLE:
        return tag
    values = np.frombuffer(packed, np.float64).copy()
    if code == _SCALE:
        values[:2] /= factor
    elif code == _TIES:
        ties = values[: count // 6 * 6].reshape(-1, 6)
        ties[:, :2] = factor * ties[:, :2] + shift
    else:
        rows = values[: count // 4 * 4].reshape(-1, 4)
        rows[:, :2] /= factor
        rows[:, 3] -= shift * rows[:, :2].sum(1)
    return code, kind, count, values.tobytes()


def _counts_middles(keys: Tag | None) -> bool:
    """Whether whole raster numbers are middles of pixels."""
    if keys is None or keys[1] != _SHORT:
        return False
    entries = np.frombuffer(keys[3], np.uint16)[4:]  # behind version and number of the keys
    found = {int(key): int(value) for key, value in zip(entries[::4], entries[3::4], strict=False)}
    return found.get(_RASTER_TYPE) == _IS_POINT
