"""The energy of a stationary field: couplings of pixels, and a potential of each.

Symbols: x field (h, w), periodic; K couplings; v potential; a slope; y = A x the pixels that v acts
on, those of x itself, A = Id, or of x on the grid of one octave more, A = G^T (2h, 2w),

    E(x) = x^T K x / 2 + sum_u v(y(u)) + a sum_u x(u)
    F(x) = K x + A^T v'(y) + a,          Hess E(x) = K + A^T diag v''(y) A

A coarse field has lost what lay between its pixels. Its energy is what integrating that out leaves
of the energy of the finer field, whose potential acts on pixels of the finer grid: to first order
it is a potential of A x. A^T A = Id: bounds of v'' are bounds of A^T diag v'' A.

E is linear in (K, v, a). The quadratic part of v and the trace of K are one and the same: E knows
v(t) + K_0 t^2 / 2 only (the gauge). Compare forces, or `FieldEnergy.gauge_fixed`, never parameters.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from scorelet.core.per_sample import sum_per_sample
from scorelet.core.typing import Image, PerSample
from scorelet.models.field_energy.band import Band
from scorelet.models.field_energy.couplings import Couplings
from scorelet.models.field_energy.potential import Potential


def pixels_of(x: Tensor, finer: Band | None) -> Tensor:
    """Return A x."""
    return x if finer is None else finer.lift(x)


def pull_back(y: Tensor, finer: Band | None) -> Tensor:
    """Return A^T y."""
    return y if finer is None else finer.lower(y)


class FieldEnergy(nn.Module):
    """E of fields (batch, 1, h, w) of any size; it is a `CurvedEnergy`.

    Args:
        couplings: K.
        potential: v.
        slope: a; it is of no account where only details of the field vary.
        finer: the octave whose coarse square x is, for A = G^T; None for A = Id.
    """

    slope: Tensor

    def __init__(
        self,
        couplings: Couplings,
        potential: Potential,
        *,
        slope: float = 0.0,
        finer: Band | None = None,
    ) -> None:
        super().__init__()
        self.couplings, self.potential, self.finer = couplings, potential, finer
        self.register_buffer("slope", couplings.strengths.new_tensor(slope))

    def energy(self, x: Image) -> PerSample:
        """Return E of each field, (batch,); infinite outside the window of the potential."""
        return self.energy_and_force(x)[0]

    def force(self, x: Image) -> Image:
        """Return F = +grad E."""
        return self.energy_and_force(x)[1]

    def score(self, x: Image) -> Image:
        """Return -F."""
        return -self.force(x)

    def energy_and_force(self, x: Image) -> tuple[PerSample, Image]:
        """Return E and F, which share their terms."""
        pulled = self.couplings.product(x)
        value, first = self.potential.derivatives(self.pixels(x))
        slope = self.slope.to(x)
        energy = sum_per_sample(value) + sum_per_sample(x * (pulled / 2 + slope))
        return energy, pulled + pull_back(first, self.finer) + slope

    def pixels(self, x: Image) -> Tensor:
        """Return y = A x, (batch, 1, h, w) or (batch, 1, 2h, 2w), the pixels that v acts on."""
        return pixels_of(x, self.finer)

    def hessian_at(self, x: Image) -> Callable[[Tensor], Tensor]:
        """Return the function v -> (K + A^T diag v''(A x) A) v."""
        second = self.potential.second(self.pixels(x))

        def product(v: Tensor) -> Tensor:
            return self.couplings.product(v) + pull_back(second * self.pixels(v), self.finer)

        return product

    def hessian_vec(self, x: Image, v: Image) -> Image:
        """Return Hess E(x) v."""
        return self.hessian_at(x)(v)

    def gauge_fixed(self, t: Tensor) -> Tensor:
        """Return v(t) + K_0 t^2 / 2, the potential of a pixel when its neighbours are 0.

        It is the same for all parameters of the same energy, up to a constant and, where only
        details of fields vary, a linear function.
        """
        trace = [
            k
            for s, k in zip(self.couplings.shifts, self.couplings.strengths, strict=True)
            if s == (0, 0)
        ]
        own = torch.stack(trace).sum() if trace else self.slope * 0
        return self.potential.derivatives(t)[0] + own.to(t) / 2 * t.square()
