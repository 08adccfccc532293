"""Fold scales into convolutions: the same function with fewer passes over memory."""

from typing import Protocol, runtime_checkable

import torch
from torch import nn

from scorelet.core.copying import copied
from scorelet.networks.normalization import BiasFreeBatchNorm


@runtime_checkable
class Foldable(Protocol):
    """A module that can fold, in place, what it has of its own."""

    def fold(self) -> None:
        """Fold what is fixed in evaluation."""
        ...


def folded(network: nn.Module) -> nn.Module:
    """Return a copy of `network` in evaluation mode without normalisation layers.

    In every `nn.Sequential` a convolution followed by `BiasFreeBatchNorm` becomes one convolution
    with weights W γ / s, which is exact because evaluation uses the running deviation. A module
    that is `Foldable` folds itself.
    """
    result = copied(network).eval()
    for module in list(result.modules()):
        if isinstance(module, Foldable):
            module.fold()
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


@torch.no_grad()
def fold_norm(norm: nn.BatchNorm2d, linear: nn.Linear) -> None:
    """Put an evaluated norm into the linear layer behind it, which sees all positions by channel.

    With z = (x - m) γ / s + β, A z + b = A' x + b', A' = A γ / s, b' = b + A (β - m γ / s). A norm
    without gain has γ = 1 and β = 0; a layer without bias gets one.
    """
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain, shift = (norm.running_var + norm.eps).rsqrt(), torch.zeros_like(norm.running_mean)
    if norm.affine:
        gain, shift = norm.weight * gain, norm.bias
    shift = shift - norm.running_mean * gain
    positions = linear.in_features // len(gain)
    bias = linear.weight @ shift.repeat_interleave(positions)
    linear.bias = nn.Parameter(bias if linear.bias is None else linear.bias + bias)
    linear.weight.mul_(gain.repeat_interleave(positions))
