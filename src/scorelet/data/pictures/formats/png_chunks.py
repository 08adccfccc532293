"""PNG as a list of chunks: read them with their check sums, and insert some after the header.

Names follow the PNG specification, third edition: IHDR, iCCP, eXIf, pHYs, sRGB, gAMA, cHRM, cICP,
mDCV, cLLI, tEXt, zTXt, iTXt.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

from scorelet.data.pictures.errors import RefusedError
from scorelet.data.pictures.formats.inflate import inflate
from scorelet.data.pictures.types import PictureMetadata

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MEANING = (b"sRGB", b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI")
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_INCH = 0.0254  # metres


def iter_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, content) of each chunk up to IEND.

    Raises:
        RefusedError: the file ends early, or a check sum is wrong.
    """
    position = len(SIGNATURE)
    name = b""
    while name != b"IEND":
        if position + 12 > len(data):
            raise RefusedError(_damage("it ends before its end mark"))
        (length,) = struct.unpack_from(">I", data, position)
        name = data[position + 4 : position + 8]
        content = data[position + 8 : position + 8 + length]
        tail = data[position + 8 + length : position + 12 + length]
        if len(tail) < 4:
            raise RefusedError(_damage("it ends before its end mark"))
        if zlib.crc32(content, zlib.crc32(name)) != struct.unpack(">I", tail)[0]:
            raise RefusedError(_damage(f"wrong check sum in {name.decode('latin-1')!r}"))
        yield name, content
        position += 12 + length


def pack_chunk(name: bytes, content: bytes) -> bytes:
    """One chunk with its length and check sum."""
    check = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def insert_chunks(png: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Insert chunks right behind the header, where every ancillary chunk may stand."""
    cut = len(SIGNATURE) + 12 + 13
    return png[:cut] + b"".join(pack_chunk(*chunk) for chunk in chunks) + png[cut:]


def chunks_of(metadata: PictureMetadata, *, channels: int) -> list[tuple[bytes, bytes]]:
    """The ancillary chunks that express `metadata` for a picture of 1 or 3 colour channels."""
    chunks = []
    icc = fitting_profile(metadata.icc, channels=channels)
    if icc is not None:
        chunks.append((b"iCCP", b"ICC Profile\x00\x00" + zlib.compress(icc)))
    chunks.extend(metadata.png_chunks)
    if metadata.dpi is not None:
        per_metre = [round(value / _INCH) for value in metadata.dpi]
        chunks.append((b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if metadata.exif is not None:
        chunks.append((b"eXIf", metadata.exif))
    return chunks


def unpack_profile(content: bytes | None) -> bytes | None:
    """The ICC profile in an iCCP chunk; None if there is none or it cannot be unpacked."""
    if content is None:
        return None
    return inflate(content.partition(b"\x00")[2][1:])


def unpack_dpi(content: bytes | None) -> tuple[float, float] | None:
    """Pixels per inch in a pHYs chunk; None if there is none or it has no unit."""
    if content is None or len(content) != 9 or content[8] != 1:
        return None
    horizontal, vertical = struct.unpack(">II", content[:8])
    return horizontal * _INCH, vertical * _INCH


def fitting_profile(icc: bytes | None, *, channels: int) -> bytes | None:
    """The profile if it describes pictures of this many channels; a wrong one misleads viewers."""
    if icc is None or len(icc) < 20:
        return icc
    wrong = {1: (b"RGB ", b"CMYK"), 3: (b"GRAY", b"CMYK")}[channels]
    return None if icc[16:20] in wrong else icc


def _damage(what: str) -> str:
    return f"is damaged or truncated ({what}); expected a whole PNG: copy or export it again."
