"""Denoisers: estimates of a clean image from a noisy one.

Symbols: x clean image, z standard normal, y = x + sigma z observed image, f(y, sigma) estimate of
E[x | y]. Images are (batch, channel, height, width) with values in [0, 1]; sigma has their unit.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, NoiseLevel

NoiseLike = float | int | Sequence[float | int] | Tensor
"""What a user may give as noise level: a number, or one number per image."""


def noise_level(sigma: NoiseLike, y: Tensor, *, positive: bool = False) -> NoiseLevel:
    """Return `sigma` as a (batch,) tensor with the dtype and device of `y`.

    This is the only conversion of noise levels; gradients flow to a `sigma` that requires them.
    Values are not checked where they cannot be read: inside torch.compile, and for a `sigma` that
    torch.vmap maps over.

    Args:
        sigma: a number, a 0-d tensor, or a list or tensor of one value per image; unit of `y`.
        y: any tensor with the batch on its first axis.
        positive: refuse zero too.

    Raises:
        InputError: wrong length, negative or non-finite values, or not numbers.
    """
    try:
        level = torch.as_tensor(sigma, dtype=y.dtype, device=y.device)
    except (TypeError, ValueError) as error:
        raise InputError(f"sigma must be a number or a list of numbers, got {sigma!r}.") from error
    batch = y.shape[0]
    if level.ndim > 1 or (level.ndim == 1 and level.shape[0] != batch):
        raise InputError(
            f"sigma has shape {tuple(level.shape)} for a batch of {batch}: "
            "give one number, or one number per image."
        )
    if not _holds(level.isfinite() & (level > 0 if positive else level >= 0)):
        wanted = "positive" if positive else "zero or positive"
        raise InputError(f"sigma must be finite and {wanted}, got {sigma}.")
    return level.expand(batch)


def _holds(condition: Tensor) -> bool:
    if torch.compiler.is_compiling():
        return True
    try:
        return bool(condition.all())
    except RuntimeError:  # under torch.vmap a tensor has no single truth value
        return True


class Denoiser(nn.Module, ABC):
    """The posterior mean f(y, sigma) ~ E[x | y] of y = x + sigma z.

    Call it as `denoiser(y, 0.1)`, as `denoiser(y, sigmas)` with one level per image, or, when it
    is blind, as `denoiser(y)`. Subclasses write `_denoise` and describe themselves by attributes:

    - `blind`: the noise level is not needed, and is ignored if given;
    - `conditional`: a condition `cond` is understood;
    - `needs_noise`: sigma = 0 is refused;
    - `channels`: the channel counts it takes, or None for any.

    References: Robbins 1956; Miyasawa 1961; Kadkhodaie, Guth, Simoncelli, Mallat 2024,
    arXiv 2310.02557, section 2.
    """

    blind: bool = False
    conditional: bool = False
    needs_noise: bool = False
    channels: tuple[int, ...] | None = None

    @final
    def forward(
        self, y: Tensor, sigma: NoiseLike | None = None, cond: Tensor | None = None
    ) -> Image:
        """Return the estimate of the clean image, with the shape, dtype and device of `y`.

        Args:
            y: noisy image (batch, channel, height, width), values in [0, 1] before the noise.
            sigma: noise standard deviation in the unit of `y`, one number or one per image.
            cond: what the denoiser is conditioned on, if it is conditional.

        Raises:
            InputError: `y` is not a float image batch of a known channel count, sigma is missing
                or cannot be used, or a condition was given to a denoiser without conditions.
        """
        self._check(y)
        if sigma is None and not self.blind:
            raise InputError(
                "This denoiser needs the noise level: call it as denoiser(y, sigma), "
                "with sigma in the unit of the image."
            )
        if cond is not None and not self.conditional:
            raise InputError("This denoiser takes no condition: call it as denoiser(y, sigma).")
        if sigma is None:
            level = y.new_full((y.shape[0],), torch.nan)  # unknown: whoever uses it will notice
        else:
            level = noise_level(sigma, y, positive=self.needs_noise)
        return self._denoise(y, level, cond)

    @abstractmethod
    def _denoise(self, y: Image, sigma: NoiseLevel, cond: Tensor | None) -> Image:
        """Compute f(y, sigma) on checked inputs; a blind denoiser may get sigma = NaN."""

    def _check(self, y: Tensor) -> None:
        if y.ndim != 4:
            raise InputError(
                f"The image batch has shape {tuple(y.shape)}: "
                "expected (batch, channel, height, width)."
            )
        if not y.is_floating_point():
            raise InputError(
                f"The image has dtype {y.dtype}: convert it to floating point, values in [0, 1]."
            )
        if self.channels is not None and y.shape[1] not in self.channels:
            known = " or ".join(str(count) for count in self.channels)
            raise InputError(f"The image has {y.shape[1]} channels: this denoiser takes {known}.")


class ResidualDenoiser(Denoiser):
    """A blind denoiser f(y) = y - n(y), where the network n estimates the noise sigma z.

    If n is bias-free (homogeneous of degree one), so is f: f(a y) = a f(y) for a > 0, and
    f(y) = J(y) y, with J the Jacobian of f at y.

    Args:
        network: any module that maps an image batch to one of the same shape.
        channels: the channel counts that the network takes, or None if it takes any.
        compute_dtype: the dtype of the network's weights where it differs from the images'; the
            subtraction keeps the images' dtype.

    References: Mohan, Kadkhodaie, Simoncelli, Fernandez-Granda 2020, arXiv 1906.05478;
    Kadkhodaie et al. 2024, arXiv 2310.02557, eq. 6.
    """

    blind = True

    def __init__(
        self,
        network: nn.Module,
        *,
        channels: tuple[int, ...] | None = None,
        compute_dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.compute_dtype = compute_dtype
        self.channels = channels

    def _denoise(self, y: Image, sigma: NoiseLevel, cond: Tensor | None) -> Image:
        noise = self.network(y if self.compute_dtype is None else y.to(self.compute_dtype))
        return y - noise.to(y.dtype)
