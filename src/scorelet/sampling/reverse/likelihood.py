"""How probable images are, by the probability flow of a denoiser.

Symbols: p_s the density of y = x + s z; f the denoiser, J its Jacobian. Along the flow

    dy/ds = (y - f(y, s))/s,      d log p_s(y)/ds = -tr(1 - J)/s,

so that log p_σ(y) = log p_S(y_S) + ∫_σ^S tr(1 - J)/s ds, with p_S a Gaussian where S is so large
that the image does not matter. The density is of images with noise of level σ > 0: that of clean
ones, of 8 bits, does not exist. Steps are Heun's, uniform in log s.

References: Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole 2021, arXiv 2011.13456, section 4.3;
Hutchinson 1990 (the trace by random signs).
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import jvp, vmap

from scorelet.core.derivatives import differentiating
from scorelet.core.errors import InputError
from scorelet.core.numbers import holds
from scorelet.core.precision import in_single_precision
from scorelet.core.random import Noise, check_noise
from scorelet.core.typing import Image, PerSample
from scorelet.models.denoiser import check_tensor
from scorelet.models.labels import LabelLike
from scorelet.models.schedules import VarianceExploding
from scorelet.models.told import Told, told_denoiser
from scorelet.sampling.reverse.diffusion import mean_of


class FlowDensity(NamedTuple):
    """log p_σ(y) of each image, in nats for the whole image, float32 at least.

    Attributes:
        value: the estimate; the error of finite steps is not in `error`.
        error: of the trace alone, the standard error of the mean over probes; 0 where the trace is
            exact, NaN of one probe.
    """

    value: PerSample
    error: PerSample

    def bits_per_number(self, size: int, *, levels: int = 1) -> PerSample:
        """Return -log₂ p / d, for numbers in units of 1/levels.

        Args:
            size: d, numbers in an image.
            levels: 1 for the unit of the image; 255 for [0, 1] images counted in 8-bit units.
        """
        return -self.value / (size * math.log(2)) + math.log2(levels)


@torch.no_grad()
def flow_log_density(  # noqa: PLR0913 - the two ends, and how between
    denoiser: Told,
    y: Image,
    sigma: float,
    *,
    largest: float,
    mean: Tensor | float | None = None,
    spread: float = 0.0,
    steps: int = 100,
    probes: Noise | None = None,
    count: int = 8,
    cond: Tensor | None = None,
    label: LabelLike | None = None,
) -> FlowDensity:
    """Estimate log p_σ(y), without gradients: memory does not grow with the steps.

    Of a denoiser that is told something it is the density given that: of the details of a cascade
    given the coarser picture, of pictures of a class.

    Args:
        denoiser: f, as in `scorelet.models.score`, which must be differentiable in y; images do
            not depend on each other.
        y: images with noise of level σ: clean ones plus σ z.
        sigma: σ > 0, in the unit of the images.
        largest: S, many times the deviation of the images; of a denoiser that is told the level at
            most the largest that it has learnt.
        mean, spread: p_S is N(mean, S² + spread²) at each pixel. A mean of None is the `centre` of
            the denoiser, 0 if it has none; the deviation of the images as `spread` is worth more
            the smaller S is.
        steps: of the flow; their error falls with the square of the number, so that of a call with
            twice as many is about a third of the difference of the two.
        probes: random signs, by the numbers of the images; None: the whole trace, for small images.
        count: probes for each image, at most 16; they stay the same along the flow. One tells no
            error, and that of few is rough: of 2 it is less than a fifth of what it should be for
            one image in six, of 8 for none in ten thousand.
        cond, label: what the denoiser is told, see `Denoiser`.

    Raises:
        InputError: levels that are not 0 < sigma < largest, or beyond those that the denoiser has
            learnt; no steps, no probes, images that are not finite, a mean of another shape, or
            what a denoiser refuses.
    """
    if not holds(lambda: 0 < sigma < largest < math.inf and count in range(1, 17)):
        raise InputError(
            f"Levels go from {sigma!r} to {largest!r} with {count!r} probes: expected 0 < sigma < "
            "largest, and 1 to 16 probes."
        )
    if not holds(lambda: 0 <= spread < math.inf):
        raise InputError(f"The spread is {spread!r}: expected a deviation, 0 or more.")
    if probes is not None:
        check_noise(probes)
    VarianceExploding(largest).times(steps)
    check_tensor(y)
    if not bool(y.isfinite().all()):
        raise InputError("The images hold NaN or infinite values: expected finite numbers.")
    told = told_denoiser(denoiser)
    _check_learnt(told, largest)
    f, y = in_single_precision(partial(told, cond=cond, label=label), y)
    centre = mean_of(told, y, mean)
    signs = _units(y) if probes is None else _signs(probes, y, count)
    ratio = (largest / sigma) ** (1 / steps)
    gained = y.new_zeros(len(signs), len(y))
    x, level = y, sigma
    for k in range(1, steps + 1):
        after = sigma * ratio**k
        slope, trace = _flow(f, x, level, signs)
        ahead, other = _flow(f, x + (after - level) * slope, after, signs)
        width = math.log(ratio)
        gained = gained + width / 2 * (trace + other)
        x = x + width / 2 * (level * slope + after * ahead)
        level = after
    deviation = math.hypot(largest, spread)
    end = -((x - centre) / deviation).square().flatten(1).sum(1) / 2
    size = math.prod(y.shape[1:])
    value = end - size * math.log(deviation * math.sqrt(2 * math.pi))
    if probes is None:
        return FlowDensity(value + gained.sum(0), torch.zeros_like(value))
    error = gained.std(0) / count**0.5 if count > 1 else torch.full_like(value, math.nan)
    return FlowDensity(value + gained.mean(0), error)


def _check_learnt(denoiser: Told, largest: float) -> None:
    """Refuse a level that a denoiser which is told the level has not learnt."""
    most = math.inf if getattr(denoiser, "blind", False) else getattr(denoiser, "most", math.inf)
    if largest > most:
        raise InputError(
            f"The levels go up to {largest:g}, and the denoiser has learnt those up to {most:g}: "
            "give largest=denoiser.most, with the mean and the spread of the images."
        )


def _flow(
    f: Callable[[Image, float], Image], x: Image, level: float, signs: Tensor
) -> tuple[Image, Tensor]:
    """Return (x - f)/s, and vᵀ (1 - J) v for each probe and image."""

    def along(v: Tensor) -> Tensor:
        point = x.contiguous()
        product = jvp(lambda image: f(image, level), (point,), (v,))[1]
        return (v * (v - product)).flatten(1).sum(1)

    slope = (x - f(x, level)) / level
    with differentiating():
        return slope, vmap(along, chunk_size=64)(signs)


def _units(y: Image) -> Tensor:
    """Return all unit images, (d, batch, channel, height, width): their sum is the whole trace."""
    size = math.prod(y.shape[1:])
    units = torch.eye(size, dtype=y.dtype, device=y.device).reshape(size, 1, *y.shape[1:])
    return units.expand(-1, len(y), -1, -1, -1).contiguous()


def _signs(noise: Noise, y: Image, count: int) -> Tensor:
    draws = [noise.normal(y, use=k).sign() for k in range(count)]
    return torch.stack(draws)
