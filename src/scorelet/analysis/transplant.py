"""A network whose first layers are those of another one: how many layers two networks share.

Symbols: W_j, W'_j weights of layer j of the reference and of the other network, A_j the rotation
from what layer j reads in the other to what it reads in the reference. The first l layers become
the other's, and layer l + 1 is turned to what it then reads:

    W'_1, ..., W'_l, W_{l+1} A_{l+1}, W_{l+2}, ...

Norms are measured again throughout; nothing is trained. If both networks had the same features up
to a rotation, nothing would change.
"""

import torch
from torch import nn

from scorelet.analysis.alignment import Alignment
from scorelet.analysis.alignment.pictures import Pictures, first_pictures, picture_batches
from scorelet.analysis.alignment.watching import called_parts
from scorelet.analysis.weight_resampling.drawing import from_reference
from scorelet.analysis.weight_resampling.norms import settle_all
from scorelet.core.copying import copied
from scorelet.core.errors import InputError


def transplanted(
    reference: nn.Module,
    other: nn.Module,
    alignment: Alignment,
    depth: int,
    data: Pictures,
    *,
    aligned: bool = True,
) -> nn.Module:
    """Return the reference with its first `depth` layers from the other network.

    Args:
        reference, other: of one architecture and one width, whatever their numbers of classes; both
            are left as they are.
        alignment: of these two.
        depth: l, 0 to the number of layers but the last.
        data: pictures that norms are measured on, as for `align`.
        aligned: False takes A = 1, for comparison.

    Raises:
        InputError: another depth, or networks of different widths.
    """
    pairs = alignment.layers
    if not 0 <= depth < len(pairs):
        raise InputError(f"depth is {depth}: expected 0 to {len(pairs) - 1}, so many layers.")
    if any(pair.reference.shape != pair.other.shape for pair in pairs[:-1]):
        raise InputError("The networks differ in width: layers can be exchanged at one width only.")
    net = copied(reference).eval()
    _, batches = picture_batches(data)
    x = first_pictures(batches)
    parts, others = called_parts(net, x), called_parts(other, x)
    for j, (layer, source) in enumerate(zip(parts.layers[:depth], others.layers, strict=False)):
        layer.set_weights(source.weights())
        known = [source.module, *others.norms_behind(j)]
        for module, given in zip([layer.module, *parts.norms_behind(j)], known, strict=True):
            _copy_vectors(given, module)
    if depth and aligned:
        layer, rotation = parts.layers[depth], pairs[depth].rotation.matrix
        layer.set_weights(from_reference(layer.weights(), rotation))
    settle_all(net, batches)
    return net


@torch.no_grad()
def _copy_vectors(source: nn.Module, target: nn.Module) -> None:
    """Copy biases and gains."""
    for given, own in zip(
        source.parameters(recurse=False), target.parameters(recurse=False), strict=True
    ):
        if own.ndim == 1:
            own.copy_(given)
