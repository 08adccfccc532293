"""DNG: what its tags say of a sensor, and writing a mosaic as one.

Tag numbers follow the DNG specification 1.4 and TIFF/EP (ISO 12234-2).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scorelet.data.pictures.formats.tiff_tags import packed
from scorelet.data.pictures.sensor import MONOCHROME, Mosaic, Tag

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

PEDESTAL = 4096
"""Black of mosaics that are written: noise below it is kept."""
WHITE = 65535
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SRATIONAL, _DOUBLE = 1, 2, 3, 4, 5, 10, 12
_CFA, _LINEAR = 32803, 34892
_PHOTOMETRIC, _ORIENTATION, _MAKE, _MODEL = 262, 274, 271, 272
_MATRIX, _NEUTRAL, _ILLUMINANT, _NAME, _NOISE = 50721, 50728, 50778, 50708, 51041
_TEXTS = (_MAKE, _MODEL, 270, 306, 315, 33432)
_COLOURS = (
    *(_MATRIX, 50722, 50723, 50724, 50727, _NEUTRAL, 50729, 50730, _ILLUMINANT, 50779),
    *(50931, 50932, 50936, 50937, 50938, 50939, 50940, 50964, 50965, 50981, 50982),
)
"""Matrices, balance, base exposure and the camera's profile."""
_D65 = 21
_DENOMINATOR = 100_000


def kept_tags(file: "TiffFile") -> tuple[Tag, ...]:
    """Return the texts and colours of a raw file that is a TIFF, from where they first stand."""
    found: dict[int, Tag] = {}
    for page in _all_pages(file):
        for code in (*_TEXTS, *_COLOURS, _NAME):
            tag = packed(page, code)
            if tag is not None:
                found.setdefault(code, tag)
    return tuple(found.values())


def noise_profile(file: "TiffFile") -> tuple[tuple[float, float], ...]:
    """Return (a, b) of the variance a x + b by colour, x light in [0, 1]; () if it is not said.

    Reference: DNG specification 1.4, NoiseProfile.
    """
    for page in _all_pages(file):
        values = page.tags.valueof(_NOISE)
        if isinstance(values, tuple) and len(values) >= 2 and len(values) % 2 == 0:
            pairs = np.array(values, float).reshape(-1, 2)
            if np.isfinite(pairs).all() and (pairs >= 0).all() and pairs.sum(1).all():
                return tuple((float(a), float(b)) for a, b in pairs)
    return ()


def main_images(file: "TiffFile") -> int:
    """Return how many pictures of a sensor a file holds: no previews, nor what belongs to others.

    Reference: DNG specification 1.4, NewSubFileType.
    """
    return sum(
        page.subfiletype == 0 and page.photometric in (_CFA, _LINEAR) for page in _all_pages(file)
    )


def missing_end(file: "TiffFile", size: int) -> int:
    """Return how many bytes of `size` a file lacks, by what its directories say."""
    ends = [
        start + count
        for page in _all_pages(file)
        for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    ]
    return max(0, max(ends, default=0) - size)


def _all_pages(file: "TiffFile") -> Iterator["TiffPage"]:
    for page in cast("list[TiffPage]", list(file.pages)):
        yield page
        yield from cast("list[TiffPage]", list(page.pages or ()))


def write_dng(path: Path, mosaic: Mosaic) -> None:
    """Write a mosaic of 16 bits, black at `PEDESTAL`, white at `WHITE`; not atomically.

    Args:
        path: the file, replaced if it exists.
        mosaic: what is beyond 16 bits is cut off.
    """
    import tifffile

    colour = mosaic.order != MONOCHROME
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            samples(mosaic.light),
            photometric=_CFA if colour else "minisblack",
            extratags=_tags(mosaic),
            metadata=None,
            software=False,
            subfiletype=0,
        )
    if not colour:  # tifffile refuses linear samples of one channel
        with tifffile.TiffFile(path, mode="r+") as file:
            cast("TiffPage", file.pages[0]).tags[_PHOTOMETRIC].overwrite(_LINEAR)


def samples(light: np.ndarray) -> np.ndarray:
    """Return light as the 16-bit samples that are written."""
    scaled = light * np.float32(WHITE - PEDESTAL)
    scaled += PEDESTAL
    np.clip(scaled, 0, WHITE, out=scaled)
    return np.rint(scaled, out=scaled).astype(np.uint16)


def _tags(mosaic: Mosaic) -> list[tuple[Any, ...]]:
    kept = {tag[0]: _unpacked(tag) for tag in mosaic.tags}
    tags: dict[int, tuple[Any, ...]] = {
        50706: (_BYTE, 4, bytes((1, 4, 0, 0))),  # DNGVersion
        50707: (_BYTE, 4, bytes((1, 1, 0, 0))),  # DNGBackwardVersion
        _NAME: (_ASCII, None, "scorelet"),
        _ORIENTATION: (_SHORT, 1, mosaic.orientation),
        50713: (_SHORT, 2, (1, 1)),  # BlackLevelRepeatDim
        50714: (_LONG, 1, PEDESTAL),
        50717: (_LONG, 1, WHITE),
    }
    if mosaic.order != MONOCHROME:
        tags[33421] = (_SHORT, 2, (2, 2))
        tags[33422] = (_BYTE, 4, bytes("RGB".index(colour) for colour in mosaic.order))
    if mosaic.matrix:
        tags[_MATRIX] = (_SRATIONAL, len(mosaic.matrix), _fractions(mosaic.matrix))
        tags[_ILLUMINANT] = (_SHORT, 1, _D65)
    if mosaic.neutral:
        tags[_NEUTRAL] = (_RATIONAL, len(mosaic.neutral), _fractions(mosaic.neutral))
    if mosaic.noise:
        flat = [value for pair in mosaic.noise for value in pair]
        tags[_NOISE] = (_DOUBLE, len(flat), tuple(flat))
    return [(code, *rest, True) for code, rest in sorted((tags | kept).items())]


def _fractions(values: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(part for value in values for part in (round(value * _DENOMINATOR), _DENOMINATOR))


def _unpacked(tag: Tag) -> tuple[Any, ...]:
    """Return type, count and value of a tag; fractions as integers, of which tifffile wants two."""
    _, kind, count, values = tag
    if kind in (_RATIONAL, _SRATIONAL):
        integers = np.frombuffer(values, "=u4" if kind == _RATIONAL else "=i4")
        return kind, count, tuple(int(value) for value in integers)
    return kind, count, values
