"""Sums over space and products with one number a channel, whose derivatives are of the same kind.

Symbols: x, y (batch, channel, height, width); a, b (batch, channel); sums over height and width

    squares(x) = (Σ x, Σ x²)      affine(x, a, b) = a x + b

torch differentiates a mean by expanding and dividing a whole image, in a layout of its own; a
network whose gradient is trained is then mostly passes over memory. Here every derivative, of
whatever order, is again one of these, or (Σ x, Σ x y). Sums are float32 at least; images keep dtype
and layout.
"""

from typing import Any

import torch
from torch import Tensor

from scorelet.core.device import single_at_least
from scorelet.networks.derivative_rules import Rule, laid_as


def squares(x: Tensor) -> Tensor:
    """Return Σ x and Σ x², (2, batch, channel)."""
    return _Squares.apply(x)


def affine(x: Tensor, a: Tensor, b: Tensor | None = None) -> Tensor:
    """Return a x + b."""
    return _Scale.apply(x, a) if b is None else _Affine.apply(x, a, b)


class _Squares(Rule):
    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return torch.stack([_sum(x), _sum(x * x)])

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        (x,) = ctx.saved_tensors
        return _Affine.apply(x, 2 * g[1], g[0])

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        (x,) = ctx.saved_tensors
        total, product = _Sums.apply(tangent, x)
        return torch.stack([total, 2 * product])


class _Sums(Rule):
    """Σ x and Σ x y, (2, batch, channel)."""

    @staticmethod
    def forward(x: Tensor, y: Tensor) -> Tensor:
        return torch.stack([_sum(x), _sum(x * laid_as(y, x))])

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, y = ctx.saved_tensors
        return _Affine.apply(y, g[1], g[0]), _Scale.apply(x, g[1])

    @staticmethod
    def jvp(ctx: Any, x_tangent: Tensor, y_tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, y = ctx.saved_tensors
        total, product = _Sums.apply(x_tangent, y)
        return torch.stack([total, product + _Dot.apply(x, y_tangent)])


class _Dot(Rule):
    """Σ x y."""

    @staticmethod
    def forward(x: Tensor, y: Tensor) -> Tensor:
        return _sum(x * laid_as(y, x))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, y = ctx.saved_tensors
        return _Scale.apply(y, g), _Scale.apply(x, g)

    @staticmethod
    def jvp(ctx: Any, x_tangent: Tensor, y_tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, y = ctx.saved_tensors
        return _Dot.apply(x_tangent, y) + _Dot.apply(x, y_tangent)


class _Scale(Rule):
    @staticmethod
    def forward(x: Tensor, a: Tensor) -> Tensor:
        return x * _spread(a, x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, a = ctx.saved_tensors
        g = laid_as(g, x)
        return _Scale.apply(g, a), _Dot.apply(g, x).to(a.dtype)

    @staticmethod
    def jvp(ctx: Any, x_tangent: Tensor, a_tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, a = ctx.saved_tensors
        return _Scale.apply(x_tangent, a) + _Scale.apply(x, a_tangent)


class _Affine(Rule):
    @staticmethod
    def forward(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return torch.addcmul(_spread(b, x), x, _spread(a, x))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, a, b = ctx.saved_tensors
        g = laid_as(g, x)
        total, product = _Sums.apply(g, x)
        return _Scale.apply(g, a), product.to(a.dtype), total.to(b.dtype)

    @staticmethod
    def jvp(ctx: Any, x_tangent: Tensor, a_tangent: Tensor, b_tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, a, _ = ctx.saved_tensors
        return _Scale.apply(x_tangent, a) + _Affine.apply(x, a_tangent, b_tangent)


def _sum(x: Tensor) -> Tensor:
    return x.sum((2, 3), dtype=single_at_least(x.dtype))


def _spread(a: Tensor, x: Tensor) -> Tensor:
    return a.to(x.dtype)[..., None, None]
