"""Photon noise: a page is made stable, denoised like any other, and brought back.

Symbols: y samples as they are stored, var(y | x) = a x + b; p what they are without light: where b
is negative -b / a, a pedestal; else 0, unless 1 % of the samples are further below 0 than noise of
variance b can bring them: then the least sample, at least -b / a;
f the generalised Anscombe transform of `scorelet.models.anscombe`, whose noise has the level 1.

Pedestal and photons are those of a stack where a page belongs to one, so that all its pages go the
same way. Integers of few photons become 32-bit floats, where whole numbers would lose the result.

The network is shown (f(y - p) - f_0) / w, with f_0 the least and w the width of what there is. Few
counts make few different values, which it takes for a drawing: half a photon of Gaussian noise is
added to counts first, which the law then holds, and taken from them for a second answer, if they
are so few that it costs (`scorelet.models.photon_denoiser`). The mean of the answers goes through
the exact unbiased inverse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from scorelet.analysis.photon_counts import PhotonLaw
from scorelet.data import Picture
from scorelet.models import PoissonGaussianNoise
from scorelet.models.photon_denoiser import (
    DITHER,
    back_from_unit,
    stable_answers,
    unit_span,
    with_dither,
)

Pixels = np.ndarray

COARSE = 4.0
"""What a photon adds to integers, up to which rounding them counts."""
DEEP = 3.0
"""Standard deviations of noise in the dark below which samples have a pedestal."""
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
    """Return the photons of samples that are data, by the law of their noise."""
    pedestal = _pedestal(data, law)
    return Photons(law, pedestal, _mean(data, law, pedestal))


def dimmest(photons: Photons, pages: Sequence[Pixels]) -> Photons:
    """Return the photons of a stack by its page of fewest: whole numbers would lose that one."""
    means = [_mean(data, photons.law, photons.pedestal) for data in pages if data.size]
    return replace(photons, mean=min(means, default=photons.mean))


def _mean(data: Pixels, law: PhotonLaw, pedestal: float) -> float:
    return (float(data.mean(dtype=np.float64)) - pedestal) / law.a


@dataclass(frozen=True)
class StablePage:
    """A page whose noise is white.

    Attributes:
        pages: floats, the least 0 and the largest 1; two with opposite dither, or one.
        sigma: the level of its noise.
        source: the page that it was made of.
        photons: those of the source.
        noise: the law of what was transformed, the dither included.
        low, span: f_0 and w.
        fractions: whether integers become 32-bit floats.
    """

    pages: tuple[Picture, ...]
    sigma: float
    source: Picture
    photons: Photons
    noise: PoissonGaussianNoise
    low: float
    span: float
    fractions: bool = False

    def back(self, images: Sequence[Pixels], strength: float) -> Pixels:
        """Return the page denoised, in the unit of the source, of its dtype or with fractions.

        Args:
            images: `pages`, denoised, (height, width, channels).
            strength: how much of the noise is taken out; masked pixels come back as they were.
        """
        y = self.source.pixels
        answers = torch.from_numpy(np.stack(images).astype(np.float64))
        x = back_from_unit(answers, self.low, self.span, self.noise).numpy()
        x = x + self.photons.pedestal
        mixed = y + strength * (x - y)
        if y.dtype.kind == "u" and not self.fractions:
            mixed = np.rint(np.clip(mixed, 0, self.source.scale))
        if self.source.mask is not None:
            mixed = np.where(self.source.mask[..., None], mixed, y)
        return mixed.astype(np.float32 if self.fractions else y.dtype)

    def level(self) -> float:
        """Return the root mean variance of the noise; integers count as fractions of white.

        Where they become floats, it is in their own unit.
        """
        law, white = self.photons.law, 1.0 if self.fractions else self.source.scale
        mean = float(self.source.unmasked.mean(dtype=np.float64))
        return math.sqrt(max(law.a * mean + law.b, 0.0)) / white

    def said(self) -> tuple[str, ...]:
        """Return what is to be said: whole numbers are coarse beside few photons."""
        if self.source.pixels.dtype.kind != "u" or not self.photons.few:
            return ()
        about = f"{self.photons.mean:.2g} photons on average"
        if self.fractions:
            return (
                f"few photons: the result is 32-bit floating point in the unit of the picture, "
                f"because whole numbers would lose it at {about}",
            )
        return (
            f"few photons: the result is rounded to whole numbers as the picture is, beside "
            f"{about}; write a TIFF file (-o NAME.tif), or give floating point, to keep fractions",
        )


def _pedestal(data: Pixels, law: PhotonLaw) -> float:
    if law.b < 0:
        return -law.b / law.a
    deep = float(np.quantile(data, 0.01)) < -DEEP * math.sqrt(law.b)
    return max(-law.b / law.a, float(data.min())) if deep and law.b else 0.0


def stable_page(page: Picture, photons: Photons, *, fractions: bool = False) -> StablePage:
    """Transform a page, once for each dither; the same page gets the same dither.

    Args:
        page: samples as they are stored; masked ones have no effect.
        photons: its own, or those of its stack.
        fractions: integers of few photons are to become floats, if nothing else has their dtype:
            a page with opacity keeps it.
    """
    law, pedestal = photons.law, photons.pedestal
    fractions &= page.pixels.dtype.kind == "u" and photons.few and page.alpha is None
    dithers = photons.dithers
    above = PoissonGaussianNoise(law.a, max(law.b + law.a * pedestal, 0.0))
    noise = with_dither(above, dithers[0])
    y = torch.from_numpy(page.pixels.astype(np.float64) - pedestal)
    e = np.random.default_rng(0).standard_normal(y.shape) if any(dithers) else np.zeros(())
    stable = stable_answers(y, torch.from_numpy(e), dithers, noise)
    data = stable if page.mask is None else stable[:, torch.from_numpy(page.mask)]
    low, span = float(data.min()), float(unit_span(data.min(), data.max()))
    units = ((stable - low) / span).float().numpy()
    pages = tuple(replace(page, pixels=unit, alpha=None) for unit in units)
    return StablePage(pages, 1 / span, page, photons, noise, low, span, fractions)
