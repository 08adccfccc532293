"""Sigmoids: v = sum_k θ_k σ(-(t - c_k) / s_k), decreasing logistic functions of widths s_k.

v is flat outside the knots, so it holds nothing back there: fields are confined to the window
[c_1, c_N], in which the energy was fitted, and it is infinite beyond.

References: Guth, Lempereur, Bruna, Mallat 2023, arXiv 2306.00181, and its code.
"""

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.models.field_energy.potential import Potential


class SigmoidPotential(Potential):
    """Decreasing logistic functions; flat outside the window of the knots.

    Args:
        knots: c_k.
        weights: θ_k; zero if None.
        extent: widths s_k in units of the local distance of knots; 0.25 to 1. Wide ones overlap,
            and make the normal equations of a fit badly conditioned.
    """

    kind, quadratic = "sigmoid", False
    widths: Tensor

    def __init__(
        self, knots: Tensor, weights: Tensor | None = None, *, extent: float = 0.5
    ) -> None:
        super().__init__(knots, weights)
        if not extent > 0:
            raise InputError(f"The extent of sigmoids is {extent}: expected a positive number.")
        self.extent = extent
        self.renew()

    def renew(self) -> None:
        """Compute the widths again."""
        gaps = self.knots.diff()
        around = torch.cat([gaps[:1], (gaps[1:] + gaps[:-1]) / 2, gaps[-1:]])
        self.register_buffer("widths", self.extent * around, persistent=False)

    def with_weights(self, weights: Tensor) -> "SigmoidPotential":
        """Return the same family at other weights θ."""
        return type(self)(self.knots, weights, extent=self.extent)

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
