"""Whether the samples of a picture are counts of photons, and the law of noise that grows so.

Symbols: y samples, on a grid of step q; u = y / q counts; a, b of var(u | x) = a x + b, x the mean.

Counts of photons have a = 1 and b = 0, whatever the step that one photon was given. A picture is
taken for counts where its values lie on a grid of whole steps from zero, its noise is white, the
line says so; where all is of about one brightness, on which any line fits, the third cumulant has
to be the mean, too, as that of the Poisson law is. Samples of a sensor, with a gain and a pedestal,
are told by noise that plainly grows with brightness (`sensor_law`). `photon_law` fits the law of
whatever noise grows.
"""

import math
from dataclasses import dataclass

import numpy as np

from scorelet.analysis.block_dct import block_dct, cut
from scorelet.analysis.noise_floor import FAST, FEWEST, MIDDLE, VarianceLine, line_of_blocks
from scorelet.analysis.noise_kind import BANDS, floor_ratios, is_white, noise_kind

Pixels = np.ndarray

BLOCKS = 1500
"""About how many blocks are looked at."""
SAMPLES = 1 << 17
"""About how many samples the grid is read off."""
STEPS = 20
"""Of the fit of a line."""
FEW = 4
"""Values that a picture of counts has at least."""
NEAR = 0.2
"""How far the line may lie from the mean x, as a share of x..."""
DARK = 0.25
"""...or of so much of the brightest: of the dark end no photon fell into some blocks, which are not
looked at, and the line dips."""
PRETEST = (0.5, 1.6)
"""Variance of fast details over the mean, in counts, that a quarter of the blocks lies below."""
FLOORS = 2.0
"""Largest variance of the middle details over that of the fast ones."""
LEAST_MEAN = 0.02
"""Counts in a block, so that it is looked at."""
WIDE = 1.7
"""Brightest over darkest blocks from which noise of one level cannot have the mean for variance."""
SKEWED = 0.5
"""Third cumulant over the mean from which noise is that of photons..."""
SKEW_ERROR = 0.3
"""...if it is known so well; if not, noise on at most `FEW_PHOTONS` is."""
CUBES = (36 * 15 - 120 * 3.984 + 100 * 0.906 + 96 * 0.45075) / 36
"""Variance of the mean of n cubes of contrasts in blocks of 6x6 of them, times n / variance^3."""
FEW_PHOTONS = 20.0
"""Mean up to which few would have white noise whose variance is the mean by chance, and neighbours
of zero are better denoised as counts anyway."""
GROWS = 1.3
"""Variance of fast details in bright blocks over that in dark ones, so that a line is fitted."""
SENSOR = (15.0, 2.0)
"""Slope over its error, and variance at the bright end over that at the dark one, of a sensor: in
white noise on pictures the slope was at most 9 times its error."""
BURNT = 0.05
"""Share of samples at white above which noise of a sensor is not looked for in colours: it is cut
off there, which its transform does not know."""


@dataclass(frozen=True)
class PhotonLaw:
    """var(y | x) = a x + b in the unit of the samples as they are stored.

    Attributes:
        a: what one photon adds; above zero.
        b: variance in the dark; negative where x has a pedestal of -b / a.
        counts: whether samples are whole counts, in steps of about a.
    """

    a: float
    b: float = 0.0
    counts: bool = False


def photon_counts(pixels: Pixels, mask: np.ndarray | None = None) -> PhotonLaw | None:
    """Return the law of counts of photons, or None: samples are something else.

    Args:
        pixels: (height, width, channels), as they are stored, of integers or floats.
        mask: (height, width), true where samples are data.
    """
    step = grid_step(pixels if mask is None else pixels[mask])
    if step is None:
        return None
    blocks = _blocks(pixels, mask) / step
    if len(blocks) < FEW or not _grows_like_counts(blocks):
        return None
    line = line_of_blocks(blocks, FAST, steps=STEPS)
    if line is None or not _is_mean(line):
        return None
    if line.high < WIDE * line.low and not _is_skewed(blocks):
        return None
    middle = line_of_blocks(blocks, MIDDLE, steps=STEPS)
    if middle is None or floor_ratios({"middle": middle}, line)["middle"] > FLOORS:
        return None
    return PhotonLaw(step, counts=True)


def sensor_law(pixels: Pixels, mask: np.ndarray | None = None) -> PhotonLaw | None:
    """Return the law of integers of a sensor: of a gain, above a pedestal; None: others.

    Their noise is white, and grows with brightness far beyond the errors of its line. Blocks that
    touch 0 or the largest number of the dtype are left out; of colours of which much is that,
    nothing is said.

    Args:
        pixels: (height, width, channels), integers as they are stored.
        mask: as for `photon_counts`.
    """
    white = np.iinfo(pixels.dtype).max
    data = pixels if mask is None else pixels[mask]
    if not data.size or (pixels.shape[2] > 1 and (data == white).mean() > BURNT):
        return None
    whole = np.asarray(((pixels > 0) & (pixels < white)).all(2))
    inside = whole if mask is None else np.logical_and(whole, mask)
    blocks = _blocks(pixels, inside)
    if len(blocks) < FEWEST or not _grows(blocks):
        return None
    line = line_of_blocks(blocks, FAST, steps=STEPS)
    if line is None or not _grows_plainly(line):
        return None
    lines = {name: line_of_blocks(blocks, band, steps=STEPS) for name, band in BANDS.items()}
    return photon_law(pixels, inside) if is_white(floor_ratios(lines, line)) else None


def photon_law(pixels: Pixels, mask: np.ndarray | None = None) -> PhotonLaw | None:
    """Return the law of samples whose noise grows with brightness: counts, or the line of a fit.

    Args:
        pixels, mask: as for `photon_counts`.

    Returns:
        None where too little can be measured, or the noise does not grow.
    """
    counts = photon_counts(pixels, mask)
    if counts is not None:
        return counts
    kind = noise_kind(pixels.astype(np.float64), bounded=False, mask=mask)
    if kind is None or not kind.a > 0:
        return None
    return PhotonLaw(kind.a, kind.b, counts=is_coarse(pixels, mask, kind.a))


def is_coarse(pixels: Pixels, mask: np.ndarray | None, a: float) -> bool:
    """Whether samples lie on a grid of steps of half a photon, a / 2, or more, from any start."""
    samples = pixels if mask is None else pixels[mask]
    step = grid_step(samples - samples.min())
    return step is not None and step >= a / 2


def grid_step(samples: Pixels) -> float | None:
    """Return the step q of which all samples are whole multiples, or None.

    Negative samples are no counts, and neither are fewer than `FEW` different values, nor floats
    whose steps are so many that any number is nearly one of them.
    """
    some = samples.ravel()[:: max(1, samples.size // SAMPLES)]
    values = np.unique(some)
    if len(values) < FEW or not np.isfinite(values).all() or values[0] < 0:
        return None
    if values.dtype.kind != "f":
        return float(np.gcd.reduce(values.astype(np.int64)))
    if len(values) > some.size / FEW:
        return None
    exact = values.astype(np.float64)
    step = float(np.diff(exact).min())
    rounding = float(np.finfo(values.dtype).eps) * exact[-1] / step
    whole = np.abs(exact / step - np.rint(exact / step))
    return step if whole.max() < 0.01 + 4 * rounding < 0.1 else None


def _blocks(pixels: Pixels, mask: np.ndarray | None) -> np.ndarray:
    """Return about `BLOCKS` blocks (n, 8, 8) in which all is data and something changes."""
    blocks = cut(pixels)
    inside = np.ones(len(blocks), bool)
    if mask is not None:
        inside = np.tile(cut(mask[..., None]).all((1, 2)), pixels.shape[2])
    chosen = np.flatnonzero(inside)
    chosen = chosen[:: max(1, math.ceil(len(chosen) / BLOCKS))]
    found = blocks[chosen].astype(np.float64)
    return found[np.ptp(found, axis=(1, 2)) > 0]


def _is_mean(line: VarianceLine) -> bool:
    """Whether a line is the mean itself, between its ends."""
    x = np.array([line.low, *line.middle, line.high])
    return bool((np.abs(line.variance(x) - x) < NEAR * np.maximum(x, DARK * line.high)).all())


def _is_skewed(blocks: np.ndarray) -> bool:
    """Whether the third cumulant of the noise is about the mean, by a contrast of neighbours.

    r = (4 y - the four neighbours) / sqrt(20) has the variance of white noise, and (4^3 - 4) /
    20^1.5 times its third cumulant. The standard error is that of Gaussian noise: of two r with the
    correlation c the cubes have the covariance 9 c + 6 c^3, c = -0.4, 0.1 and 0.05 beside, across
    the corner and two apart.
    """
    inner = slice(1, -1)
    around = (
        *(blocks[:, :-2, inner], blocks[:, 2:, inner]),
        *(blocks[:, inner, :-2], blocks[:, inner, 2:]),
    )
    r = (4 * blocks[:, inner, inner] - sum(around)) / math.sqrt(20)
    unit = 60 / 20**1.5 * float(blocks.mean())
    error = math.sqrt(CUBES / r.size) * float((r**2).mean()) ** 1.5 / unit
    if error > SKEW_ERROR:
        return float(blocks.mean()) <= FEW_PHOTONS
    return float((r**3).mean()) / unit > SKEWED


def _grows(blocks: np.ndarray) -> bool:
    """Whether fast details have more variance in the brightest third of blocks than in the darkest.

    Blocks of little texture decide.
    """
    power = (block_dct(blocks) ** 2)[:, FAST].mean(1)
    dark, _, bright = np.array_split(power[np.argsort(blocks.mean((1, 2)))], 3)
    return float(np.quantile(bright, 0.25)) > GROWS * float(np.quantile(dark, 0.25))


def _grows_plainly(line: VarianceLine) -> bool:
    dark, bright = (line.a * x + line.b for x in (line.low, line.high))
    return line.a > SENSOR[0] * line.a_error and bright > SENSOR[1] * dark


def _grows_like_counts(blocks: np.ndarray) -> bool:
    """Whether the variance of fast details is about the mean, where it is dark and where bright."""
    mean = blocks.mean((1, 2))
    order = np.argsort(mean)
    order = order[mean[order] > LEAST_MEAN]
    if len(order) < FEW:
        return False
    power = (block_dct(blocks[order]) ** 2)[:, FAST].mean(1)
    halves = np.array_split(power / mean[order], 2)
    return all(PRETEST[0] < float(np.quantile(half, 0.25)) < PRETEST[1] for half in halves)
