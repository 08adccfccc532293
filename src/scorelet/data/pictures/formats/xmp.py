"""XMP packets: metadata as XML that JPEG, PNG, TIFF and WebP files carry.

ISO 16684-1 says what is in a packet; XMP specification part 3 says where a file keeps it.
"""

import re

from scorelet.data.pictures.formats.inflate import inflate

PNG_KEYWORD = b"XML:com.adobe.xmp\x00"
JPEG_LIMIT = 65533 - 29  # bytes: what one APP1 segment holds behind its name
_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)[2-8]")
_WIDTHS = b"tiff:ImageWidth", b"exif:PixelXDimension"
_HEIGHTS = b"tiff:ImageLength", b"exif:PixelYDimension"
_OTHER = dict(zip(_WIDTHS, _HEIGHTS, strict=True)) | {b"tiff:XResolution": b"tiff:YResolution"}
_OTHER |= {value: key for key, value in _OTHER.items()}
_SIZES = re.compile(rb"|".join(rb"\b%s\b" % name for name in _OTHER))


def upright_packet(packet: bytes | None, *, sideways: bool = False) -> bytes | None:
    """The packet with orientation 1, for a picture that was turned upright; None stays None.

    Args:
        packet: the XML.
        sideways: whether width and height were exchanged, which the packet may state, too.
    """
    if not packet:
        return None
    turned = _ORIENTATION.sub(rb"\g<1>1", packet)
    return _SIZES.sub(lambda match: _OTHER[match[0]], turned) if sideways else turned


def sized_packet(packet: bytes | None, size: tuple[int, int]) -> bytes | None:
    """The packet with another width and height where it states them; None stays None."""
    if not packet:
        return packet
    for names, side in zip((_WIDTHS, _HEIGHTS), size, strict=True):
        said = rb"\b(%s)(\s*(?:=\s*[\"']|>)\s*)\d+" % rb"|".join(names)
        packet = re.sub(said, rb"\g<1>\g<2>%d" % side, packet)
    return packet


def unpack_png_text(content: bytes | None) -> bytes | None:
    """The packet in a PNG's iTXt chunk; None if there is none or it is damaged."""
    if content is None:
        return None
    flags, rest = content[len(PNG_KEYWORD) :][:2], content[len(PNG_KEYWORD) + 2 :]
    packet = rest.partition(b"\x00")[2].partition(b"\x00")[2]  # behind language and translation
    if flags[:1] != b"\x01":
        return packet or None
    return inflate(packet)


def pack_png_text(packet: bytes) -> bytes:
    """The content of an uncompressed iTXt chunk without language."""
    return PNG_KEYWORD + b"\x00\x00\x00\x00" + packet
