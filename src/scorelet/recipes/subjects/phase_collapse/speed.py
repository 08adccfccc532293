"""How much faster short kernels in space are than the same wavelets in the Fourier domain."""

import statistics
import time

import torch
from torch import Tensor, nn

from scorelet.core.random import generator, randn
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.wavelets import MorletTransform2d

SHAPE = (64, 32, 32)
"""Channels, height and width at the second block of the network for CIFAR-10."""
_ROUNDS = 5


def wavelet_speed(pictures: int) -> dict[str, float]:
    """Time forward and backward of both in turn, of complex images of `SHAPE`.

    Returns:
        ratio: the median of the ratios of rounds; low, high: the least and the largest of them.
    """
    x = torch.view_as_complex(randn((pictures, *SHAPE, 2), rng=generator(0)).contiguous())
    planes = torch.view_as_real(x).permute(4, 0, 2, 3, 1).contiguous()
    pairs = planes.permute(1, 4, 0, 2, 3)  # as a block hands it to the next one, channels last
    fourier, space = MorletTransform2d(4, kind="second half"), MorletConv2d(4, kind="second half")
    wanted = [_gradients_of(layer, y) for layer, y in ((fourier, x), (space, pairs))]
    _seconds(fourier, x, wanted[0]), _seconds(space, pairs, wanted[1])  # the first call compiles
    ratios = [
        _seconds(fourier, x, wanted[0]) / _seconds(space, pairs, wanted[1]) for _ in range(_ROUNDS)
    ]
    return {"ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}


def _gradients_of(layer: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    """Return what comes back to the outputs: a loss would take time of its own."""
    with torch.no_grad():
        return tuple(torch.ones_like(part) for part in _parts(layer(x)))


def _seconds(layer: nn.Module, x: Tensor, gradients: tuple[Tensor, ...]) -> float:
    """CPU seconds of the process: other work on the machine does not count."""
    leaf = x.detach().requires_grad_()
    start = time.process_time()
    torch.autograd.backward(_parts(layer(leaf)), gradients)
    return time.process_time() - start


def _parts(out: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return out if isinstance(out, tuple) else (out,)
