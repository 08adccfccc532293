"""Splines: v'' = sum_k θ_k B_k with hats B_k (B-splines of first order) on the knots.

Outside the knots v'' is constant. So v' is linear in the tails, v is convex there if the outer
weights are positive, and the least v'' is the least weight, exactly. sum_k B_k = 1: equal weights
are a quadratic term.
"""

import numpy as np
import torch
from torch import Tensor

from scorelet.core.plain import runs_compiled
from scorelet.models.field_energy.potential import Potential


class SplinePotential(Potential):
    """v'' is continuous and piecewise linear, constant in the tails."""

    kind, quadratic = "spline", True
    _pieces: Tensor
    _starts: Tensor

    def __init__(self, knots: Tensor, weights: Tensor | None = None) -> None:
        super().__init__(knots, weights)
        self.renew()

    def renew(self) -> None:
        """Compute the pieces again."""
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
        if runs_compiled(t):
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
        if runs_compiled(t):
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


def _numbers(t: Tensor) -> np.ndarray:
    """The values of t in one row; those of t itself if they lie so."""
    return t.detach().contiguous().reshape(-1).numpy()
