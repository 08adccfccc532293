"""The kinds of picture files: told by first bytes when read, by suffix when written."""

import os
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.data.pictures.errors import RefusedError

_KINDS = {
    ".bmp": "bmp",
    ".jfif": "jpeg",
    ".jpeg": "jpeg",
    ".jpg": "jpeg",
    ".pgm": "pnm",
    ".png": "png",
    ".pnm": "pnm",
    ".ppm": "pnm",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".webp": "webp",
}
SUFFIXES = tuple(_KINDS)

_USUAL = {"bmp": ".bmp", "jpeg": ".jpg", "png": ".png", "pnm": ".pnm", "tiff": ".tif"}
_USUAL["webp"] = ".webp"
_CAN = {
    "bmp": {"alpha"},
    "jpeg": set(),
    "png": {"alpha", "16 bit"},
    "pnm": {"16 bit"},
    "tiff": {"alpha", "16 bit", "floats", "pages"},
    "webp": {"alpha"},
}
_TIFF_MARKS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_EXPECTED = "PNG, TIFF, JPEG, WebP, BMP or Netpbm (PGM, PPM)"


def is_picture_name(path: Path) -> bool:
    """Whether the suffix, in any case, is one of `SUFFIXES`."""
    return path.suffix.lower() in _KINDS


def kind_of_content(path: Path) -> str:
    """Tell the kind of a file by its first bytes.

    Raises:
        RefusedError: it is no picture.
        OSError: it cannot be read.
    """
    if path.is_dir():
        raise RefusedError("is a folder; expected a picture file: name one of the files in it.")
    if path.exists() and not path.is_file():
        raise RefusedError("is a device or pipe; expected a picture file: save it to disk first.")
    with path.open("rb") as stream:
        head = stream.read(16)
    if not head:
        raise RefusedError("is empty (0 bytes); expected a picture: copy or export it again.")
    if head[:4] == b"GIF8":
        raise RefusedError(
            "is a GIF, and neither GIF nor animations are supported; expected "
            f"{_EXPECTED}: export a still picture as PNG."
        )
    kind = _match(head)
    if kind is None:
        raise RefusedError(f"is not a picture of a known kind; expected {_EXPECTED}: convert it.")
    return kind


def kind_of_suffix(path: Path) -> str:
    """Tell the kind of a file that is to be written.

    Raises:
        InputError: no such kind is written.
    """
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{path} has the suffix {path.suffix!r}; expected one of {', '.join(SUFFIXES)}: "
            "rename the file to be written."
        )
    return kind


def suffix_for_result(path: str | os.PathLike[str]) -> str:
    """Return the suffix of a result made from a picture file: its own, wherever that can be.

    Where the suffix names no kind that is written (none, ``.pbm``), or one that cannot hold all
    that the kind of the content can (a PNG called ``.jpg`` may be transparent), it is the usual one
    of that kind. A file that is no picture keeps its own.
    """
    path = Path(path)
    try:
        content = kind_of_content(path)
    except (RefusedError, OSError):
        return path.suffix
    named = _KINDS.get(path.suffix.lower())
    return path.suffix if named and _CAN[content] <= _CAN[named] else _USUAL[content]


def _match(head: bytes) -> str | None:
    marks = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"BM": "bmp"}
    marks.update(dict.fromkeys(_TIFF_MARKS, "tiff"))
    for mark, kind in marks.items():
        if head.startswith(mark):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in (b" ", b"\n", b"\r", b"\t"):
        return "pnm"
    return None
