"""Scalar potentials linear in their parameters: v(t) = sum_k θ_k ρ_k(t).

Symbols: t value of a pixel; c_k knots; θ_k weights.

Splines: v'' = sum_k θ_k B_k with hats B_k (B-splines of first order) on the knots, constant
outside. So v' is linear in the tails, v is convex there if the outer weights are positive, and the
least v'' is the least weight, exactly. sum_k B_k = 1: equal weights are a quadratic term.

Sigmoids: v = sum_k θ_k σ(-(t - c_k) / s_k), decreasing logistic functions of widths s_k. v is flat
outside the knots, so it holds nothing back there: fields are confined to the window [c_1, c_N], in
which the energy was fitted, and it is infinite beyond.

References: Guth, Lempereur, Bruna, Mallat 2023, arXiv 2306.00181, and its code (sigmoids).
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.plain import has_memory, is_plain


class Potential(nn.Module, ABC):
    """v(t) = sum_k θ_k ρ_k(t); buffers `knots` (N) ascending and `weights` (N).

    Subclasses write `slope`, `curvature` of each ρ_k for fits, and v with its derivatives.
    """

    kind: ClassVar[str]
    knots: Tensor
    weights: Tensor

    def __init__(self, knots: Tensor, weights: Tensor | None = None) -> None:
        super().__init__()
        weights = torch.zeros_like(knots) if weights is None else weights
        rising = bool((knots.diff() > 0).all()) and bool(knots.isfinite().all())
        if knots.ndim != 1 or len(knots) < 3 or not rising or weights.shape != knots.shape:
            raise InputError(
                f"A potential needs three or more ascending knots and a weight for each: got "
                f"{len(knots)} knots and weights of shape {tuple(weights.shape)}."
            )
        self.register_buffer("knots", knots.detach().clone())
        self.register_buffer("weights", weights.detach().clone())

    def with_weights(self, weights: Tensor) -> "Potential":
        """Return the same family at other weights θ."""
        return type(self)(self.knots, weights)

    @abstractmethod
    def slope(self, t: Tensor, k: int) -> Tensor:
        """Return ρ_k'(t), in the shape of t."""

    @abstractmethod
    def curvature(self, t: Tensor, k: int) -> Tensor:
        """Return ρ_k''(t)."""

    @abstractmethod
    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return v(t) and v'(t)."""

    @abstractmethod
    def second(self, t: Tensor) -> Tensor:
        """Return v''(t)."""

    @abstractmethod
    def least_curvature(self) -> float:
        """Return a lower bound of v'' over all t that the potential allows."""

    def largest_curvature(self) -> float:
        """Return an upper bound of v''."""
        return -self.with_weights(-self.weights).least_curvature()


class SplinePotential(Potential):
    """v'' is continuous and piecewise linear, constant in the tails."""

    kind = "spline"
    _pieces: Tensor
    _starts: Tensor

    def __init__(self, knots: Tensor, weights: Tensor | None = None) -> None:
        super().__init__(knots, weights)
        self._set_pieces()
        self._known: tuple[np.ndarray, ...] | None = None

    def slope(self, t: Tensor, k: int) -> Tensor:
        """Return the integral of the hat B_k from the middle knot."""
        c, last, middle = self.knots, len(self.knots) - 1, len(self.knots) // 2
        if k == 0:
            left = c.new_zeros(())
            rise = (t - c[0]).clamp(max=0)
        else:
            left = c[k] - c[k - 1]
            rise = ((t - c[k - 1]) / left).clamp(0, 1).square_().mul_(left / 2)
        if k == last:
            return rise.add_((t - c[last]).clamp_(min=0))
        right = c[k + 1] - c[k]
        rest = ((c[k + 1] - t) / right).clamp_(0, 1).square_()
        before = left / 2 * (k <= middle) - right / 2 * (k >= middle)
        return rise.sub_(before).sub_(rest.mul_(right / 2))

    def curvature(self, t: Tensor, k: int) -> Tensor:
        """Return the hat B_k(t)."""
        c, last = self.knots, len(self.knots) - 1
        if k == 0:
            return ((c[1] - t) / (c[1] - c[0])).clamp_(0, 1)
        if k == last:
            return ((t - c[last - 1]) / (c[last] - c[last - 1])).clamp_(0, 1)
        up, down = (t - c[k - 1]) / (c[k] - c[k - 1]), (c[k + 1] - t) / (c[k + 1] - c[k])
        return torch.minimum(up, down).clamp_(0, 1)

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return v(t) and v'(t); both are 0 at the middle knot."""
        if _runs_compiled(t):
            from scorelet.models.field_energy.spline_kernel import spline_derivatives

            value, first = t.new_empty(t.shape), t.new_empty(t.shape)
            spline_derivatives(_numbers(t), *self._tables(), _numbers(value), _numbers(first))
            return value, first
        piece, u = self._place(t)
        v0, v1, v2, v3 = self._pieces.to(t)[:, piece]
        half = u / 2
        value = v0 + u * (v1 + half * (v2 + u * v3 / 3))
        return value, v1 + u * (v2 + half * v3)

    def second(self, t: Tensor) -> Tensor:
        """Return v''(t): linear between knots, constant outside."""
        if _runs_compiled(t):
            from scorelet.models.field_energy.spline_kernel import spline_second

            second = t.new_empty(t.shape)
            spline_second(_numbers(t), *self._tables(), _numbers(second))
            return second
        piece, u = self._place(t)
        return self._pieces[2].to(t)[piece] + u * self._pieces[3].to(t)[piece]

    def least_curvature(self) -> float:
        """Return min v'' = min θ, exactly."""
        return float(self.weights.min())

    def _tables(self) -> tuple[np.ndarray, ...]:
        """Knots, bins, starts and pieces, as the kernels take them."""
        if self._known is None:
            from scorelet.models.field_energy.spline_kernel import bin_pieces

            knots, starts, pieces = (
                _numbers(x.double().cpu()) for x in (self.knots, self._starts, self._pieces.T)
            )
            self._known = knots, bin_pieces(knots), starts, pieces.reshape(len(starts), 4)
        return self._known

    def _place(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return the piece of each t, and its distance from where the piece begins."""
        piece = torch.bucketize(t, self.knots.to(t))
        return piece, t - self._starts.to(t)[piece]

    def _set_pieces(self) -> None:
        """v, v', v'', v''' at the start of each of the N + 1 pieces; both tails start at a knot."""
        c, second = self.knots, self.weights
        h = c.diff()
        third = second.diff() / h
        steps = h * (second[:-1] + second[1:]) / 2
        first = torch.cat([steps.new_zeros(1), steps.cumsum(0)])
        first = first - first[len(c) // 2]
        rises = h * first[:-1] + h.square() * (second[:-1] / 2 + h * third / 6)
        value = torch.cat([rises.new_zeros(1), rises.cumsum(0)])
        value = value - value[len(c) // 2]
        zero = third.new_zeros(1)
        third = torch.cat([zero, third, zero])
        tables = [torch.cat([x[:1], x]) for x in (value, first, second)]
        self.register_buffer("_pieces", torch.stack([*tables, third]), persistent=False)
        self.register_buffer("_starts", torch.cat([c[:1], c]), persistent=False)


class SigmoidPotential(Potential):
    """Decreasing logistic functions; flat outside the window of the knots.

    Args:
        knots: c_k.
        weights: θ_k; zero if None.
        extent: widths s_k in units of the local distance of knots; 0.25 to 1. Wide ones overlap,
            and make the normal equations of a fit badly conditioned.
    """

    kind = "sigmoid"
    widths: Tensor

    def __init__(
        self, knots: Tensor, weights: Tensor | None = None, *, extent: float = 0.5
    ) -> None:
        super().__init__(knots, weights)
        if not extent > 0:
            raise InputError(f"The extent of sigmoids is {extent}: expected a positive number.")
        self.extent = extent
        gaps = knots.diff()
        around = torch.cat([gaps[:1], (gaps[1:] + gaps[:-1]) / 2, gaps[-1:]])
        self.register_buffer("widths", extent * around, persistent=False)

    def with_weights(self, weights: Tensor) -> "SigmoidPotential":
        """Return the same family at other weights θ."""
        return SigmoidPotential(self.knots, weights, extent=self.extent)

    def slope(self, t: Tensor, k: int) -> Tensor:
        """Return -σ(1 - σ) / s_k at -(t - c_k) / s_k."""
        s = self._logistic(t, k)
        return s * (s - 1) / self.widths[k].to(t)

    def curvature(self, t: Tensor, k: int) -> Tensor:
        """Return σ(1 - σ)(1 - 2σ) / s_k^2."""
        s = self._logistic(t, k)
        return s * (1 - s) * (1 - 2 * s) / self.widths[k].to(t).square()

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return v(t), infinite outside the window, and v'(t)."""
        value, first = torch.zeros_like(t), torch.zeros_like(t)
        for k, weight in enumerate(self.weights.to(t)):
            s = self._logistic(t, k)
            value += weight * s
            first += weight * s * (s - 1) / self.widths[k].to(t)
        outside = (t < self.knots[0].to(t)) | (t > self.knots[-1].to(t))
        return value.masked_fill(outside, torch.inf), first

    def second(self, t: Tensor) -> Tensor:
        """Return v''(t) of the logistic functions."""
        total = torch.zeros_like(t)
        for k, weight in enumerate(self.weights.to(t)):
            total += weight * self.curvature(t, k)
        return total

    def least_curvature(self) -> float:
        """Return min v'' over a grid of 64 places in each width, less what it can miss between."""
        step = float(self.widths.min()) / 64
        t = torch.arange(float(self.knots[0]), float(self.knots[-1]) + step, step).to(self.knots)
        # |σ'''' | < 0.13 bounds v'''' between places of the grid
        bound = 0.13 * float((self.weights.abs() / self.widths**4).sum())
        return float(self.second(t).min()) - bound * step**2 / 8

    def _logistic(self, t: Tensor, k: int) -> Tensor:
        return torch.sigmoid((self.knots[k].to(t) - t) / self.widths[k].to(t))


def _runs_compiled(t: Tensor) -> bool:
    if t.device.type != "cpu" or torch.compiler.is_compiling() or not is_plain(t):
        return False
    return t.dtype in (torch.float32, torch.float64) and has_memory(t)


def _numbers(t: Tensor) -> np.ndarray:
    """The values of t in one row; those of t itself if they lie so."""
    return t.detach().contiguous().reshape(-1).numpy()


def potential_kinds() -> dict[str, type[Potential]]:
    """Return the families of potentials by name."""
    return {kind.kind: kind for kind in (SplinePotential, SigmoidPotential)}
