"""One channel that is noisier than the others: blue in lamp light and in old slides.

Symbols: σ_k the level of channel k, the quantile 0.1 of `LocalNoise.fine` over the squares that no
channel has cut off. It is that of the noise where texture leaves some squares free. It is noise if
it is everywhere, and white if the next scale has the same: details of pictures grow with the scale.
"""

from dataclasses import dataclass

import numpy as np

from scorelet.analysis.local_noise import CUT_OFF, SCATTER, LocalNoise

Pixels = np.ndarray

FEWEST = 9
"""Squares with which something is said."""
RATIO = 2.7
"""Noise of the channel over the root mean square of the others; equal noise has at most 1.2."""
USUAL = 1.5
"""The same of medians over all squares: beside a quiet frame the quantile is not of the noise."""
EVEN, WHITE = 0.6, 1.2
"""Its noise is everywhere: so large is σ at least, of the median. It is white: so large is its
quietest tenth one scale up at most, of σ. Strong noise has 0.7 and more, and 0.8 to 1.2.
"""
MOST_CUT_OFF = 0.4
"""Share of the samples of each channel at 0 or 1 up to which repetition tells noise."""
FAINTEST, STEPS = 3 / 255, 3
"""Least noise of the channel, relative to the range of brightness, and in steps of integers."""


@dataclass(frozen=True)
class ChannelNoise:
    """Noise of which one channel has far more than the others.

    Attributes:
        noisiest: its number.
        levels: σ of all channels.
    """

    noisiest: int
    levels: Pixels


def channel_noise(noise: LocalNoise, step: float = 0.0) -> ChannelNoise | None:
    """Find a channel that is far noisier than the others; None where there is none.

    Args:
        noise: what `local_noise` found.
        step: of integers, in the unit of [0, 1] images; 0: samples are floats.
    """
    known = seen = np.isfinite(noise.fine).all(2)
    if step:
        if np.nanmean(noise.cut_off, (0, 1)).max() > MOST_CUT_OFF:
            return None
        known = seen & (noise.cut_off < CUT_OFF).all(2)
    if noise.fine.shape[2] == 1 or known.sum() < FEWEST:
        return None
    levels = np.quantile(noise.fine[known], 0.1, axis=0)
    noisiest = int(levels.argmax())
    most = levels[noisiest]
    least = max(FAINTEST * float(np.ptp(noise.middle[known])), STEPS * step)
    if most <= least or _over_others(levels, noisiest) < RATIO:
        return None
    if _over_others(np.median(noise.fine[seen], axis=0), noisiest) < USUAL:
        return None
    fine, coarse = noise.fine[known][:, noisiest], noise.coarse[known][:, noisiest]
    if most < EVEN * np.median(fine) or np.nanquantile(coarse, 0.1) > WHITE * most:
        return None
    return ChannelNoise(noisiest, levels / (1 - 1.2816 * SCATTER))


def _over_others(levels: Pixels, channel: int) -> float:
    """Return the level of a channel over the root mean square of the others."""
    others = np.sqrt(np.mean(np.delete(levels, channel) ** 2))
    return float(levels[channel] / others) if others else np.inf
