"""Exponential moving average of weights, quick at the start."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Tensors = tuple[Tensor, ...] | list[Tensor]


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """Return a copy of `model` whose weights follow: m ← d_n m + (1 - d_n) w, d_n = min(decay,
    (1 + n)/(10 + n)) after n updates, so that the average forgets the random start.
    """
    return AveragedModel(model, multi_avg_fn=_average(decay), use_buffers=True)


def _average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    @torch.no_grad()
    def update(averages: Tensors, weights: Tensors, count: Tensor | int) -> None:
        n = int(count)
        pace = 1 - min(decay, (1 + n) / (10 + n))
        for mean, weight in zip(averages, weights, strict=True):
            mean.lerp_(weight.to(mean), pace) if mean.is_floating_point() else mean.copy_(weight)

    return update
