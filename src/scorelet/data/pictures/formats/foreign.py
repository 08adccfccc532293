"""Pictures that are not read: told by their first bytes, so that a refusal can say what to do."""

from scorelet.data.pictures.formats.base import begins

_PNG = "export it as PNG or 16-bit TIFF"


_FOREIGN = (
    (
        begins(b"GIF8"),
        "is a GIF, and neither GIF nor animations are supported",
        "export a still picture as PNG",
    ),
    (begins(b"\xff\x0a", b"\0\0\0\x0cJXL "), "is a JPEG XL picture, which is not read", _PNG),
    (
        begins(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
        "is a JPEG 2000 picture, which is not read",
        _PNG,
    ),
    (begins(b"II\xbc"), "is a JPEG XR picture, which is not read", _PNG),
    (begins(b"8BPS"), "is a Photoshop file, which is not read", _PNG),
    (
        begins(b"\x76\x2f\x31\x01"),
        "is an OpenEXR picture, which is not read",
        "export it as floating-point TIFF",
    ),
    (
        begins(b"PF\n", b"Pf\n"),
        "is a PFM picture, which is not read",
        "export it as floating-point TIFF",
    ),
    (begins(b"P7\n"), "is a PAM picture, which is not read", _PNG),
    (begins(b"qoif"), "is a QOI picture, which is not read", _PNG),
    (begins(b"%PDF"), "is a PDF document", "export its pages as PNG"),
)


def foreign(head: bytes) -> tuple[str, str] | None:
    """What a file that starts so is, and what to do with it; None if it is not known."""
    return next(((what, hint) for matches, what, hint in _FOREIGN if matches(head)), None)
