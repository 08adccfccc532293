"""Correlated Gaussian pixels: independent in a basis of colours and cosines.

Symbols: x - m centred image; k = its cosine transforms (DCT-II), of mixtures of its channels that
are uncorrelated; v(c, f) variance of k at frequency f of mixture c.

    y = x + σ z:    -log p_σ(y) = Σ k² / (2 (v + σ²)) + constant

The basis is that of a stationary law between mirrors, and on small photographs the filter
v / (v + σ²) denoises as well as that of the full covariance, with as many numbers as pixels.

References: Ahmed, Natarajan, Rao 1974, IEEE Trans. Computers C-23(1); Wiener 1949.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from scorelet.core.device import widened
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, NoiseLevel, PerSample
from scorelet.models.measurements.cosines import cosine_transform

LEAST = 1e-8
"""Variance that every coefficient has at least: pictures of one colour have none."""


class CorrelatedPixels(nn.Module):
    """-log p_σ of centred noisy images, up to a constant.

    Args:
        colours: orthonormal mixtures of the channels, in its columns, (channel, channel).
        variances: v, (channel, height, width), positive. For images of another size they are
            interpolated, log v over frequencies.

    Raises:
        InputError: shapes that do not fit, or a variance that is not positive.
    """

    colours: Tensor
    variances: Tensor

    def __init__(self, colours: Tensor, variances: Tensor) -> None:
        super().__init__()
        count = len(variances)
        if variances.ndim != 3 or tuple(colours.shape) != (count, count):
            raise InputError(
                f"colours have shape {tuple(colours.shape)} and variances {tuple(variances.shape)}:"
                " expected (channel, channel) and (channel, height, width)."
            )
        if not bool((variances > 0).all()):
            raise InputError("A variance of correlated pixels is not positive.")
        self.register_buffer("colours", colours.clone())
        self.register_buffer("variances", variances.clone())

    def forward(self, centred: Image, sigma: NoiseLevel) -> PerSample:
        """Return Σ k² / (2 (v + σ²)) of each image.

        Args:
            centred: y - m, (batch, channel, height, width), any height and width.
            sigma: σ, (batch,), in its unit.
        """
        seen = cosine_transform(mixed(widened(centred), self.colours))
        total = self._at(seen) + sigma.to(seen.dtype).square()[:, None, None, None]
        return (seen.square() / total).sum((1, 2, 3)) / 2

    def _at(self, seen: Tensor) -> Tensor:
        """Return v at the frequencies of these coefficients: number u of N is π u / N."""
        v = self.variances.to(seen.dtype)
        if v.shape[1:] == seen.shape[2:]:
            return v
        rows, columns = (
            torch.arange(n, device=v.device, dtype=v.dtype) * (m / n)
            for n, m in zip(seen.shape[2:], v.shape[1:], strict=True)
        )
        return _along(_along(v.log(), columns).mT, rows).mT.exp()


def _along(values: Tensor, places: Tensor) -> Tensor:
    """Interpolate along the last axis; beyond its end the last value holds."""
    last = values.shape[-1] - 1
    low = places.floor().long().clamp(max=last)
    return values[..., low].lerp(values[..., (low + 1).clamp(max=last)], places - low)


def mixed(x: Image, colours: Tensor) -> Tensor:
    """Return the mixtures of channels; a sum, which keeps its precision where products lose it."""
    return (x[:, :, None] * colours.to(x.dtype)[:, :, None, None]).sum(1)


def fit_correlated_pixels(batches: Callable[[], Iterable[Image]], mean: Tensor) -> CorrelatedPixels:
    """Measure the law of images, in float64: v = E k², in the eigenvectors of E (x - m)(x - m)ᵀ
    over channels, all pixels alike.

    Args:
        batches: called twice, gives images x of one size, piece by piece.
        mean: m of each channel, (channel,).
    """
    centre = mean.double()[:, None, None]
    channels = len(mean)
    covariance = torch.zeros(channels, channels, dtype=torch.float64)
    for x in batches():
        covariance += torch.einsum("bihw,bjhw->ij", x - centre, x - centre)
    colours = torch.linalg.eigh(covariance)[1]
    count, squares = 0, torch.zeros(())
    for x in batches():
        count += len(x)
        squares = squares + cosine_transform(mixed(x - centre, colours)).square().sum(0)
    return CorrelatedPixels(colours.float(), (squares / count).float().clamp(min=LEAST))
