"""Still AVIF pictures of 8, 10 and 12 bits, read only.

Samples come from imagecodecs, since Pillow gives 8 bits of each. All else comes from Pillow, which
writes the turns that a file says into the orientation of EXIF; by the format EXIF's own turns
nothing. Neither crops: that comes before turns.
"""

import io
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scorelet.data.pictures.errors import RefusedError
from scorelet.data.pictures.formats.base import ALPHA, SIXTEEN, Readable, full_range, reader
from scorelet.data.pictures.formats.bmff import (
    av1_depth,
    brands,
    colour_chunks,
    properties,
    tile_properties,
)
from scorelet.data.pictures.formats.bmff_crop import shown
from scorelet.data.pictures.formats.bmff_extents import check_whole
from scorelet.data.pictures.formats.bmff_further import further
from scorelet.data.pictures.formats.orientation import strip_prefix, with_size
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.notes import left_out, scaled_notes
from scorelet.data.pictures.types import Picture, PictureMetadata, split_samples

if TYPE_CHECKING:
    from PIL.AvifImagePlugin import AvifImageFile

_UNKNOWN = "Not implemented"  # in what libavif says
_BRANDS = frozenset({b"avif", b"avis"})


@contextmanager
def _implemented() -> Generator[None]:
    """Tell pictures that the decoder has not learnt to read from damaged ones."""
    try:
        yield
    except RuntimeError as error:
        if _UNKNOWN not in str(error):
            raise
        raise RefusedError(
            "is an AVIF of a kind that the decoder does not know; expected a plainer one: export "
            "it as PNG or 16-bit TIFF."
        ) from error


@_implemented()
def decode(data: bytes, limits: Limits) -> Picture:
    """Decode an AVIF; samples of 10 and 12 bits are scaled to the full range of 16."""
    import imagecodecs

    check_whole(data)
    image, own = _opened(data), properties(data)
    said = [*own, *tile_properties(data)]
    depth = av1_depth(said)
    pixel_bytes = len(image.getbands()) * (2 if depth > 8 else 1)
    limits.check(*image.size, pixel_bytes=pixel_bytes, file_bytes=len(data))
    samples = imagecodecs.avif_decode(data)
    samples = full_range(samples[shown(own, samples.shape[:2])], 2**depth - 1)
    icc = image.info.get("icc_profile")
    metadata = PictureMetadata(
        kind="avif",
        bit_depth=depth,
        icc=icc,
        exif=strip_prefix(image.info.get("exif")),
        xmp=image.info.get("xmp"),
        png_chunks=() if icc else colour_chunks(said),
    )
    metadata = with_size(metadata, samples.shape[1::-1])
    count = further(data)
    notes = (*scaled_notes(depth), *((left_out(count),) if count else ()))
    return Picture(*split_samples(samples), metadata, notes=notes)


def _opened(data: bytes) -> "AvifImageFile":
    """Return a still picture whose header was read."""
    from PIL import features

    if not features.check("avif"):
        raise RefusedError(
            "is an AVIF picture, which the Pillow that is installed does not read; expected Pillow "
            "11.3 or newer, from its wheels: pip install --upgrade pillow."
        )
    from PIL.AvifImagePlugin import AvifImageFile  # of Pillow 11.3

    image = AvifImageFile(io.BytesIO(data))
    if image.n_frames > 1:
        raise RefusedError(
            "is an animated AVIF, and animations are not supported; expected one still picture: "
            "export a single frame."
        )
    return image


FORMAT = Readable(
    name="avif",
    title="AVIF",
    read_only=(".avif",),
    can=frozenset({ALPHA, SIXTEEN}),
    matches=lambda head: not _BRANDS.isdisjoint(brands(head)),
    read=reader(decode),
)
