"""GELU with derivatives of its own, for networks whose gradient is trained.

Symbols: Φ, φ distribution and density of a standard normal;

    gelu(x) = x Φ(x)      gelu'(x) = Φ(x) + x φ(x)      gelu''(x) = φ(x) (2 - x²)

torch differentiates its kernel of gelu' by a formula of some twenty passes over memory; here a
second derivative is one of eight, and gradients get the layout of what they belong to. Reverse and
forward mode to every order, `torch.func.vmap`.

References: Hendrycks, Gimpel 2016, arXiv 1606.08415.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.networks.derivative_rules import Rule, laid_as

_DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)


def gelu(x: Tensor) -> Tensor:
    """Return x Φ(x)."""
    return _Value.apply(x)


class _Value(Rule):
    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return F.gelu(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        (x,) = ctx.saved_tensors
        return _Slope.apply(x, gradient)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        (x,) = ctx.saved_tensors
        return _Slope.apply(x, tangent)


class _Slope(Rule):
    """g gelu'(x)."""

    @staticmethod
    def forward(x: Tensor, g: Tensor) -> Tensor:
        return torch.ops.aten.gelu_backward(laid_as(g, x), x)

    @staticmethod
    def backward(ctx: Any, h: Tensor) -> tuple[Tensor, Tensor]:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, g = ctx.saved_tensors
        h = laid_as(h, x)
        return h * laid_as(g, x) * _curvature(x), _Slope.apply(x, h)

    @staticmethod
    def jvp(ctx: Any, x_tangent: Tensor, g_tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, g = ctx.saved_tensors
        return x_tangent * g * _curvature(x) + _Slope.apply(x, g_tangent)


def _curvature(x: Tensor) -> Tensor:
    square = x.square()
    return (square * -0.5).exp() * (2 - square) * _DENSITY_AT_0
