"""How much faster short kernels in space are than the same wavelets in the Fourier domain."""

import statistics
import time

import torch
from torch import nn

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
    pairs = torch.view_as_real(x).movedim(-1, 2).contiguous()
    fourier, space = MorletTransform2d(4, kind="second half"), MorletConv2d(4, kind="second half")
    _seconds(fourier, x), _seconds(space, pairs)  # warm up
    ratios = [_seconds(fourier, x) / _seconds(space, pairs) for _ in range(_ROUNDS)]
    return {"ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}


def _seconds(layer: nn.Module, x: torch.Tensor) -> float:
    """CPU seconds of the process: other work on the machine does not count."""
    leaf = x.detach().requires_grad_()
    start = time.process_time()
    out = layer(leaf)
    parts = out if isinstance(out, tuple) else (out,)
    sum(part.abs().square().sum() for part in parts).backward()
    return time.process_time() - start
