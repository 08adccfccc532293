"""Sums over space and products with one number a channel, whose derivatives are of the same kind.

Symbols: x, y (batch, channel, height, width); a, b (batch, channel); the sum over height and width

    total(x) = Σ x      dot(x, y) = Σ x y      affine(x, a, b) = a x + b

torch differentiates a mean by expanding and dividing a whole image, in a layout of its own; a
network whose gradient is trained is then mostly passes over memory. Here every derivative, of
whatever order, is again one of the three. Sums are float32 at least; images keep dtype and layout.
"""

from typing import Any

import torch
from torch import Tensor

from scorelet.networks.derivative_rules import Rule, laid_as


def total(x: Tensor) -> Tensor:
    """Return Σ x, (batch, channel)."""
    return _Total.apply(x)


def dot(x: Tensor, y: Tensor) -> Tensor:
    """Return Σ x y, (batch, channel)."""
    return _Dot.apply(x, y)


def affine(x: Tensor, a: Tensor, b: Tensor | None = None) -> Tensor:
    """Return a x + b."""
    return _Scale.apply(x, a) if b is None else _Affine.apply(x, a, b)


class _Total(Rule):
    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.sum((2, 3), dtype=_wide(x))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        (x,) = ctx.saved_tensors
        return _Spread.apply(x, g)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        return _Total.apply(tangent)


class _Spread(Rule):
    """b in every pixel of an image like x; x itself is not looked at."""

    @staticmethod
    def forward(x: Tensor, b: Tensor) -> Tensor:
        return laid_as(b.to(x.dtype)[..., None, None].expand(x.shape), x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[None, Tensor]:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        return None, _Total.apply(g)

    @staticmethod
    def jvp(ctx: Any, x_tangent: Tensor, b_tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        (x, _) = ctx.saved_tensors
        return _Spread.apply(x, b_tangent)


class _Dot(Rule):
    @staticmethod
    def forward(x: Tensor, y: Tensor) -> Tensor:
        return (x * laid_as(y, x)).sum((2, 3), dtype=_wide(x))

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
        return x * a.to(x.dtype)[..., None, None]

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
        return torch.addcmul(b.to(x.dtype)[..., None, None], x, a.to(x.dtype)[..., None, None])

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, a, b = ctx.saved_tensors
        g = laid_as(g, x)
        return _Scale.apply(g, a), _Dot.apply(g, x).to(a.dtype), _Total.apply(g).to(b.dtype)

    @staticmethod
    def jvp(ctx: Any, x_tangent: Tensor, a_tangent: Tensor, b_tangent: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        x, a, _ = ctx.saved_tensors
        return _Scale.apply(x_tangent, a) + _Affine.apply(x, a_tangent, b_tangent)


def _wide(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)
