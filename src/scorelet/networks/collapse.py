"""A block of learned scattering by compiled kernels: x → N P Std ρ W x in four passes over memory.

The kernels compute coefficients, amplitudes and their moments together; Std goes into P and a bias;
the products are those of torch; the norms come last. What `CollapseBlock` computes with torch alone
is the reference, and what runs elsewhere.
"""

import torch
from torch import Tensor

from scorelet.networks.amplitudes import Amplitude
from scorelet.networks.channel_matrix import ChannelMatrix
from scorelet.networks.channel_product import normalized_product
from scorelet.networks.kernel_dtype import is_watched, kernel_dtype, only_images_matter
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.networks.operators import Operators, Order
from scorelet.networks.operators import operators as operators_of
from scorelet.networks.planes import MODULUS, PHASES, coefficients, to_planes

KINDS = {"mod": MODULUS, "relu": PHASES}
"""Amplitudes that kernels know."""


Parts = tuple[MorletConv2d, Amplitude, ChannelMatrix]


def collapse_dtype(x: Tensor, parts: Parts, *, training: bool) -> torch.dtype | None:
    """Return the dtype in which `collapsed` may take x, or None where torch must do the work."""
    if only_images_matter() or not known_to_kernels(parts):
        return None  # kernels have no second derivative, and hide the mode of the parts
    if any(is_watched(part) for part in parts):
        return None
    return kernel_dtype(x, training=training)


def known_to_kernels(parts: Parts) -> bool:
    """Whether kernels know the wavelets and amplitudes, and the outputs fill their vectors."""
    wavelets, amplitude, project = parts
    return amplitude.name in KINDS and project.outputs % 4 == 0 and wavelets.taps is not None


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
        order = Order(x.shape[1], 1 + wavelets.angles, amplitude.fan, skip)
        moments = project.running_mean, project.running_power
        if project.training:
            moments = order.moments(means)
            project.follow(*moments, z[0, ..., 0, 0].numel())
        operators = operators_of(project, order, moments, len(z), dtype)
    flat_z, flat_a = z.flatten(1, 3).flatten(2), a.flatten(0, 2).flatten(1)
    u = normalized_product(flat_z, flat_a, *operators)
    u = u.unflatten(1, z.shape[1:4]).permute(1, 4, 0, 2, 3)
    return u if project.gives_pairs else u[:, :, 0]


def evaluated(parts: Parts, dtype: torch.dtype, *, pairs: bool, skip: bool) -> Operators:
    """Return the operators of a block in evaluation, for real images or pairs."""
    wavelets, amplitude, project = parts
    channels = project.groups[0].channels // ((1 + wavelets.angles) if skip else 1)
    order = Order(channels, 1 + wavelets.angles, amplitude.fan, skip)
    moments = project.running_mean, project.running_power
    return operators_of(project, order, moments, 2 if skip or pairs else 1, dtype)
