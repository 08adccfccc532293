"""AdamW or SGD for everything, or Muon for the matrices and AdamW for the rest."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.networks.noise_gain import level_weights
from scorelet.networks.parseval import tight_weights
from scorelet.training.config import OptimizerConfig


def make_optimizers(model: nn.Module, config: OptimizerConfig) -> list[torch.optim.Optimizer]:
    """Return the optimisers that together own all parameters of `model` that learn.

    Biases, gains and norms (parameters of one axis or none) are a group of their own, which does
    not decay unless `decay_vectors` says so. Frames that are kept tight never decay. What tells a
    network the noise level is never one of Muon's matrices.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    told = {id(p) for p in level_weights(model)}
    matrices = [
        p
        for p in parameters
        if config.name == "muon" and _is_matrix(p, config.least_channels) and id(p) not in told
    ]
    chosen = {id(p) for p in matrices}
    tight = tight_weights(model)
    rest = _groups([p for p in parameters if id(p) not in chosen], config, tight)
    optimizers: list[torch.optim.Optimizer] = []
    if matrices:
        optimizers.append(Muon(matrices, rate=config.matrix_rate, weight_decay=config.weight_decay))
    if rest and config.name == "sgd":
        momentum, nesterov = config.momentum, config.nesterov
        optimizers.append(
            torch.optim.SGD(rest, lr=config.rate, momentum=momentum, nesterov=nesterov)
        )
    elif rest:
        optimizers.append(torch.optim.AdamW(rest, lr=config.rate, betas=config.betas))
    return optimizers


def _groups(
    parameters: list[Tensor], config: OptimizerConfig, tight: list[Tensor]
) -> list[dict[str, Any]]:
    """Part parameters into those that decay and those that do not."""
    kept = {id(p) for p in tight}
    decaying = [
        p for p in parameters if id(p) not in kept and (p.ndim >= 2 or config.decay_vectors)
    ]
    chosen = {id(p) for p in decaying}
    groups = (
        {"params": decaying, "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if id(p) not in chosen], "weight_decay": 0.0},
    )
    return [group for group in groups if group["params"]]


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised: W ← W - rate √max(1, rows/columns) · UVᵀ.

    UVᵀ is the orthogonal factor of the Nesterov momentum M = U S Vᵀ, found by five Newton-Schulz
    steps. A convolution (out, in, h, w) is taken as the matrix (out, in·h·w), a transposed one,
    which is stored as (in, out, h, w), as (in, out·h·w). torch's own
    `torch.optim.Muon` refuses parameters that are not two-dimensional, hence this one.

    References:
        Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        *,
        rate: float,
        momentum: float = 0.95,
        weight_decay: float = 0,
    ) -> None:
        defaults = {"lr": rate, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(  # ty: ignore[incompatible-method-override]
        self, closure: Callable[[], Tensor | float] | None = None
    ) -> Tensor | float | None:
        """Move every parameter that has a gradient; return what `closure` returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameters in _by_shape(group["params"]):
                self._move(parameters, group)
        return loss

    def _move(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        """Move parameters of one shape; their matrices are orthogonalised as one batch."""
        updates = []
        for p in parameters:
            assert p.grad is not None
            momentum = self.state[p].setdefault("momentum", torch.zeros_like(p))
            momentum.lerp_(p.grad, 1 - group["momentum"])
            updates.append(p.grad.lerp(momentum, group["momentum"]).flatten(1))
        factors = orthogonal_factor(torch.stack(updates))
        stretch = max(1.0, factors.shape[1] / factors.shape[2]) ** 0.5
        for p, factor in zip(parameters, factors, strict=True):
            p.mul_(1 - group["lr"] * group["weight_decay"])
            p.add_(factor.view_as(p), alpha=-group["lr"] * stretch)


def orthogonal_factor(matrix: Tensor, *, steps: int = 5) -> Tensor:
    """Approximate U Vᵀ of matrix = U S Vᵀ, (..., rows, columns).

    Singular values of at least 1/100 of ‖matrix‖ become 0.65 to 1.2; those far smaller stay small.

    Newton-Schulz iteration X ← a X + (b XXᵀ + c (XXᵀ)²) X from X = matrix / ‖matrix‖ with the
    coefficients of Jordan et al. 2024, in bfloat16.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    wide = matrix.shape[-2] <= matrix.shape[-1]
    x = matrix.bfloat16() if wide else matrix.bfloat16().mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x if wide else x.mT).to(matrix.dtype)


def _is_matrix(p: Tensor, least: int) -> bool:
    """Whether both sides are so long: no gain, layer at the picture, convolution per channel."""
    return p.ndim >= 2 and min(p.shape[0], p.shape[1]) >= least


def _by_shape(parameters: list[Tensor]) -> list[list[Tensor]]:
    groups: dict[torch.Size, list[Tensor]] = {}
    for p in parameters:
        if p.grad is not None:
            groups.setdefault(p.shape, []).append(p)
    return list(groups.values())
