"""The spatial covariance of the filters of a convolution, and filters that layers share.

    K = (outputs · inputs)⁻¹ Σ_oi vec(w_oi) vec(w_oi)ᵀ

with w_oi the filter (k, k) from input i to output o.
Its leading eigenvectors are much the same in most layers of most networks of natural images; the
first layer, which reads pictures, is another matter. `universal_filters` takes them from the mean
of K / tr K over layers.

Reference: Guth, Ménard 2024, arXiv 2409.19460, section 2.2.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.options import checked


def spatial_covariance(weight: Tensor) -> Tensor:
    """Return K, (k², k²), float64, of the weights (outputs, inputs, k, k) of a convolution.

    Raises:
        InputError: other shapes.
    """
    if weight.ndim != 4:
        raise InputError(
            f"Weights have shape {tuple(weight.shape)}: expected (outputs, inputs, height, width)."
        )
    filters = weight.detach().cpu().to(torch.float64).flatten(2).flatten(0, 1)
    return filters.mT @ filters / len(filters)


def spatial_eigenvectors(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Return eigenvalues (k²,), descending, and eigenvectors (k², k²), columns, of K."""
    values, vectors = torch.linalg.eigh(covariance)
    return values.flip(0).clamp(min=0), vectors.flip(1)


def mean_spatial_covariance(weights: Sequence[Tensor]) -> Tensor:
    """Return the mean of K / tr K over layers.

    Raises:
        InputError: no layer, sides that differ, or a layer whose weights are all 0.
    """
    covariances = [spatial_covariance(weight) for weight in weights]
    sides = {tuple(weight.shape[2:]) for weight in weights}
    if len(sides) != 1:
        raise InputError(
            "Filters are shared by layers whose filters have one size: got "
            + (" and ".join(f"{high}x{wide}" for high, wide in sorted(sides)) or "no layer")
            + "."
        )
    traces = [covariance.trace() for covariance in covariances]
    if not all(trace > 0 for trace in traces):
        raise InputError("The weights of a layer are all 0: nothing was learned there.")
    return torch.stack([c / t for c, t in zip(covariances, traces, strict=True)]).mean(0)


@checked
def universal_filters(
    networks: nn.Module | Sequence[nn.Module],
    *,
    count: int = 5,
    layers: tuple[int, int] = (2, 6),
) -> Tensor:
    """Return the leading spatial eigenvectors of trained networks.

    Args:
        networks: one or several with convolutions that are not grouped, in the order in which they
            name them.
        count: filters.
        layers: first and last convolution that are taken, from 1 on; of networks with fewer, all
            from the first of them on.

    Returns:
        (count, k, k), float64, orthonormal; the entry of largest size of each is positive.

    Raises:
        InputError: no such convolution, filters of several sizes, or of fewer pixels than `count`.
    """
    start, stop = layers
    if not 1 <= start <= stop:
        raise InputError(f"layers is {layers}: expected first and last, from 1 on.")
    weights = []
    for net in [networks] if isinstance(networks, nn.Module) else networks:
        found = [m.weight for m in net.modules() if isinstance(m, nn.Conv2d) and m.groups == 1]
        weights += found[start - 1 : stop]
    if not weights:
        raise InputError(
            f"No network has a convolution {start} that is not grouped: give layers=(1, 1) for the "
            "first one, or other networks."
        )
    pixels = weights[0][0, 0].numel()
    if not 1 <= count <= pixels:
        raise InputError(
            f"{count} filters were asked for: the convolutions {start} to {stop} have {pixels} "
            "pixels each."
        )
    vectors = spatial_eigenvectors(mean_spatial_covariance(weights))[1][:, :count]
    signs = vectors.gather(0, vectors.abs().argmax(0, keepdim=True)).sign()
    return (vectors * signs).mT.unflatten(1, weights[0].shape[2:]).contiguous()
