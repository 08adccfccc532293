"""Measure how the noise estimate of a denoiser is biased, on pictures with known noise."""

from collections.abc import Sequence

import numpy as np

from scorelet.analysis.noise_level import ResidualMeter
from scorelet.models import Denoiser
from scorelet.tasks.evaluate import noisy_pairs
from scorelet.tasks.inference import denoise_tiles

Pixels = np.ndarray
LEVELS = (2.0, 5.0, 10.0, 15.0, 25.0, 35.0, 50.0, 75.0, 100.0)


def calibrate(
    denoiser: Denoiser, pictures: Sequence[Pixels], *, levels: Sequence[float] = LEVELS
) -> list[list[float]]:
    """Return rows [raw, sigma] in [0, 1] units for `ResidualMeter.sigma`.

    Args:
        denoiser: prepared or not.
        pictures: clean arrays (height, width, channels), other than those of later tests.
        levels: noise levels in 8-bit units.

    The raw estimate of a level is the geometric mean over pictures, so that errors of a factor up
    and down weigh alike.
    """
    return [[_raw(denoiser, pictures, level), level / 255] for level in levels]


def _raw(denoiser: Denoiser, pictures: Sequence[Pixels], level: float) -> float:
    logarithms = []
    for _, noisy in noisy_pairs(pictures, level):
        meter = ResidualMeter(bounded=False)
        pixels = noisy[0].permute(1, 2, 0).numpy()
        for _, part, clean in denoise_tiles(denoiser, pixels, None):
            meter.add(part, clean)
        logarithms.append(np.log(meter.raw()))
    return float(np.exp(np.mean(logarithms)))
