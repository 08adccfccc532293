"""The part of an AVIF that is to be shown, its clean aperture (ISO/IEC 14496-12, clap)."""

import struct
from fractions import Fraction
from math import floor

from scorelet.data.pictures.formats.bmff import Box

_LAYOUT = ">IIIIiIiI"  # width, height, and how far right and down the middle is moved: fractions


def shown(found: list[Box], size: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of a decoded picture (height, width) that its properties show.

    Raises:
        struct.error, ZeroDivisionError, ValueError: the property is damaged, or shows nothing.
    """
    content = dict(found).get(b"clap")
    if content is None:
        return slice(None), slice(None)
    numbers = struct.unpack_from(_LAYOUT, content)
    width, height, right, down = map(Fraction, numbers[::2], numbers[1::2])
    return _part(size[0], height, down), _part(size[1], width, right)


def _part(side: int, length: Fraction, moved: Fraction) -> slice:
    """Return the middle of a side, moved, as far as it is there; halves are rounded up."""
    start = floor((side - length) / 2 + moved + Fraction(1, 2))
    stop = start + floor(length + Fraction(1, 2))
    part = slice(max(0, start), min(side, stop))
    if part.start >= part.stop:
        raise ValueError("its clean aperture shows nothing")
    return part
