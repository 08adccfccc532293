"""Measure how the noise estimate of a denoiser is biased, on pictures with known noise."""

from collections.abc import Sequence

import numpy as np

from scorelet.analysis.denoising import noisy_pairs
from scorelet.analysis.noise_level import ResidualMeter
from scorelet.data import from_unit
from scorelet.models import Denoiser
from scorelet.tasks.inference import denoise_tiles

Pixels = np.ndarray
LEVELS = (2.0, 5.0, 10.0, 15.0, 25.0, 35.0, 50.0, 75.0, 100.0)


def calibrate(
    denoiser: Denoiser,
    pictures: Sequence[Pixels],
    *,
    bounded: bool,
    levels: Sequence[float] = LEVELS,
) -> list[list[float]]:
    """Return rows [raw / unit, sigma / unit] for `ResidualMeter.sigma`.

    Args:
        denoiser: prepared or not.
        pictures: clean arrays (height, width, channels), other than those of later tests.
        bounded: whether the noisy pictures are cut off and rounded to 8 bits, as files are.
        levels: noise levels in 8-bit units.

    Both are geometric means over pictures, so that errors of a factor up and down weigh alike.
    """
    return [_row(denoiser, pictures, level, bounded) for level in levels]


def _row(
    denoiser: Denoiser, pictures: Sequence[Pixels], level: float, bounded: bool
) -> list[float]:
    logarithms = []
    for _, noisy in noisy_pairs(pictures, level):
        meter = ResidualMeter(bounded=bounded)
        pixels = noisy[0].permute(1, 2, 0).numpy()
        if bounded:
            pixels = from_unit(pixels, "uint8")
        for _, part, clean in denoise_tiles(denoiser, pixels, None):
            meter.add(part, clean)
        logarithms.append(np.log([meter.raw() / meter.unit(), level / 255 / meter.unit()]))
    return np.exp(np.mean(logarithms, axis=0)).tolist()
