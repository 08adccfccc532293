"""Normalisation without additive terms, so that networks stay homogeneous.

Symbols: x (batch, channel, height, width), γ gain per channel, s standard deviation per channel.
"""

from typing import Any

import torch
import torch.distributed as processes
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from scorelet.core.plain import functions_at_work, is_traced


class BiasFreeBatchNorm(nn.Module):
    """Divide each channel by its standard deviation: x ↦ γ x / s, no mean removed, no shift.

    In training s = sqrt(var(x over batch, height, width) + ε), with the biased variance, and the
    running *standard deviation* follows as running ← (1 - momentum) running + momentum s. In
    evaluation s is the running value, so the layer is linear and a bias-free network with it
    obeys f(a y) = a f(y), a > 0. Several processes take the deviation of their common batch.

    Args:
        channels: number of channels.
        momentum: weight of the newest batch in the running deviation.
        eps: ε, added to the variance in training.

    The gain starts at N(0, 1)·2/(9·64) clamped to ±0.025: layers are nearly silent at the start.

    References:
        Mohan, Kadkhodaie, Simoncelli, Fernandez-Granda, "Robust and interpretable blind image
        denoising via bias-free convolutional neural networks", ICLR 2020, arXiv 1906.05478.
    """

    running_std: Tensor

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum = momentum
        self.eps = eps
        self.gain = nn.Parameter(torch.empty(channels))
        self.register_buffer("running_std", torch.ones(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the gains anew and forget the running deviation."""
        with torch.no_grad():
            self.gain.normal_(0.0, 2.0 / (9.0 * 64.0)).clamp_(-0.025, 0.025)
            self.running_std.fill_(1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Return γ x / s, with the shape and dtype of x."""
        std = self._batch_std(x) if self.training else self.running_std
        return x * (self.gain / std).to(x.dtype)[:, None, None]

    def _batch_std(self, x: Tensor) -> Tensor:
        std = (_variance(x) + self.eps).sqrt().to(self.gain.dtype)
        with torch.no_grad():
            self.running_std.lerp_(std.detach(), self.momentum)
        return std


def _variance(x: Tensor) -> Tensor:
    """Biased variance of each channel over the batch of all processes, differentiable in x.

    It is a float32 number, of float64 images a float64 one.
    """
    several = processes.is_available() and processes.is_initialized()
    alone = not several or processes.get_world_size() == 1
    if alone and _is_fast(x):
        return _Variance.apply(x)
    x = x if x.dtype == torch.float64 else x.float()
    if alone:
        return x.var((0, 2, 3), correction=0)
    count = x.numel() / x.shape[1] * processes.get_world_size()  # all have equal shares
    mean = _Sum.apply(x.sum((0, 2, 3))) / count
    return _Sum.apply((x - mean[:, None, None]).square().sum((0, 2, 3))) / count


def _is_fast(x: Tensor) -> bool:
    return x.device.type == "cpu" and x.numel() > 0 and not is_traced() and not functions_at_work()


class _Variance(torch.autograd.Function):
    """As `var`, by the pass that batch norms make: `var` takes many times as long on a CPU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(x)
        wide = torch.promote_types(x.dtype, torch.float32)
        unused = x.new_zeros(2, x.shape[1], dtype=wide)
        return torch.batch_norm_update_stats(x, *unused, 0.0)[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ANN401
        (x,) = ctx.saved_tensors
        slope = gradients[0] * (2 * x.shape[1] / x.numel())
        mean = x.mean((0, 2, 3), keepdim=True, dtype=slope.dtype)
        return ((x - mean) * slope[:, None, None]).to(x.dtype)


class _Sum(torch.autograd.Function):
    """Σ over processes of their vectors, which all of them get; so does each gradient."""

    @staticmethod
    def forward(_ctx: FunctionCtx, x: Tensor) -> Tensor:
        total = x.clone()
        processes.all_reduce(total)
        return total

    @staticmethod
    def backward(_ctx: FunctionCtx, *gradients: Tensor) -> Tensor:  # ty: ignore[lost-keyword-for-regular-parameter]
        return _Sum.apply(gradients[0])
