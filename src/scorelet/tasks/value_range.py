"""Samples where models do not expect them: outside of [0, 1], or in a small part of it."""

import numpy as np

SLACK = 0.05
"""So far beyond [0, 1] samples may be: interpolation and sharpening overshoot."""
BRIGHT = 5.0
"""Of a picture in [0, 1] no highlight is larger: it is in another unit."""
DIM = 1 / 16
"""Floats none of which is above it are in another unit, most likely."""
BITS = range(8, 15)
"""Of samples that may be stored in 16, where white is far higher than theirs."""


def is_beyond(low: float, high: float, slack: float = SLACK) -> bool:
    """Whether some samples are further beyond [0, 1] than by `slack`."""
    return low < -slack or high > 1 + slack


def beyond_words(low: float, high: float, *, mark: str = ":") -> str:
    """Say what a picture has, and what models are made for; `mark` stands before what to do."""
    do = "divide pictures of 8 bits by 255" if high > BRIGHT else "bring them there first"
    return f"has values from {low:.4g} to {high:.4g}, but models were made for 0 to 1{mark} {do}"


def stored_bits(pixels: np.ndarray) -> int | None:
    """Return of how many bits integers of 16 may be, of whose range they use a small part.

    Example:
        >>> stored_bits(np.array([0, 4000], np.uint16)), stored_bits(np.array([65000], np.uint16))
        (12, None)
    """
    most = int(pixels.max()) if pixels.dtype == np.uint16 else 0
    bits = max(most.bit_length(), BITS.start)
    return bits if most and bits in BITS else None


def bits_words(bits: int) -> tuple[str, str]:
    """Say where the samples of `stored_bits` end, and what to do."""
    return (
        f"above {2**bits - 1} of 65535",
        f"if these are {bits}-bit samples, multiply them by {2 ** (16 - bits)} first",
    )


def little_range(pixels: np.ndarray) -> str | None:
    """Say which small part of [0, 1] a picture keeps to: floats, or integers of fewer bits."""
    bits = stored_bits(pixels)
    if bits is not None:
        place, advice = bits_words(bits)
        return f"uses little of its range: none of its samples is {place}; {advice}"
    most = float(pixels.max())
    if pixels.dtype.kind != "f" or not 0 < most <= DIM:
        return None
    return f"uses little of its range: no value is above {most:.3g}, but models know 0 to 1"
