"""The law of the noise of a sensor's integers, which have a gain and a pedestal.

Symbols: y samples; a, b of var(y | x) = a x + b, x the mean.

Noise of a sensor is white, and plainly grows with brightness. Where a picture is so evenly bright
that it hardly can, texture makes lines as steep; but the third cumulant of photons of gain a is a
times their variance, and that of Gaussian noise is 0.
"""

import numpy as np

from scorelet.analysis.block_dct import block_dct
from scorelet.analysis.noise_floor import FAST, FEWEST, VarianceLine, line_of_blocks
from scorelet.analysis.noise_kind import BANDS, floor_ratios, is_white
from scorelet.analysis.photon_counts import (
    SKEW_ERROR,
    SKEWED,
    SLOPE_ERRORS,
    STEPS,
    PhotonLaw,
    changing_blocks,
    photon_law,
)
from scorelet.analysis.third_cumulant import plain_blocks, third_cumulant

Pixels = np.ndarray

GROWS = 1.3
"""Variance of fast details in bright blocks over that in dark ones, so that a line is fitted."""
STEEP = 15.0
"""Slope over its error of a sensor: in white noise of 15 and more on pictures it was at most 14."""
DOUBLED = 2.0
"""Variance at the bright end over that at the dark one, below which a slope alone says little."""
CLEAR = 4.0
"""Standard deviations of noise that the mean of a block keeps from 0 and white, where nothing may
be cut off."""
BURNT = 0.05
"""Share of samples at white above which noise of a sensor is not looked for in colours: it is cut
off there, which its transform does not know."""


def sensor_law(pixels: Pixels, mask: np.ndarray | None = None) -> PhotonLaw | None:
    """Return the law of integers of a sensor: of a gain, above a pedestal; None: others.

    Their noise is white, and grows with brightness far beyond the errors of its line; where it
    does not double, its third cumulant is that of photons, too. Blocks that touch 0 or the largest
    number of the dtype are left out; of colours of which much is that, nothing is said.

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
    blocks = changing_blocks(pixels, inside)
    if len(blocks) < FEWEST:
        return None
    line = line_of_blocks(blocks, FAST, steps=STEPS)
    if line is None or not (_doubles(line, blocks) or _is_of_photons(line, blocks, white)):
        return None
    lines = {name: line_of_blocks(blocks, band, steps=STEPS) for name, band in BANDS.items()}
    return photon_law(pixels, inside) if is_white(floor_ratios(lines, line)) else None


def _grows(blocks: np.ndarray) -> bool:
    """Whether fast details have more variance in the brightest third of blocks than in the darkest.

    Blocks of little texture decide.
    """
    power = (block_dct(blocks) ** 2)[:, FAST].mean(1)
    dark, _, bright = np.array_split(power[np.argsort(blocks.mean((1, 2)))], 3)
    return float(np.quantile(bright, 0.25)) > GROWS * float(np.quantile(dark, 0.25))


def _doubles(line: VarianceLine, blocks: np.ndarray) -> bool:
    """Whether the variance plainly grows, to twice what it is where it is dark."""
    dark, bright = (line.a * x + line.b for x in (line.low, line.high))
    return line.a > STEEP * line.a_error and bright > DOUBLED * dark and _grows(blocks)


def _is_of_photons(line: VarianceLine, blocks: np.ndarray, white: int) -> bool:
    """Whether both the slope and the third cumulant are those of photons: a times their variance.

    Where the cumulant is known well, a slope of a few errors will do. Noise that is cut off would
    have both, so that blocks near 0 and white are left out.
    """
    mean = blocks.mean((1, 2))
    clear = CLEAR * np.sqrt(line.variance(mean))
    kept = blocks[(mean > clear) & (mean < white - clear)]
    again = line_of_blocks(kept, FAST, steps=STEPS) if len(kept) else None
    if again is None or not again.a > SLOPE_ERRORS * again.a_error:
        return False
    plain = plain_blocks(kept)
    expected = again.a * float(again.variance(plain.mean((1, 2))).mean())
    cumulant, error = third_cumulant(plain)
    known = error < SKEW_ERROR * expected or again.a > STEEP * again.a_error
    return known and abs(cumulant - expected) < SKEWED * expected + 2 * error
