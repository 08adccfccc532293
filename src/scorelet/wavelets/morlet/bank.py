"""Morlet wavelets and their low-pass filters, as real functions of frequency.

Symbols: ω, frequency in radians a pixel, in [-π, π)²; J, number of octaves; L, number of angles;
θ_m = (⌊L/2⌋ - 1 - m) π / L, and 0 for L = 1; e_θ = (cos θ, sin θ), down and to the right, so that
the wave of θ = 0 is made of horizontal stripes, that of π/2 of vertical ones; σ, width of the
Gaussian window in pixels; ξ, centre frequency; s, slant, the window's width along the wave over its
width across. A window and a wavelet are

    ĝ(ω)  = c exp(-σ² (ω_∥² + ω_⊥² / s²) / 2),      ω_∥, ω_⊥: along and across the direction θ
    ψ̂(ω) = ĝ(ω - ξ e_θ) - κ ĝ(ω),                   κ such that ψ̂(0) = 0,

summed over the aliases ω + 2πk, which is what sampling in space does. One octave:

    ψ_{j,θ}: σ = 0.8 · 2^j, ξ = (3π/4) 2^-j, s = 4 / L;     φ_J: σ = 0.8 · 2^{J-1}, ξ = 0, s = 1.

Half octaves (two layers for each octave): φ has σ = 0.8 / √2 in both; ψ of the first has σ = 0.8,
ξ = 3π/4, s = 4 / L; ψ of the second σ = 0.8 √(3/2), ξ = π/√2, slant √(3 s² / (4 - s²)).

References: Bruna, Mallat, IEEE PAMI 2013, arXiv 1203.1513; Andreux et al., JMLR 2020 (Kymatio,
whose filters the octave bank reproduces, their c = π / 3.1415 included); Guth, Zarka, Mallat,
ICLR 2022, arXiv 2110.05283 (half octaves).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.options import checked

Kind = Literal["octave", "half", "second half"]

_GAIN = math.pi / 3.1415
_REACH = 6.5  # deviations: all periods that a Gaussian reaches with them are summed
_ZERO = 8.5  # deviations, beyond which a Gaussian is below float64 rounding of its peak


@dataclass(frozen=True)
class MorletBank:
    """Filters of a periodic grid, at its full resolution.

    Attributes:
        low: φ̂, (height, width).
        bands: ψ̂ for each scale, arrays (angles, height, width).
        kind: octave, half or second half.
    """

    low: np.ndarray
    bands: tuple[np.ndarray, ...]
    kind: Kind = "octave"

    def energy(self) -> np.ndarray:
        """Return A(ω) = |φ̂(ω)|² + ½ Σ (|ψ̂(ω)|² + |ψ̂(-ω)|²), (height, width).

        A bank of energy between a and b changes the squared norm of a real image by a factor
        between a and b.
        """
        power = sum((band**2).sum(0) for band in self.bands)
        mirrored = np.roll(np.flip(power, (0, 1)), 1, (0, 1))
        return self.low**2 + (power + mirrored) / 2


@checked
def morlet_bank(shape: tuple[int, int], scales: int, angles: int = 8) -> MorletBank:
    """Return the bank of `scales` octaves, J, and `angles` angles, L, on a grid of `shape`."""
    check_scales(scales, angles)
    _check_shape(shape)
    directions = angles_of(angles)
    bands = tuple(
        np.stack(
            [morlet(shape, 0.8 * 2**j, 0.75 * np.pi / 2**j, t, 4 / angles) for t in directions]
        )
        for j in range(scales)
    )
    return MorletBank(window(shape, 0.8 * 2.0 ** (scales - 1)), bands)


@checked
def half_octave_bank(
    shape: tuple[int, int], angles: int = 4, *, second: bool = False, full_angles: bool = False
) -> MorletBank:
    """Return a bank of half an octave: the first, or the `second` that completes it.

    Args:
        shape: of the grid.
        angles: L, at least 3, because the slant of the second needs s < 2.
        second: which of the two.
        full_angles: spread the angles over 2π instead of π.
    """
    if not is_whole(angles, least=3):
        raise InputError(f"L is {angles!r}: half octaves need at least 3 angles, a whole number.")
    _check_shape(shape)
    slant, width, centre = 4 / angles, 0.8, 0.75 * np.pi
    if second:
        slant = math.sqrt(3 * slant**2 / (4 - slant**2))
        width, centre = 0.8 * math.sqrt(1.5), np.pi / math.sqrt(2)
    directions = angles_of(angles, full=full_angles)
    band = np.stack([morlet(shape, width, centre, angle, slant) for angle in directions])
    low = window(shape, 0.8 / math.sqrt(2))
    return MorletBank(low, (band,), "second half" if second else "half")


def check_scales(scales: object, angles: object, *, least: int = 0) -> None:
    """Raise InputError unless J (of at least `least`) and L (of at least 1) are whole numbers."""
    if not (is_whole(scales, least=least) and is_whole(angles, least=1)):
        raise InputError(
            f"J is {scales!r} and L is {angles!r}: J must be at least {least} and L at least 1, "
            "both whole numbers."
        )


def angles_of(count: int, *, full: bool = False) -> np.ndarray:
    """Return θ_m in radians, over a half circle; over the full one with 2π for π."""
    span = 2 * np.pi if full else np.pi
    return (int(count / 2 - 1) - np.arange(count)) * span / count


def window(shape: tuple[int, int], width: float) -> np.ndarray:
    """Return φ̂ of an isotropic Gaussian window of σ = `width` pixels, (height, width)."""
    return np.outer(*(window_factor(length, width) for length in shape))


def window_factor(length: int, width: float) -> np.ndarray:
    """Return the one-dimensional φ̂: `window` is the outer product of two."""
    aliases = 2 * np.pi * np.arange(-_aliases(width, 0.0), _aliases(width, 0.0) + 1)
    frequencies = frequency(length)[:, None] + aliases
    return math.sqrt(_GAIN) * np.exp(-((width * frequencies) ** 2) / 2).sum(1)


def morlet(
    shape: tuple[int, int], width: float, centre: float, angle: float, slant: float
) -> np.ndarray:
    """Return ψ̂ on a grid of `shape`, real; see the top of this file for the formula."""
    wave, still = (_gabor(shape, width, c, angle, slant) for c in (centre, 0.0))
    still *= wave[0, 0] / still[0, 0]
    wave -= still
    return wave


def frequency(length: int) -> np.ndarray:
    """Return the frequencies of a grid of `length` in radians a pixel, in the order of an FFT."""
    return 2 * np.pi * np.fft.fftfreq(length)


def _check_shape(shape: tuple[int, int]) -> None:
    if len(shape) != 2 or not all(is_whole(length, least=1) for length in shape):
        raise InputError(f"The grid is {shape!r}: expected (height, width), at least 1 each.")


def _gabor(
    shape: tuple[int, int], width: float, centre: float, angle: float, slant: float
) -> np.ndarray:
    """Return ĝ(ω - ξ e_θ), summed over the aliases: of each only what is not negligible."""
    cosine, sine = math.cos(angle), math.sin(angle)
    count = _aliases(width * min(1, 1 / slant), centre)
    rows, columns = (
        _near(length, count, centre * part, _ZERO / width * math.hypot(part, slant * other))
        for length, part, other in zip(shape, (cosine, sine), (sine, cosine), strict=True)
    )
    result = np.zeros(shape)
    for row, y in rows:
        for column, x in columns:
            along = (width * cosine * y)[:, None] + width * sine * x
            across = (-width / slant * sine * y)[:, None] + width / slant * cosine * x
            along *= along
            across *= across
            along += across
            along /= -2
            result[row, column] += np.exp(along, out=along)
    result *= _GAIN
    return result


def _near(length: int, count: int, middle: float, reach: float) -> list[tuple[slice, np.ndarray]]:
    """Return where an axis and `count` aliases to each side are near `middle`, and how far off."""
    unit = 2 * np.pi / length
    first = max(math.ceil((middle - reach) / unit), -(length // 2) - count * length)
    end = min(math.floor((middle + reach) / unit) + 1, (length + 1) // 2 + count * length)
    found = []
    for start in range(first // length * length, end, length):  # one period after the other
        kept = np.arange(max(first, start), min(end, start + length))
        if len(kept):
            found.append((slice(kept[0] - start, kept[-1] + 1 - start), unit * kept - middle))
    return found


def _aliases(width: float, centre: float) -> int:
    """How many periods of 2π a Gaussian of deviation 1 / width around `centre` reaches."""
    return max(1, math.ceil((_REACH / width + centre - np.pi) / (2 * np.pi)))
