"""Fold scales into convolutions: the same function with fewer passes over memory."""

import copy

import torch
from torch import nn

from scorelet.networks.normalization import BiasFreeBatchNorm


def folded(network: nn.Module) -> nn.Module:
    """Return a copy of `network` in evaluation mode without normalisation layers.

    In every `nn.Sequential` a convolution followed by `BiasFreeBatchNorm` becomes one convolution
    with weights W γ / s, which is exact because evaluation uses the running deviation.
    """
    result = copy.deepcopy(network).eval()
    for module in result.modules():
        if isinstance(module, nn.Sequential):
            _fold_sequential(module)
    return result


def _fold_sequential(sequence: nn.Sequential) -> None:
    layers = list(sequence)
    for k in range(1, len(layers)):
        conv, norm = layers[k - 1], layers[k]
        if isinstance(conv, nn.Conv2d) and isinstance(norm, BiasFreeBatchNorm):
            with torch.no_grad():
                conv.weight.mul_((norm.gain / norm.running_std)[:, None, None, None])
            sequence[k] = nn.Identity()
