"""Still HEIC pictures by libheif, which pillow-heif brings; read only.

The decoder turns a picture as the file says. By the format the orientation in EXIF only repeats it.
"""

import io
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from scorelet.data.pictures.errors import RefusedError
from scorelet.data.pictures.formats import avif
from scorelet.data.pictures.formats.base import (
    ALPHA,
    HEAD,
    SIXTEEN,
    Readable,
    divided,
    full_range,
    reader,
)
from scorelet.data.pictures.formats.bmff import brands, colour_chunks, properties, tile_properties
from scorelet.data.pictures.formats.bmff_extents import check_whole
from scorelet.data.pictures.formats.orientation import strip_prefix, upright, with_size
from scorelet.data.pictures.formats.xmp import upright_packet
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.notes import Note, left_out, scaled_notes
from scorelet.data.pictures.types import Picture, PictureMetadata, split_samples

if TYPE_CHECKING:
    from pillow_heif import HeifFile

SUFFIXES = (".heic", ".heif", ".hif")
"""Endings of names of HEIC pictures, in lower case."""
INSTALL = "pip install 'scorelet[heif]'"
_SEQUENCES = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1")
_BRANDS = frozenset({*_SEQUENCES, b"heic", b"heix", b"heim", b"heis", b"mif1"})


def is_installed() -> bool:
    """Whether pillow-heif is there, which brings libheif."""
    return find_spec("pillow_heif") is not None


def _matches(head: bytes) -> bool:
    return not avif.FORMAT.matches(head) and not _BRANDS.isdisjoint(brands(head)[:1])


def decode(data: bytes, limits: Limits) -> Picture:
    """Decode the primary picture, upright; samples of 10 and 12 bits become 16-bit ones."""
    _check(data)
    check_whole(data)
    from pillow_heif import HeifFile

    file = HeifFile(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    image = file[file.primary_index]
    info: dict[str, Any] = dict(image.info)
    depth = info["bit_depth"]
    pixel_bytes = len(image.mode.partition(";")[0]) * (2 if depth > 8 else 1)
    limits.check(*image.size, pixel_bytes=pixel_bytes, file_bytes=len(data))
    samples = full_range(np.asarray(image), 2**depth - 1)
    icc = info.get("icc_profile")
    metadata = PictureMetadata(
        kind="heic",
        bit_depth=depth,
        icc=icc,
        exif=strip_prefix(info.get("exif")),
        xmp=upright_packet(info.get("xmp")),
        png_chunks=() if icc else colour_chunks([*properties(data), *tile_properties(data)]),
    )
    notes = (*scaled_notes(depth), *_others(file, info))
    picture = upright(Picture(*split_samples(samples), metadata, notes=notes), 1)
    picture = replace(picture, metadata=with_size(picture.metadata, samples.shape[1::-1]))
    return divided(picture) if image.premultiplied_alpha else picture


def _others(file: "HeifFile", info: dict[str, Any]) -> tuple[Note, ...]:
    """Count further pictures, depth maps and gain maps; alpha and small copies are none."""
    beside = len(info["depth_images"]) + sum(map(len, info.get("aux", {}).values()))
    count = len(file) - 1 + beside
    return (left_out(count),) if count else ()


def _check(data: bytes) -> None:
    """Refuse sequences, and every picture if it cannot be decoded."""
    if brands(data[:HEAD])[0] in _SEQUENCES:
        raise RefusedError(
            "is a sequence of HEIC pictures, and animations are not supported; expected one still "
            "picture: export a single frame."
        )
    if not is_installed():
        raise RefusedError(
            f"is a HEIC picture, and the extra that reads them is missing: {INSTALL}, or export it "
            "as PNG or 16-bit TIFF."
        )


FORMAT = Readable(
    name="heic",
    title="HEIC",
    read_only=SUFFIXES,
    can=frozenset({ALPHA, SIXTEEN}),
    matches=_matches,
    read=reader(decode),
)
