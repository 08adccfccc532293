"""Whether the samples of a picture are counts of photons, and the law of noise that grows so.

Symbols: y samples, on a grid of step q; u = y / q counts; a, b of var(u | x) = a x + b, x the mean.

Counts of photons have a = 1 and b = 0, whatever the step that one photon was given. A picture is
taken for counts where its values lie on a grid of whole steps from zero, its noise is white, the
line says so; where all is of about one brightness, near which many a line lies, its slope has to be
1 and the third cumulant the mean, too, as that of the Poisson law is. Samples of a sensor, with a
gain and a pedestal, are told by `scorelet.analysis.sensor_law`. `photon_law` fits the law of
whatever noise grows.
"""

import math
from dataclasses import dataclass

import numpy as np

from scorelet.analysis.block_dct import block_dct, cut
from scorelet.analysis.noise_floor import FAST, MIDDLE, VarianceLine, line_of_blocks
from scorelet.analysis.noise_kind import floor_ratios, noise_kind
from scorelet.analysis.third_cumulant import plain_blocks, third_cumulant

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
SLOPE_ERRORS = 4.0
"""Standard errors of a slope, as they are stated, within which it lies off its true value."""
PRETEST = (0.5, 1.6)
"""Variance of fast details over the mean, in counts, that a quarter of the blocks lies below."""
FLOORS = 2.0
"""Largest variance of the middle details over that of the fast ones."""
LEAST_MEAN = 0.02
"""Counts in a block, so that it is looked at."""
WIDE = 1.7
"""Brightest over darkest blocks from which noise of one level cannot have the mean for variance."""
SKEWED = 0.5
"""Third cumulant over that of photons from which noise is theirs, up to as much above 1..."""
SKEW_ERROR = 0.3
"""...if it is known so well; if not, noise on at most `FEW_PHOTONS` is."""
FEW_PHOTONS = 20.0
"""Mean up to which few would have white noise whose variance is the mean by chance, and neighbours
of zero are better denoised as counts anyway."""


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
    blocks = changing_blocks(pixels, mask) / step
    if len(blocks) < FEW or not _grows_like_counts(blocks):
        return None
    line = line_of_blocks(blocks, FAST, steps=STEPS)
    if line is None or not _is_mean(line):
        return None
    if line.high < WIDE * line.low and not _is_poisson(line, blocks):
        return None
    middle = line_of_blocks(blocks, MIDDLE, steps=STEPS)
    if middle is None or floor_ratios({"middle": middle}, line)["middle"] > FLOORS:
        return None
    return PhotonLaw(step, counts=True)


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


def changing_blocks(pixels: Pixels, mask: np.ndarray | None) -> np.ndarray:
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


def _is_poisson(line: VarianceLine, blocks: np.ndarray) -> bool:
    """Whether slope and third cumulant are those of counts, too, where a line alone may be chance.

    A line of another slope is near the mean about where the two cross, but not beyond.
    """
    if abs(line.a - 1) > max(NEAR, SLOPE_ERRORS * line.a_error):
        return False
    plain = plain_blocks(blocks)
    mean = float(plain.mean())
    cumulant, error = third_cumulant(plain)
    if error > SKEW_ERROR * mean:
        return mean <= FEW_PHOTONS
    return SKEWED * mean < cumulant < (2 - SKEWED) * mean + error


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
