"""The energy of a stationary field: couplings of pixels, and a potential of each.

Symbols: x field (h, w), periodic; K couplings; v potential; a slope,

    E(x) = x^T K x / 2 + sum_u v(x(u)) + a sum_u x(u)
    F(x) = K x + v'(x) + a,          Hess E(x) = K + diag v''(x)

E is linear in (K, v, a). The quadratic part of v and the trace of K are one and the same: E knows
v(t) + K_0 t^2 / 2 only (the gauge). Compare forces, or `FieldEnergy.gauge_fixed`, never parameters.
"""

import torch
from torch import Tensor, nn

from scorelet.core.per_sample import sum_per_sample
from scorelet.core.typing import Image, PerSample
from scorelet.models.field_energy.couplings import Couplings
from scorelet.models.field_energy.potentials import Potential


class FieldEnergy(nn.Module):
    """E of fields (batch, 1, h, w) of any size; it is a `CurvedEnergy`.

    Args:
        couplings: K.
        potential: v.
        slope: a; it is of no account where only details of the field vary.
    """

    slope: Tensor

    def __init__(self, couplings: Couplings, potential: Potential, *, slope: float = 0.0) -> None:
        super().__init__()
        self.couplings, self.potential = couplings, potential
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
        pulled, (value, first) = self.couplings.product(x), self.potential.derivatives(x)
        slope = self.slope.to(x)
        return sum_per_sample(value + x * (pulled / 2 + slope)), pulled + first + slope

    def hessian_vec(self, x: Image, v: Image) -> Image:
        """Return (K + diag v''(x)) v."""
        return self.couplings.product(v) + self.potential.second(x) * v

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
