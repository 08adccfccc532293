"""Denoisers that correct the best linear estimate: what a cascade begins with.

Symbols: y = x + σ z, images of d numbers; m and C = V diag(w) Vᵀ their mean and covariance;
e = Vᵀ (y - m); v = max(w, 10⁻⁴ mean w), so that no direction is lost without noise. With the noise
level told and a bound b in deviations s,

    W(y) = m + V diag(v / (v + σ²)) e,    s² = mean w,
    f(y, σ) = W(y) - s n((W(y) - m)/s, u),   u = min(1, b s/σ) (y - m)/s.

A blind one finds it: the directions B with the smallest w, a quarter of all, hold hardly anything
else than noise. With a bound c in the unit of the images and W at the level σ̂,

    σ̂² = max(0, mean_B e² - mean_B w),    r² = mean (y - m)²,
    f(y) = W(y) - n(W(y), u),   u = min(1, c/r) (y - m),

as in `scorelet.models.bounded`. In strong noise W is nearly E[x | y], whatever the law of x is, and
the network n has little to add; it is what makes more of the data than a Gaussian. A network that
is to find W by itself, a projection on patterns as large as the image, learns it slowly. Where W is
hard to better, networks without biases and skips are drawn to n = 0, at which their gradient is 0,
and stay there; U-Nets with biases do not.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4 (Gaussian scores).
"""

import torch
from torch import Tensor, nn

from scorelet.core.device import full_precision
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.answers import image_like
from scorelet.models.bounded import bounded_gain, check_bounded
from scorelet.models.denoiser import Denoiser, check_tensor
from scorelet.models.gaussian import LARGEST_COVARIANCE
from scorelet.models.scaled import level_gain, level_image

DIRECTIONS_OF_NOISE = 4
"""One direction of so many is in B, which tells the noise."""
_LEAST_VARIANCE = 1e-4
"""Of the mean variance: no direction has less, so that no image loses one without noise."""
_ORTHONORMAL = 0.05
"""By which share V Vᵀ x may differ from x: files may keep V in half precision."""


class _Guided(Denoiser):
    """Mean and covariance of images, for images of the size of their mean."""

    mean: Tensor
    values: Tensor
    basis: Tensor

    def __init__(self, mean: Tensor, values: Tensor, basis: Tensor) -> None:
        super().__init__()
        _check_shapes(mean, values, basis)
        _check_law(mean, values, basis)
        self.register_buffer("mean", mean)
        self.register_buffer("values", values)
        self.register_buffer("basis", basis.contiguous())  # as files keep it, bit for bit
        self.channels, self.takes = (mean.shape[1],), (mean.shape[2], mean.shape[3])

    @property
    def centre(self) -> Tensor:
        """m."""
        return self.mean

    def _along(self, y: Image) -> tuple[Image, Tensor, Tensor]:
        """Return y - m, e (batch, d), and w.

        Raises:
            InputError: images of another size.
        """
        if y.shape[1:] != self.mean.shape[1:]:
            raise InputError(
                f"The images have shape {tuple(y.shape[1:])}: this denoiser knows the covariance "
                f"of {tuple(self.mean.shape[1:])} only."
            )
        mean, values, basis = (x.to(y) for x in (self.mean, self.values, self.basis))
        apart = y - mean
        return apart, apart.flatten(1) @ basis, values

    def _above_mean(self, apart: Image, along: Tensor, values: Tensor, noise: Tensor) -> Image:
        """Return W(y) - m of y - m, e, w and σ², (batch, 1)."""
        least = values.clamp_min(_LEAST_VARIANCE * values.mean())
        kept = along / (1 + noise / least)
        return (kept @ self.basis.to(apart).T).reshape(apart.shape)


class GaussianGuidedDenoiser(_Guided):
    """f(y) = W(y) - n(W(y), u), blind.

    Args:
        network: maps the channels of W(y) and of y together to those of y.
        mean: m, (1, channel, height, width), in the unit of the images.
        values: w, (d,), rising, not all 0.
        basis: V, (d, d), orthonormal, in its columns.
        bound: c, in the unit of the images.

    Raises:
        InputError: shapes that do not belong together, values or a basis that are none, a bound
            that is not positive, or a network that says that it takes another number of channels.
    """

    blind = True

    def __init__(
        self, network: nn.Module, mean: Tensor, values: Tensor, basis: Tensor, bound: float
    ) -> None:
        super().__init__(mean, values, basis)
        check_bounded(network, bound, 2 * mean.shape[1])
        self.network, self.bound = network, float(bound)

    def linear(self, y: Image) -> Image:
        """Return W(y)."""
        return self._split(y)[0]

    def _split(self, y: Image) -> tuple[Image, Image]:
        """Return W(y) and u."""
        apart, along, values = self._along(y)
        squares = along.square()
        few = len(values) // DIRECTIONS_OF_NOISE
        noise = (squares[:, :few].mean(1, keepdim=True) - values[:few].mean()).clamp_min(0)
        gain = bounded_gain(squares.mean(1), self.bound)  # a basis keeps sums of squares
        linear = self.mean.to(y) + self._above_mean(apart, along, values, noise)
        return linear, gain[:, None, None, None] * apart

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        with full_precision(y):  # σ̂² is a difference
            linear, u = self._split(y)
        return linear - image_like(y, self.network(torch.cat([linear, u], 1)), "network")


class ToldGuidedDenoiser(_Guided):
    """f(y, σ) = W(y) - s n((W(y) - m)/s, u), told the noise level.

    Args:
        network: maps the channels of W(y) and of y together to those of y.
        mean: m, (1, channel, height, width), in the unit of the images.
        values: w, (d,), rising, not all 0.
        basis: V, (d, d), orthonormal, in its columns.
        bound: b, deviations s.
        shows_level: the network sees the level as one channel more, before the others, see
            `scorelet.models.scaled`.

    Raises:
        InputError: shapes that do not belong together, values or a basis that are none, a bound
            that is not positive, or a network that says that it takes another number of channels.
    """

    def __init__(
        self,
        network: nn.Module,
        mean: Tensor,
        values: Tensor,
        basis: Tensor,
        bound: float = 3.0,
        *,
        shows_level: bool = False,
    ) -> None:
        super().__init__(mean, values, basis)
        check_bounded(network, bound, 2 * mean.shape[1] + shows_level)
        self.network, self.bound, self.shows_level = network, float(bound), shows_level

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        with full_precision(y):
            apart, along, values = self._along(y)
            linear = self._above_mean(apart, along, values, sigma[:, None].square())
        s = values.mean().sqrt()
        level = sigma / s
        shown = [linear / s, level_gain(level, self.bound) * apart / s]
        if self.shows_level:
            shown = [level_image(level, y), *shown]
        noise = image_like(y, self.network(torch.cat(shown, 1)), "network")
        return self.mean.to(y) + linear - s * noise


def gaussian_moments(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return m, w and V of images x, as both denoisers take them.

    Of fewer images than numbers some w are 0, whatever the law is: the denoisers take v for w in W,
    which is small there, but not 0. How images vary in such directions a blind one takes for noise.

    Args:
        x: (batch, channel, height, width), floats.

    Raises:
        InputError: no images of finite floats, fewer than 2, or so large ones that a covariance is
            no small matrix.
    """
    check_tensor(x)
    _check_images(x)
    mean = x.mean(0, keepdim=True)
    apart = (x - mean).flatten(1).double()
    values, basis = torch.linalg.eigh(apart.T @ apart / len(x))
    return mean, values.clamp_min(0).to(x), basis.to(x)


def _check_images(x: Tensor) -> None:
    if x.ndim != 4 or not x.is_floating_point():
        raise InputError(
            f"The images have shape {tuple(x.shape)} and dtype {x.dtype}: expected floats, (batch, "
            "channel, height, width)."
        )
    if len(x) < 2:
        raise InputError(f"There are {len(x)} images: a covariance takes at least 2.")
    if (d := x[0].numel()) > LARGEST_COVARIANCE:
        raise InputError(
            f"The images have {d} numbers: a covariance of at most {LARGEST_COVARIANCE} is stored. "
            "A low band has a quarter of them with each level of details more."
        )
    if not bool(x.isfinite().all()):
        raise InputError("The images hold NaN or infinite values: expected finite numbers.")


def _check_shapes(mean: Tensor, values: Tensor, basis: Tensor) -> None:
    d = mean.numel()
    if mean.ndim != 4 or len(mean) != 1 or d < DIRECTIONS_OF_NOISE:
        raise InputError(
            f"The mean has shape {tuple(mean.shape)}: expected (1, channel, height, width), "
            f"{DIRECTIONS_OF_NOISE} numbers at least."
        )
    if values.shape != (d,) or basis.shape != (d, d):
        raise InputError(
            f"The values have shape {tuple(values.shape)} and the basis {tuple(basis.shape)}: "
            f"expected ({d},) and ({d}, {d}) for a mean of {d} numbers."
        )


def _check_law(mean: Tensor, values: Tensor, basis: Tensor) -> None:
    """Refuse what is no mean, no variances, or no orthonormal basis."""
    if not bool(mean.isfinite().all()):
        raise InputError("The mean holds NaN or infinite values: expected finite numbers.")
    if not bool(values.isfinite().all() & (values >= 0).all() & (values.diff() >= 0).all()):
        raise InputError(
            "The values must be variances, finite, not negative and rising, as gaussian_moments "
            "returns them."
        )
    if not bool((values > 0).any()):
        raise InputError("The values are all 0: such images do not vary, and m is all of them.")
    wide = basis.double()
    x = torch.arange(1, len(wide) + 1, device=wide.device).double().sin()  # no special direction
    if not bool((wide @ (wide.T @ x) - x).norm() <= _ORTHONORMAL * x.norm()):
        raise InputError(
            "The basis is not orthonormal: expected the eigenvectors of a covariance in its "
            "columns, as gaussian_moments returns them."
        )
