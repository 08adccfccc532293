"""What a picture says of itself that a file of another kind does not hold."""

import os
from collections.abc import Iterator
from pathlib import Path

from scorelet.data.pictures.formats.geotiff import PLACE
from scorelet.data.pictures.formats.jpeg import EXIF_LIMIT, IPTC_LIMIT
from scorelet.data.pictures.formats.png_chunks import MEANING, TEXTS, fitting_profile
from scorelet.data.pictures.formats.xmp import JPEG_LIMIT
from scorelet.data.pictures.kinds import RAW, format_of_suffix
from scorelet.data.pictures.notes import METADATA, Note
from scorelet.data.pictures.types import Picture, PictureMetadata

_SRGB, *_COLOURS = MEANING
_SOFTWARE, _MAKER = 305, b"Software\0"  # tag and keyword of the program's name
_PROFILES = ("png", "tiff", "jpeg", "webp")

Said = tuple[str, tuple[str, ...]]
"""What is said, and the kinds of files that hold it."""


def lost(path: str | os.PathLike[str], picture: Picture) -> tuple[Note, ...]:
    """Say what of the metadata is not written to a file of this name.

    The resolution does not count, nor the name of the program that made the file, nor chunks about
    colour beside a profile or sRGB.

    Raises:
        InputError: no kind is written so.
    """
    form = format_of_suffix(Path(path))
    if form is RAW:
        return ()
    channels = 3 if form.name == "webp" else picture.pixels.shape[2]
    said = (
        *_colours(picture.metadata, channels),
        *_blocks(picture.metadata),
        *_texts(picture.metadata),
    )
    gone = [what for what, kinds in said if form.name not in kinds]
    if not gone:
        return ()
    names = " and ".join([", ".join(gone[:-1]), gone[-1]] if gone[1:] else gone)
    return (Note(METADATA, f"has {names}, which {form.title} results leave out"),)


def _colours(metadata: PictureMetadata, channels: int) -> Iterator[Said]:
    names = {name for name, _ in metadata.png_chunks}
    if metadata.icc:
        fits = fitting_profile(metadata.icc, channels=channels) is not None
        yield ("a colour profile", _PROFILES) if fits else ("a profile of other colours", ())
    elif _SRGB not in names and (found := [name for name in _COLOURS if name in names]):
        yield f"the chunks {b', '.join(found).decode()} about colour", ("png",)


def _blocks(metadata: PictureMetadata) -> Iterator[Said]:
    for what, block, limit, kinds in (
        ("EXIF", metadata.exif, EXIF_LIMIT, ("png", "webp")),
        ("XMP", metadata.xmp, JPEG_LIMIT, ("png", "webp", "tiff")),
        ("IPTC", metadata.iptc, IPTC_LIMIT, ("tiff",)),
    ):
        if block:
            long = len(block) > limit
            yield (f"much {what}", kinds) if long else (what, (*kinds, "jpeg"))


def _texts(metadata: PictureMetadata) -> Iterator[Said]:
    if metadata.comment:
        yield "a comment", ("jpeg",)
    if any(name in TEXTS and not text.startswith(_MAKER) for name, text in metadata.png_chunks):
        yield "texts", ("png",)
    if metadata.tiff and any(code != _SOFTWARE for code, _ in metadata.tiff.texts):
        yield "texts", ("tiff",)
    if metadata.tiff and any(tag[0] in PLACE for tag in metadata.tiff.tags):
        yield "a place on a map", ("tiff",)
