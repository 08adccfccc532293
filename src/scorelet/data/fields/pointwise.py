"""Pointwise transforms of fields, under which they are modelled: z(u) = T(x(u)), T rising.

    none     T(x) = x
    log      T(x) = log x, for positive fields
    asinh    T(x) = asinh((x - a) / b): linear near a, logarithmic far from it on both sides

`QuantileMatched` adds to one of them a broken line, which brings quantiles of fields to those of
samples.

A density of z is one of x: p(x) = p(z) prod_u T'(x(u)).

References: Johnson 1949, Biometrika 36, systems S_L and S_U; Lupton, Gunn, Szalay 1999,
arXiv astro-ph/9903081, asinh as a stretch of brightness.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from scorelet.core.errors import InputError


class Pointwise(ABC):
    """A rising function T of pixels.

    Attributes:
        name: none, log or asinh.
    """

    name: ClassVar[str]

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return T(x).

        Raises:
            InputError: pixels that T does not know.
        """

    @abstractmethod
    def inverse(self, z: Tensor) -> Tensor:
        """Return x with T(x) = z."""

    @abstractmethod
    def log_slope(self, x: Tensor) -> Tensor:
        """Return log T'(x) of each pixel."""


@dataclass(frozen=True)
class Unchanged(Pointwise):
    """T(x) = x."""

    name = "none"

    def forward(self, x: Tensor) -> Tensor:
        """Return x."""
        return x

    def inverse(self, z: Tensor) -> Tensor:
        """Return z."""
        return z

    def log_slope(self, x: Tensor) -> Tensor:
        """Return 0."""
        return x.new_zeros(x.shape)


@dataclass(frozen=True)
class Logarithm(Pointwise):
    """T(x) = log x."""

    name = "log"

    def forward(self, x: Tensor) -> Tensor:
        """Return log x.

        Raises:
            InputError: pixels that are 0 or negative.
        """
        refuse_not_positive(int((x <= 0).sum()), x.numel())
        return x.log()

    def inverse(self, z: Tensor) -> Tensor:
        """Return exp z."""
        return z.exp()

    def log_slope(self, x: Tensor) -> Tensor:
        """Return -log x."""
        return -self.forward(x)


@dataclass(frozen=True)
class Asinh(Pointwise):
    """T(x) = asinh((x - a) / b).

    Args:
        centre: a.
        scale: b > 0.
    """

    centre: float
    scale: float
    name = "asinh"

    def forward(self, x: Tensor) -> Tensor:
        """Return asinh((x - a) / b)."""
        return ((x - self.centre) / self.scale).asinh()

    def inverse(self, z: Tensor) -> Tensor:
        """Return a + b sinh z."""
        return self.centre + self.scale * z.sinh()

    def log_slope(self, x: Tensor) -> Tensor:
        """Return -log((x - a)^2 + b^2) / 2."""
        return -((x - self.centre).square() + self.scale**2).log() / 2


@dataclass(frozen=True)
class QuantileMatched(Pointwise):
    """T(x) = G(S(x)), G the broken line through (fields_i, drawn_i), of slope 1 outside.

    Samples z of a model, whose pixels have quantiles drawn_i, become S^-1(G^-1(z)), whose S has
    the quantiles fields_i.

    Args:
        inner: S.
        fields, drawn: both rise, two numbers at least.
    """

    inner: Pointwise
    fields: tuple[float, ...]
    drawn: tuple[float, ...]
    name = "matched"

    def forward(self, x: Tensor) -> Tensor:
        """Return G(S(x))."""
        return self.line(self.inner.forward(x))

    def line(self, y: Tensor) -> Tensor:
        """Return G(y)."""
        return _broken_line(y, self.fields, self.drawn)[0]

    def inverse(self, z: Tensor) -> Tensor:
        """Return S^-1(G^-1(z))."""
        return self.inner.inverse(_broken_line(z, self.drawn, self.fields)[0])

    def log_slope(self, x: Tensor) -> Tensor:
        """Return log G'(S(x)) + log S'(x)."""
        slope = _broken_line(self.inner.forward(x), self.fields, self.drawn)[1]
        return slope.log() + self.inner.log_slope(x)


def _broken_line(z: Tensor, here: Sequence[float], there: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Return the line that takes `here` to `there` at z, and its slopes."""
    x, y = z.new_tensor(here), z.new_tensor(there)
    slopes = torch.cat([x.new_ones(1), y.diff() / x.diff(), x.new_ones(1)])
    piece = torch.searchsorted(x, z.detach().contiguous(), right=True)
    start = (piece - 1).clamp(min=0)
    return y[start] + slopes[piece] * (z - x[start]), slopes[piece]


POINTWISE: dict[str, type[Pointwise]] = {
    transform.name: transform for transform in (Unchanged, Logarithm, Asinh)
}
"""By their names, as models keep them."""


def refuse_not_positive(wrong: int, count: int) -> None:
    """Refuse fields that have no logarithm.

    Raises:
        InputError: `wrong` of `count` pixels are 0 or negative.
    """
    if wrong:
        raise InputError(
            f"{wrong} of {count} pixels are 0 or negative and have no logarithm: fit without "
            "--transform log, or add a constant first."
        )
