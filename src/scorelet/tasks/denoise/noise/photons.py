"""The photons of a page: the law of their noise, what lies below them, and how many they are.

Symbols: y samples as they are stored, var(y | x) = a x + b; p what they are without light: where b
is negative -b / a, a pedestal; else 0, unless 1 % of the samples are further below 0 than noise of
variance b can bring them: then the least sample, at least -b / a.

Pedestal and photons are those of a stack where a page belongs to one, so that all its pages go the
same way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scorelet.analysis.photon_counts import PhotonLaw
from scorelet.models.photon_denoiser import DITHER

Pixels = np.ndarray

COARSE = 4.0
"""What a photon adds to integers, up to which rounding them counts."""
DEEP = 3.0
"""Standard deviations of noise in the dark below which samples have a pedestal."""
BELOW = 2.0
"""Photons below a pedestal at which it is none."""
FEW_PHOTONS = 20.0
"""Photons on average, from which it does not, and from which dither adds less than an eightieth to
the variance."""


@dataclass(frozen=True)
class Photons:
    """The photons of a page, or of a stack of pages.

    Attributes:
        law: of their noise.
        pedestal: p.
        mean: photons on average, above the pedestal; of a stack on its dimmest page.
    """

    law: PhotonLaw
    pedestal: float
    mean: float

    @property
    def few(self) -> bool:
        """Whether rounding to whole numbers costs more than the noise that denoising leaves."""
        return self.law.a <= COARSE and self.mean <= FEW_PHOTONS

    @property
    def dithers(self) -> tuple[float, ...]:
        """Standard deviations of what is added to the samples, with signs, for each answer."""
        if not self.law.counts:
            return (0.0,)
        dither = self.law.a * DITHER
        return (dither, -dither) if self.mean <= FEW_PHOTONS else (dither,)


def photons_of(data: Pixels, law: PhotonLaw) -> Photons:
    """Return the photons of samples that are data, by the law of their noise.

    Below a pedestal there is no noise, and so no samples: where there are, by `BELOW` photons or
    more, the line is that of some other noise, and b is 0.
    """
    if law.b < 0 and float(np.quantile(data, 0.01)) < -law.b / law.a - BELOW * law.a:
        law = replace(law, b=0.0)
    pedestal = _pedestal(data, law)
    return Photons(law, pedestal, _mean(data, law, pedestal))


def dimmest(photons: Photons, pages: Sequence[Pixels]) -> Photons:
    """Return the photons of a stack by its page of fewest: whole numbers would lose that one."""
    means = [_mean(data, photons.law, photons.pedestal) for data in pages if data.size]
    return replace(photons, mean=min(means, default=photons.mean))


def _mean(data: Pixels, law: PhotonLaw, pedestal: float) -> float:
    return (float(data.mean(dtype=np.float64)) - pedestal) / law.a


def _pedestal(data: Pixels, law: PhotonLaw) -> float:
    if law.b < 0:
        return -law.b / law.a
    deep = float(np.quantile(data, 0.01)) < -DEEP * math.sqrt(law.b)
    return max(-law.b / law.a, float(data.min())) if deep and law.b else 0.0
