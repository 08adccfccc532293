"""A block of learned scattering by compiled kernels: x → N P Std ρ W x in four passes over memory.

The kernels compute coefficients, amplitudes and their moments together; Std goes into P and a bias;
the products are those of torch; the norms come last. What `CollapseBlock` computes with torch alone
is the reference, and what runs elsewhere.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.networks.amplitudes import EPSILON as MODULUS_EPSILON
from scorelet.networks.amplitudes import Amplitude
from scorelet.networks.channel_matrix import EPSILON, ChannelMatrix
from scorelet.networks.channel_product import COMPLEX, REAL, Layout, blocks, normalized_product
from scorelet.networks.kernel_dtype import is_watched, kernel_dtype
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.networks.planes import MODULUS, PHASES, coefficients, to_planes

KINDS = {"mod": MODULUS, "relu": PHASES}
"""Amplitudes that kernels know."""


Parts = tuple[MorletConv2d, Amplitude, ChannelMatrix]


def collapse_dtype(x: Tensor, parts: Parts, *, training: bool) -> torch.dtype | None:
    """Return the dtype in which `collapsed` may take x, or None where torch must do the work."""
    if not known_to_kernels(parts) or any(is_watched(part) for part in parts):
        return None
    return kernel_dtype(x, training=training)


def known_to_kernels(parts: Parts) -> bool:
    """Whether kernels know the wavelets and amplitudes, and the outputs fill their vectors."""
    wavelets, amplitude, project = parts
    return amplitude.name in KINDS and project.outputs % 4 == 0 and wavelets.taps is not None


class Operators(NamedTuple):
    """Std and P in the kernels' order: u = N(Σ blocks · sources + bias), see `channel_product`."""

    layout: Layout
    matrices: list[Tensor]
    bias: Tensor


def collapsed(
    x: Tensor,
    parts: Parts,
    dtype: torch.dtype,
    *,
    skip: bool,
    operators: Operators | None = None,
) -> Tensor:
    """Return N P Std ρ W x; running moments follow if P is in training.

    Args:
        x: real (batch, channel, h, w) or pairs (batch, channel, 2, h, w).
        parts: W, ρ and P.
        dtype: of the coefficients and products.
        skip: as in `Block`.
        operators: of an evaluated network, if they are known already; see `evaluated`.
    """
    wavelets, amplitude, project = parts
    filters = wavelets.filters(x.shape[-2:], amplitude=KINDS[amplitude.name], skip=skip)
    z, a, means = coefficients(to_planes(x, dtype), filters)
    z = z if skip or x.ndim == 5 else z[:1]
    if operators is None:
        order = _Order(x.shape[1], 1 + wavelets.angles, amplitude.fan, skip)
        moments = project.running_mean, project.running_power
        if project.training:
            moments = order.moments(means)
            project.follow(*moments, z[0, ..., 0, 0].numel())
        operators = _operators(project, order, moments, len(z), dtype)
    flat_z, flat_a = z.flatten(1, 3).flatten(2), a.flatten(0, 2).flatten(1)
    u = normalized_product(flat_z, flat_a, *operators)
    u = u.unflatten(1, z.shape[1:4]).permute(1, 4, 0, 2, 3)
    return u if project.gives_pairs else u[:, :, 0]


def evaluated(parts: Parts, dtype: torch.dtype, *, pairs: bool, skip: bool) -> Operators:
    """Return the operators of a block in evaluation, for real images or pairs."""
    wavelets, amplitude, project = parts
    channels = project.groups[0].channels // ((1 + wavelets.angles) if skip else 1)
    order = _Order(channels, 1 + wavelets.angles, amplitude.fan, skip)
    moments = project.running_mean, project.running_power
    return _operators(project, order, moments, 2 if skip or pairs else 1, dtype)


@torch.autocast("cpu", enabled=False)
def _operators(
    project: ChannelMatrix,
    order: "_Order",
    moments: tuple[Tensor, Tensor],
    planes: int,
    dtype: torch.dtype,
) -> Operators:
    """Return P with the deviations in it, and the bias that makes the mean of each output 0."""
    means, powers = moments
    real = project.field == "real"
    weight = project.weight[..., None] if real else project.weight
    scaled = weight * (powers + EPSILON).rsqrt()[:, None]
    matrices = [m.to(dtype) for w in scaled.unbind(-1) for m in order.parted(w)]
    layout = (REAL if real else COMPLEX)[planes]
    centres = order.centres(means, planes)
    bias = [torch.zeros(len(weight)) for _ in layout]
    for output, source, matrix, sign in blocks(layout):
        bias[output] = bias[output] - sign * (matrices[matrix].float() @ centres[source])
    return Operators(layout, matrices, torch.stack(bias))


class _Order(NamedTuple):
    """Where channels of `ChannelMatrix` are in the kernels' order, which is by feature.

    Args:
        channels: of the image; the kernels fill them up to a multiple of 4.
        features: 1 + L.
        fan: amplitudes of each coefficient.
        skip: whether all coefficients enter, or the low pass and amplitudes of bands.
    """

    channels: int
    features: int
    fan: int
    skip: bool

    def parted(self, x: Tensor) -> list[Tensor]:
        """Part the last axis into that of z and that of a, in the kernels' order."""
        linear = self.channels * (self.features if self.skip else 1)
        return [self._by_feature(part) for part in (x[..., :linear], x[..., linear:])]

    def _by_feature(self, x: Tensor) -> Tensor:
        turned = x.unflatten(-1, (self.channels, -1)).transpose(-1, -2)
        return F.pad(turned, (0, -self.channels % 4)).flatten(-2)

    def centres(self, means: Tensor, planes: int) -> list[Tensor]:
        """Return the mean of each source: parts of z, and a."""
        real, imaginary = (self.parted(part) for part in means.unbind(-1))
        return [real[0], imaginary[0], real[1]] if planes == 2 else real

    def moments(self, means: Tensor) -> tuple[Tensor, Tensor]:
        """Return E z, (n, 2), and E |z - E z|², (n,), in the order of `ChannelMatrix`."""
        means = means[..., : self.channels]
        real, imaginary, square = means[:3, : self.features if self.skip else 1].mT.flatten(1)
        first = 0 if self.skip else 1
        if self.fan == 1:
            a, a_square = (
                means[3, first:],
                means[2, first:] - 2 * MODULUS_EPSILON * means[3, first:],
            )
        else:
            a, a_square = means[3:7, first:].movedim(0, 1), means[7:11, first:].movedim(0, 1)
        a, a_square = (m.flatten(0, -2).mT.flatten() for m in (a, a_square))
        mean = torch.cat([torch.stack([real, imaginary], 1), torch.stack([a, 0 * a], 1)])
        powers = torch.cat([square - real.square() - imaginary.square(), a_square - a.square()])
        return mean, powers.clamp(min=0)
