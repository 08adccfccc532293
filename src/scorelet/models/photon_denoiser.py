"""Denoisers of white noise on photons: between the Anscombe transform and its inverse.

Symbols: y data in physical units, f the generalised Anscombe transform and its inverse as in
`scorelet.models.anscombe`, g a denoiser of white noise, e dither: Gaussian noise of half a photon.

Few photons make few different values, which a network that was trained on drawn pages, too, takes
for their patterns; so e is added first. That alone costs: at 2 photons the variance grows by an
eighth. The mean of two estimates with opposite dither,

    D = (g(f(y + e)) + g(f(y - e))) / 2,

is free of all that is odd in e, to first order of all of it, and as -e has the law of e, D has the
expectation of either: the exact unbiased inverse stays the same.

References: Makitalo, Foi 2013, Optimal inversion of the generalized Anscombe transformation for
Poisson-Gaussian noise, IEEE TIP 22, section II; Hammersley, Morton 1956, A new Monte Carlo
technique: antithetic variates, Mathematical Proceedings of the Cambridge Philosophical Society 52.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.anscombe import anscombe, check_photons, inverse_anscombe
from scorelet.models.denoiser import Denoiser, Locality
from scorelet.models.sensor_noise import PoissonGaussianNoise

DITHER = 0.5
"""Standard deviation, in photons, of what is added to counts, so that their few values do not look
like a drawing."""


def with_dither(noise: PoissonGaussianNoise, dither: float) -> PoissonGaussianNoise:
    """Return the law of data to which e of this standard deviation, in their unit, was added."""
    return PoissonGaussianNoise(noise.a, noise.b + dither**2)


def stable_answers(
    y: Tensor, e: Tensor, dithers: Sequence[float], noise: PoissonGaussianNoise
) -> Float[Tensor, "answers ..."]:
    """Return f(y + dither e) for each dither.

    Args:
        y: data.
        e: standard normal numbers that broadcast with y.
        dithers: standard deviations with signs, in the unit of y.
        noise: the law `with_dither`.
    """
    return torch.stack([anscombe(y + dither * e, noise) for dither in dithers])


def unit_span(low: Tensor, high: Tensor) -> Tensor:
    """Return w, by which (f - low) / w lies in [0, 1]: at least the deviation of the noise, 1."""
    return (high - low).clamp(min=1.0)


def back_from_unit(
    answers: Tensor, low: Tensor | float, span: Tensor | float, noise: PoissonGaussianNoise
) -> Tensor:
    """Return data from denoised (f - low) / w, one after the other along the first axis: D."""
    return inverse_anscombe(answers.mean(0) * span + low, noise)


class PoissonGaussianDenoiser(Denoiser):
    """A denoiser of white noise, used on data of Poisson-Gaussian noise in physical units.

    It transforms y by `anscombe`, brings what `low` to `high` become to [0, 1], where the noise has
    the level 1 / (f(high) - f(low)), denoises, and takes the exact unbiased inverse. Data may be
    photon counts (a = 1, b = 0) as floats, in any range.

    Args:
        denoiser: of white noise, blind or not.
        noise: the law of the data; a > 0.
        low, high: range of the clean signal in the unit of the data, which becomes [0, 1]; None:
            that of each image, its smallest and largest noisy value. With both given and no dither,
            tiles give what the whole image gives.
        dither: standard deviation of e, in photons; b grows by (a dither)^2, so that the law stays
            exact. The denoiser is then called twice, with e and -e. 0: once, without.
        seed: of the dither, which is a function of it and of the size of an image.

    Raises:
        InputError: a = 0, low is not below high, or a negative dither; when called: data whose
            smallest or largest value is wanted and is not finite.
    """

    blind = True

    def __init__(
        self,
        denoiser: Denoiser,
        noise: PoissonGaussianNoise,
        *,
        low: float | None = None,
        high: float | None = None,
        dither: float = DITHER,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_photons(noise)
        if low is not None and high is not None and not low < high:
            raise InputError(f"low is {low} and high is {high}: low must be below high.")
        if not 0 <= dither < math.inf:
            raise InputError(f"dither is {dither}: it must be zero or a positive number.")
        self.denoiser, self.low, self.high = denoiser, low, high
        self.dither, self.seed = noise.a * dither, seed
        self.noise = with_dither(noise, self.dither)
        self.channels = denoiser.channels
        self.know_classes_of(denoiser)
        self.conditional, self.needs_cond = denoiser.conditional, denoiser.needs_cond
        self.locality = denoiser.locality
        if low is None or high is None or dither:
            self.locality = Locality()

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        stable = self._stable(y)
        low = self._end(self.low, stable.amin((0, 2, 3, 4)))
        high = self._end(self.high, stable.amax((0, 2, 3, 4)))
        span = unit_span(low, high)
        if not bool(span.isfinite().all()):
            raise InputError("The data hold NaN or infinite values: replace them first.")
        offset, unit = low[:, None, None, None], span[:, None, None, None]
        clean = [
            self.denoiser((values - offset) / unit, 1 / span, cond=cond, label=label)
            for values in stable
        ]
        return back_from_unit(torch.stack(clean), offset, unit, self.noise)

    def _stable(self, y: Image) -> Float[Tensor, "answers batch channel height width"]:
        """Return f of y with opposite dither, or without; all images of a batch get the same."""
        if not self.dither:
            return anscombe(y, self.noise)[None]
        e = randn(tuple(y.shape[1:]), rng=generator(self.seed), like=y)
        return stable_answers(y, e, (self.dither, -self.dither), self.noise)

    def _end(self, given: float | None, found: Tensor) -> Tensor:
        if given is None:
            return found
        return anscombe(torch.full_like(found, given), self.noise)
