"""What kind of noise a picture has: its level, its dependence on brightness, whether it is white.

The variance is read off DCT coefficients of 8x8 blocks by `scorelet.analysis.noise_floor`: fast
ones (u + v >= 9) for the line a x + b, and three other bands for the test of whiteness: middle
ones, and those that are fast in one direction only. White noise has the same floor in all of them.
Where power is the same within the fast ones, floors are read off the quietest blocks, too, and the
line off quiet ones, by `scorelet.analysis.quiet_blocks`.
Reference for the bands' thresholds: measured, see ``benchmarks/noise_kinds.py``.
"""

from dataclasses import dataclass, replace

import numpy as np

from scorelet.analysis.block_dct import SIDE, SUM, block_dct, cut
from scorelet.analysis.jpeg_grid import jpeg_grid
from scorelet.analysis.noise_floor import FAST, FEWEST, MIDDLE, VarianceLine, line_of_blocks
from scorelet.analysis.quiet_blocks import CORNER, quiet_floors, quiet_line
from scorelet.data import luma

Pixels = np.ndarray

_U, _V = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
BANDS = {
    "middle": MIDDLE,
    "across": (_U <= 2) & (_V >= 4),
    "down": (_V <= 2) & (_U >= 4),
}
"""Coefficients whose floors are compared with that of the fast ones."""
SLOW = (SUM >= 1) & (SUM <= 2)
"""Where the noise of a JPEG of low quality is left: texture lies here, too."""
MOST_BLOCKS = 4000
MOST_QUIET = 20000
"""Blocks among which quiet ones are looked for."""
CUT_OFF = 0.02
"""Share of samples at 0 or 1 up to which a block is used."""
CLEAR = (3.0, 2.0, 1.0)
"""Standard deviations of the noise that the mean of a used block keeps from 0 and 1: the first of
these that leaves a tenth of the blocks."""
_CHI_MEDIAN = 0.4549364
"""Median of the chi-square law of one degree of freedom."""
MIDDLE_LIMIT = 4.0
"""Largest floor of a band over the fast one in white noise under texture."""
SIDES_LIMIT = 1.7
"""The same for the geometric mean of both bands that are fast in one direction."""
LEAST = 0.6
"""Smallest floor of a band in white noise; less means sharpened noise."""
LEVEL = (0.87, 1.12)
"""Power of the fastest coefficients over that of all fast ones, between which the noise is white
as far as the fast ones tell."""
LOST = 20.0
"""Floor of the middle band over the fast one from which the line is read off the middle band: the
fast coefficients then hold next to nothing of the noise."""


@dataclass(frozen=True)
class NoiseKind:
    """The noise of a picture, in its own unit.

    Attributes:
        sigma: root of the mean variance of the noise over the picture.
        a, b: var(y | x) = a x + b, with standard errors.
        low, high: brightness between which that was measured.
        ratios: floors of the bands over that of the fast coefficients; 1 for white noise.
        white: whether the noise is white.
        spectrum: (8, 8), power by DCT frequency in flat blocks, over the mean; 1 for white noise.
        grid: first full block of a JPEG grid that shows in the pixels.
        brightness, variance: means of blocks and of their noise power in groups of flat blocks.
    """

    sigma: float
    a: float
    b: float
    a_error: float
    b_error: float
    low: float
    high: float
    ratios: dict[str, float]
    white: bool
    spectrum: np.ndarray
    grid: tuple[int, int] | None
    brightness: np.ndarray
    variance: np.ndarray


def noise_kind(
    pixels: Pixels, *, bounded: bool = True, mask: np.ndarray | None = None
) -> NoiseKind | None:
    """Measure what kind of noise a picture has.

    Args:
        pixels: (height, width, channels), floats; integers as fractions of white.
        bounded: samples are cut off at 0 and 1, so that blocks near these are left out.
        mask: (height, width), true where samples are data.

    Returns:
        None where too little can be measured: small pictures, painted ones, those of one colour.
    """
    if bounded:
        return _measure(pixels, mask, bounded=True)
    exponent = _exponent(pixels if mask is None else pixels[mask])
    wide = pixels.astype(np.result_type(pixels, np.float32), copy=False)
    kind = _measure(np.ldexp(wide, -exponent), mask, bounded=False)
    return None if kind is None else _scaled(kind, exponent)


def is_cut_off(pixels: Pixels, mask: np.ndarray | None = None) -> bool:
    """Whether most blocks in which anything changes are cut off at 0 or 1.

    Nothing can then be measured. `pixels` and `mask` are those of `noise_kind`.
    """
    blocks = _blocks(pixels, mask)
    changing = int(_usable(blocks, bounded=False).sum())
    whole = int(_usable(blocks, bounded=True).sum())
    return changing >= FEWEST and 2 * whole < changing


def _exponent(samples: Pixels) -> int:
    """Return n such that samples over 2^n are about 1 wide."""
    if not samples.size:
        return 0
    half = samples.max() / 2 - samples.min() / 2  # of numbers near the largest, too
    return int(np.frexp(half)[1]) + 1


def _scaled(kind: NoiseKind, exponent: int) -> NoiseKind:
    """Return noise of pictures that are 2^exponent as strong; what overflows is infinite."""
    once, twice = ("sigma", "a", "a_error", "low", "high"), ("b", "b_error")
    with np.errstate(over="ignore", under="ignore"):
        changes = {name: float(np.ldexp(getattr(kind, name), exponent)) for name in once}
        changes |= {name: float(np.ldexp(getattr(kind, name), 2 * exponent)) for name in twice}
        return replace(
            kind,
            **changes,
            brightness=np.ldexp(kind.brightness, exponent),
            variance=np.ldexp(kind.variance, 2 * exponent),
        )


def _blocks(pixels: Pixels, mask: np.ndarray | None) -> np.ndarray:
    """Return the blocks (n, 8, 8) that are data everywhere."""
    blocks = cut(pixels)
    if mask is None:
        return blocks
    return blocks[np.tile(cut(mask[..., None]).all((1, 2)), pixels.shape[2])]


def _measure(pixels: Pixels, mask: np.ndarray | None, *, bounded: bool) -> NoiseKind | None:
    blocks = _blocks(pixels, mask)
    if not len(blocks):
        return None
    used = _usable(blocks, bounded=bounded)
    first = _line(blocks, used, FAST, steps=30)
    if first is None:
        return None
    if bounded:
        used = _clear(used, blocks.mean((1, 2)), first)
    line = _line(blocks, used, FAST, start=first)
    if line is None:
        return None
    grid = jpeg_grid(_brightness(pixels)) if bounded else None
    lines = {name: _line(blocks, used, band, steps=25) for name, band in BANDS.items()}
    many = blocks[_chosen(used, MOST_QUIET)]
    ratios, level = _ratios(many, lines, line)
    white = grid is None and is_white(ratios)
    level = white or (level and grid is None and ratios.get("middle", 0) <= LOST)
    band = FAST
    if level:
        line = quiet_line(many, line)
    else:
        line, band = _strongest(blocks, used, line, lines, ratios, grid)
    return _kind(blocks[_chosen(used)], line, band, ratios, level=level, white=white, grid=grid)


def _ratios(
    blocks: np.ndarray, lines: dict[str, VarianceLine | None], line: VarianceLine
) -> tuple[dict[str, float], bool]:
    """Return the floors of `BANDS`, and whether power is the same within the fast coefficients.

    If so, nothing says that noise is alike in neighbours, and floors are those of the quietest
    blocks where these are lower: what is more is texture.
    """
    ratios = floor_ratios(lines, line)
    quiet = quiet_floors(blocks, line, BANDS | {"corner": CORNER})
    if not LEVEL[0] < quiet["corner"] < LEVEL[1]:
        return ratios, False
    return {name: min(ratio, max(1.0, quiet[name])) for name, ratio in ratios.items()}, True


def _strongest(
    blocks: np.ndarray,
    used: np.ndarray,
    fast: VarianceLine,
    lines: dict[str, VarianceLine | None],
    ratios: dict[str, float],
    grid: tuple[int, int] | None,
) -> tuple[VarianceLine, np.ndarray]:
    """Return the line and the band that it was read off, where noise is not white."""
    line, band, middle = fast, FAST, lines["middle"]
    if ratios.get("middle", 0) > LOST and middle is not None:
        line, band = middle, BANDS["middle"]
    slow = None if grid is None else _line(blocks, used, SLOW, steps=25)
    if slow is not None and slow.variance(fast.middle) > LOST * line.variance(fast.middle):
        line, band = slow, SLOW  # what a JPEG rounds to zero in flat places
    return line, band


def _brightness(pixels: Pixels) -> np.ndarray:
    gray = pixels if pixels.shape[2] == 1 else luma(pixels)
    return gray[..., 0]


def floor_ratios(lines: dict[str, VarianceLine | None], fast: VarianceLine) -> dict[str, float]:
    """Return the variance in bands over that of the fast coefficients, at its middle brightness.

    Args:
        lines: of `BANDS`, by their names; those without a line are left out.
        fast: of the fast coefficients.
    """
    level = fast.variance(fast.middle)
    found = {name: line for name, line in lines.items() if line is not None}
    return {name: float((line.variance(fast.middle) / level)[0]) for name, line in found.items()}


def is_white(ratios: dict[str, float]) -> bool:
    """Whether `floor_ratios` are those of white noise; not where one of `BANDS` is missing.

    Texture raises the middle band more than the two that are fast in one direction; noise that is
    correlated raises all, or one of these far more.
    """
    if len(ratios) < len(BANDS):
        return False
    across, down, middle = ratios["across"], ratios["down"], ratios["middle"]
    sides = float(np.sqrt(across * down))
    if min(across, down, middle) < LEAST:
        return False
    return sides < SIDES_LIMIT and max(across, down, middle) < MIDDLE_LIMIT


def _usable(blocks: np.ndarray, *, bounded: bool) -> np.ndarray:
    """Whether blocks have any change, and are not cut off at 0 or 1."""
    used = np.ptp(blocks, axis=(1, 2)) > 0
    if bounded:
        used &= ((blocks <= 0) | (blocks >= 1)).mean((1, 2)) < CUT_OFF
    return used


def _clear(used: np.ndarray, mean: np.ndarray, line: VarianceLine) -> np.ndarray:
    """Leave out blocks so dark or bright that their noise is cut off."""
    sigma = np.sqrt(line.variance(mean))
    for clear in CLEAR:
        left = used & (mean > clear * sigma) & (mean < 1 - clear * sigma)
        if left.sum() >= max(200, 0.1 * used.sum()):
            return left
    return used


def _chosen(used: np.ndarray, most: int = MOST_BLOCKS) -> np.ndarray:
    """Return the numbers of at most so many blocks, evenly spread."""
    found = np.flatnonzero(used)
    return found[np.linspace(0, len(found) - 1, min(len(found), most)).astype(int)]


def _line(
    blocks: np.ndarray,
    used: np.ndarray,
    band: np.ndarray,
    *,
    steps: int = 60,
    start: VarianceLine | None = None,
) -> VarianceLine | None:
    chosen = blocks[_chosen(used)] if used.any() else blocks[:0]
    return line_of_blocks(chosen, band, steps=steps, start=start)


def _kind(
    blocks: np.ndarray,
    line: VarianceLine,
    band: np.ndarray,
    ratios: dict[str, float],
    *,
    level: bool,
    white: bool,
    grid: tuple[int, int] | None,
) -> NoiseKind:
    """Gather what was found, with the spectrum and the points of the line from quiet blocks.

    With `level` noise has the power of the fast coefficients in all.
    """
    mean = blocks.mean((1, 2))
    relative = block_dct(blocks) ** 2 / line.variance(mean)[:, None, None]
    spectrum = _spectrum(relative, line, band)
    share = 1.0 if level else float(spectrum.mean())
    brightness, ratio = _points(mean, relative, band)
    return NoiseKind(
        sigma=float(np.sqrt(share * line.variance(mean).mean())),
        a=share * line.a,
        b=share * line.b,
        a_error=share * line.a_error,
        b_error=share * line.b_error,
        low=line.low,
        high=line.high,
        ratios=ratios,
        white=white,
        spectrum=spectrum / spectrum.mean(),
        grid=grid,
        brightness=brightness,
        variance=share * line.variance(brightness) * ratio,
    )


def _spectrum(relative: np.ndarray, line: VarianceLine, band: np.ndarray) -> np.ndarray:
    """Return the power by frequency in flat blocks, over that of the band that was fitted.

    The three slowest coefficients hold gradients, which are everywhere: they get the mean of the
    next three, unless the slow band was fitted itself.
    """
    if band is SLOW:  # in the rest the JPEG has kept texture rather than noise
        rest = relative[:, SUM >= 3].mean(1)
        spectrum = relative[rest <= np.median(rest)].mean(0)
        spectrum[0, 0] = spectrum[0, 1:3].mean()
        return spectrum
    flat = line.flat >= np.quantile(line.flat, 0.75)
    spectrum = np.median(relative[flat], 0) / _CHI_MEDIAN
    spectrum[SUM <= 1] = spectrum[SUM == 2].mean()
    return spectrum


def _points(
    mean: np.ndarray, relative: np.ndarray, band: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return brightness and power in the band, over that of the line, of blocks in 12 groups.

    They are the quarter of each group with the least power outside the band, which biases nothing.
    """
    rest = relative[:, ~band & (SUM >= 2)].mean(1)
    power = relative[:, band].mean(1)
    groups = [part for part in np.array_split(np.argsort(mean), 12) if len(part)]
    quiet = [part[np.argsort(rest[part])[: max(1, len(part) // 4)]] for part in groups]
    points = np.array([(mean[part].mean(), power[part].mean()) for part in quiet])
    return points[:, 0], points[:, 1]
