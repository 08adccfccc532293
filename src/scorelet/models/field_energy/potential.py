"""Scalar potentials linear in their parameters: v(t) = sum_k θ_k ρ_k(t).

Symbols: t value of a pixel; c_k knots; θ_k weights.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.models.renewal import follow_loading


class Potential(nn.Module, ABC):
    """v(t) = sum_k θ_k ρ_k(t); buffers `knots` (N) ascending and `weights` (N).

    Subclasses write `slope`, `curvature` of each ρ_k for fits, and v with its derivatives. A family
    is known by its `kind` in all of the package, once it stands in `potential_kinds`.

    Attributes:
        kind: its name.
        quadratic: whether t^2 is among its functions, as that of equal weights. If so, v has tails,
            whose curvatures are the outer weights; if not, fields are confined to the window of the
            knots, beyond which v is infinite.
    """

    kind: ClassVar[str]
    quadratic: ClassVar[bool]
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
        follow_loading(self)

    def renew(self) -> None:
        """Compute again what is kept of knots and weights, which other ones have replaced."""

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
