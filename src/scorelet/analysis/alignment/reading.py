"""Whether layers of two networks read the same, so that no rotation lies between them."""

import torch
from torch import Tensor, nn

from scorelet.analysis.alignment.layers import Layer
from scorelet.analysis.alignment.moments import wide
from scorelet.analysis.alignment.pictures import Batches, first_pictures
from scorelet.analysis.alignment.watching import read_by

_ALIKE = 0.999
"""Correlation from which two channels are one, but for their mean and scale."""
_FEW = 16
"""Pictures by which that is judged, of the first batch that varies."""
_SILENT = 1e-12
"""Share of the power of all channels below which one does not vary."""


def looked_at(batches: Batches) -> Tensor:
    """Return a few pictures of the first batch that is not of one value, spread over it."""
    for x in batches():
        if float(x.max()) > float(x.min()):
            return x[:: -(-len(x) // _FEW)]
    return first_pictures(batches, _FEW)


def read_alike(networks: tuple[nn.Module, nn.Module], pair: tuple[Layer, Layer], x: Tensor) -> bool:
    """Whether both layers read the pictures themselves, or channels that are alike.

    These are so if each is, but for its mean and scale, that of the other. Where none varies that
    is not known, and said not to be.

    Args:
        networks: two.
        pair: a layer of each.
        x: pictures, (n, channel, height, width).
    """
    read = [read_by(net, layer.module, x) for net, layer in zip(networks, pair, strict=True)]
    if all(_is_picture(inputs, x) for inputs in read):
        return True
    a, b = (wide(layer.activations(inputs)) for layer, inputs in zip(pair, read, strict=True))
    if a.shape != b.shape:
        return False
    least = [_SILENT * float(signal.abs().square().sum()) for signal in (a, b)]
    a, b = a - a.mean(0), b - b.mean(0)
    powers = [signal.abs().square().sum(0) for signal in (a, b)]
    heard, other = (power > bound for power, bound in zip(powers, least, strict=True))
    product = (a * b.conj()).sum(0).real
    alike = product >= _ALIKE * (powers[0] * powers[1]).sqrt()
    return bool(heard.any() and (heard == other).all() and (alike | ~heard).all())


def _is_picture(inputs: tuple[Tensor, ...], x: Tensor) -> bool:
    """Whether a layer reads pictures that vary as they are, or flattened."""
    varies, seen = float(x.max()) > float(x.min()), inputs[0]
    return varies and torch.equal(seen.flatten(), x.to(seen).flatten())
