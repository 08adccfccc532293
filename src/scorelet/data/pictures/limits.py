"""How large a picture may be: its header is checked before anything is decoded.

A header of a few bytes can claim a picture that fills the memory. Two bounds stand against it: on
the number of pixels, and on the ratio of the decoded samples to the file, which is below 100 even
for scanned text and above 1000 in files that were made to harm.
"""

import os
from dataclasses import dataclass

from scorelet.core.errors import InputError
from scorelet.data.pictures.errors import RefusedError

MAX_PIXELS = 400_000_000
"""Largest height x width that is decoded if nobody says otherwise."""
VARIABLE = "SCORELET_MAX_PIXELS"
"""Environment variable that sets another number of pixels, and allows any ratio."""
FREE_BYTES = 256 * 2**20
"""Decoded samples that any file may claim, however small it is."""
MAX_RATIO = 256
"""Bytes of decoded samples that each byte of a file may claim beyond that."""


@dataclass(frozen=True)
class Limits:
    """What may be read.

    Args:
        pixels: largest height x width.
        ratio: bytes of decoded samples for each byte of the file, beyond `FREE_BYTES`; None for
            any, because somebody has said how many pixels are welcome.
        gaps: whether floating point samples may be NaN or infinite; `Picture.mask` says where.
    """

    pixels: int = MAX_PIXELS
    ratio: int | None = MAX_RATIO
    gaps: bool = False

    def check(self, width: int, height: int, *, pixel_bytes: int, file_bytes: int) -> None:
        """Refuse a header that claims no pixels, or too many of them.

        Args:
            width, height: in pixels, as the header claims.
            pixel_bytes: of all samples of a pixel when decoded.
            file_bytes: size of the file.

        Raises:
            RefusedError: it does.
        """
        size = f"claims {width} x {height} pixels"
        if width < 1 or height < 1:
            raise RefusedError(f"{size}; expected at least 1 x 1: export it again.")
        allowed = f"or, if you trust it, set {VARIABLE}={width * height}."
        if width * height > self.pixels:
            raise RefusedError(
                f"{size}; expected at most {self.pixels:,}: cut it into parts, {allowed}"
            )
        claimed = width * height * pixel_bytes
        if self.ratio is not None and claimed > max(FREE_BYTES, self.ratio * file_bytes):
            raise RefusedError(
                f"{size}, {claimed / 1e6:,.0f} MB in memory for a file of {file_bytes:,} bytes; "
                f"expected at most {FREE_BYTES / 1e6:,.0f} MB, or {self.ratio} times the file: "
                f"cut it into parts, {allowed}"
            )


def limits(max_pixels: int | None = None, *, gaps: bool = False) -> Limits:
    """Bounds on a picture.

    Args:
        max_pixels: largest height x width; None asks `VARIABLE`, then takes `MAX_PIXELS` and
            bounds the ratio, too.
        gaps: see `Limits`.

    Raises:
        InputError: the variable is no positive whole number.
    """
    said = os.environ.get(VARIABLE, "").strip()
    if max_pixels is None and said:
        max_pixels = _positive(said)
    if max_pixels is None:
        return Limits(gaps=gaps)
    return Limits(pixels=max_pixels, ratio=None, gaps=gaps)


def _positive(text: str) -> int:
    try:
        number = int(text.replace("_", ""))
    except ValueError:
        number = 0
    if number < 1:
        raise InputError(
            f"{VARIABLE} is {text!r}; expected a number of pixels such as 1000000000: change it."
        )
    return number
