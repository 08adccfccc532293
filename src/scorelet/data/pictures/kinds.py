"""Which kinds of picture files there are, and which of them a file is.

The kind of a file that is read is told by its first bytes, of one that is written by its suffix.
"""

import os
from pathlib import Path

from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.files import check_regular
from scorelet.data.pictures.errors import RefusedError, reading
from scorelet.data.pictures.formats import avif, bmp, heic, jpeg, png, pnm, raw, tiff, webp
from scorelet.data.pictures.formats.base import HEAD, QUALITY, Format, Readable
from scorelet.data.pictures.formats.foreign import foreign
from scorelet.data.pictures.formats.libraw import is_installed
from scorelet.data.pictures.types import PictureMetadata

FORMATS: tuple[Format, ...] = (
    png.FORMAT,
    tiff.FORMAT,
    jpeg.FORMAT,
    webp.FORMAT,
    bmp.FORMAT,
    pnm.FORMAT,
)
RAW = raw.FORMAT
"""Camera raw files: any picture may be read from them, but only mosaics are written, as DNG."""
READ_ONLY: tuple[Readable, ...] = (avif.FORMAT, heic.FORMAT)
"""What telephones write; results are PNG."""
FORMAT_NAMES = tuple(form.name for form in FORMATS)
"""What `suffix_for_result` takes as `form`, for any picture; dng is for results of raw files."""
SUFFIXES = tuple(sorted(suffix for form in FORMATS for suffix in form.suffixes))
"""Endings of names, in lower case, that are written."""
READ_SUFFIXES = tuple(
    sorted((*SUFFIXES, *(s for form in (*FORMATS, avif.FORMAT) for s in form.read_only)))
)
"""Endings of names, in lower case, that are looked for in folders; see `is_picture_name`."""

_BY_SUFFIX = {suffix: form for form in (*FORMATS, RAW) for suffix in form.suffixes}
_TITLES = [form.title for form in (*FORMATS, *READ_ONLY)]
_EXPECTED = f"{', '.join(_TITLES[:-1])} or {_TITLES[-1]}"


def is_picture_name(path: Path) -> bool:
    """Whether the suffix, in any case, is one of `READ_SUFFIXES`, or what an installed extra reads.

    These are the extras for camera raw files and for HEIC.
    """
    extra = (is_raw_name(path) and is_installed()) or (is_heic_name(path) and heic.is_installed())
    return extra or path.suffix.lower() in READ_SUFFIXES


def is_lossy(path: Path, metadata: PictureMetadata) -> bool:
    """Whether a picture with these metadata is compressed with loss in a file of this name."""
    form = _BY_SUFFIX.get(path.suffix.lower())
    return form is jpeg.FORMAT or (form is webp.FORMAT and not metadata.webp_lossless)


def is_raw_name(path: Path) -> bool:
    """Whether the suffix, in any case, is that of camera raw files."""
    return path.suffix.lower() in raw.RAW_SUFFIXES


def is_heic_name(path: Path) -> bool:
    """Whether the suffix, in any case, is that of HEIC pictures."""
    return path.suffix.lower() in heic.SUFFIXES


def is_raw_file(path: Path) -> bool:
    """Whether the content of a file is that of a camera raw file.

    Raises:
        ImageFileError, OSError: as `format_of_content`.
    """
    with reading(path):
        return format_of_content(path) is RAW


def format_of_content(path: Path) -> Readable:
    """Tell the kind of a file by its first bytes.

    Raises:
        RefusedError: it is no picture.
        ImageFileError: it is a folder, a device or a pipe.
        OSError: it cannot be read.
    """
    check_regular(path, what="a picture file", error=ImageFileError)
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if not head:
        raise RefusedError("is empty (0 bytes); expected a picture: copy or export it again.")
    known = (*FORMATS, *READ_ONLY, RAW)
    found = next((form for form in known if form.matches(head)), None)
    if found is tiff.FORMAT and tiff.holds_raw(path, named=is_raw_name(path)):
        return RAW
    if found is None:
        what, hint = foreign(head) or ("is not a picture of a known kind", "convert it")
        raise RefusedError(f"{what}; expected {_EXPECTED}: {hint}.")
    return found


def format_of_suffix(path: Path) -> Format:
    """Tell the kind of a file that is to be written.

    Raises:
        InputError: no such kind is written.
    """
    found = _BY_SUFFIX.get(path.suffix.lower())
    if found is None:
        raise InputError(
            f"{path} has the suffix {path.suffix!r}; expected one of {', '.join(SUFFIXES)}, or "
            f"{', '.join(RAW.suffixes)} for a camera raw file that was denoised: rename the file "
            "to be written."
        )
    return found


def suffix_for_result(path: str | os.PathLike[str], form: str | None = None) -> str:
    """Return the suffix of a result made from a picture file: its own, wherever that can be.

    Where the suffix names no kind that is written (none, ``.pbm``), or one that cannot hold all
    that the kind of the content can (a PNG called ``.jpg`` may be transparent), it is the usual one
    of that kind. Camera raw files become TIFF, AVIF and HEIC become PNG. A file that is no picture
    keeps its own.

    Args:
        path: the file.
        form: what results are to be, see `format_of_name`; a suffix that names it stays.

    Raises:
        InputError: there is no such form.
    """
    path = Path(path)
    named = _BY_SUFFIX.get(path.suffix.lower())
    if form is not None:
        wanted = format_of_name(form)
        return path.suffix if named is wanted else wanted.suffixes[0]
    try:
        content = format_of_content(path)
    except (RefusedError, OSError):
        return path.suffix
    if content is RAW:
        return tiff.FORMAT.suffixes[0]
    fits = named is not None and content.can - {QUALITY} <= named.can
    usual = content if isinstance(content, Format) else png.FORMAT
    return path.suffix if fits else usual.suffixes[0]


def format_of_name(name: str) -> Format:
    """Return the format of a name in `FORMAT_NAMES`, of dng, or of a suffix (jpg), in any case.

    Raises:
        InputError: there is no such format.
    """
    wanted = name.lower()
    named = next((form for form in (*FORMATS, RAW) if form.name == wanted), None)
    found = named or _BY_SUFFIX.get(f".{wanted}")
    if found is None:
        raise InputError(
            f"The format of pictures is {name!r}; expected one of {', '.join(FORMAT_NAMES)}, or "
            f"{RAW.name} for camera raw files: choose one of them."
        )
    return found
