"""Packed metadata of pictures, unpacked up to a size."""

import zlib

LARGEST = 64 * 2**20
"""Bytes: metadata that unpack to more are an attack."""


def inflate(packed: bytes) -> bytes | None:
    """Return what zlib has packed; None if it is damaged, cut off or larger than `LARGEST`."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, LARGEST)
    except zlib.error:
        return None
    return content if unpacker.eof else None
