"""Decaying turbulence in two dimensions."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.checks import check_number, check_positive, check_size
from scorelet.data.fields.ensembles.grids import filter_field, frequencies
from scorelet.data.fields.ensembles.vorticity import evolve, kinetic_energy

RESOLVED = 0.4  # k_max in units of sqrt(rms vorticity at time 0 / viscosity)
COVERED = 3.0  # k_max in units of peak: 93 % of the initial energy lie below
ROUNDS = 20  # of a fixed point in which a round leaves an eighth of the error, or less
FASTEST = 5.0  # speed, in units of the initial rms, up to which the steps are stable
STABLE = 2.8  # |z| on the imaginary axis up to which Runge-Kutta of order 4 is stable


@dataclass(frozen=True)
class DecayingTurbulence(IndexedEnsemble):
    """Vorticity of a random flow in the square of side 2 pi, at `time`.

    dw/dt + u . grad w = viscosity Lap w. At time 0 the flow is Gaussian with the energy spectrum
    E(k) proportional to k / (1 + (k / peak)^4), scaled such that the mean of |u|^2 is 1 in every
    field. Vortices form and filaments are drawn out between them: the vorticity has heavy tails
    and no skewness. With the defaults at 128 x 128 its kurtosis is 4.8 and the slope of its
    spectrum -3.3 at k = 8 to 29, over 64 fields.

    Filaments are drawn out until diffusion holds them, at k of about sqrt(rms vorticity /
    viscosity). On a grid that ends before that, power gathers at its end: below `least_size` a
    warning says so.

    Args:
        viscosity: nu > 0.
        time: of the evolution, at least 0; a unit is that in which a fluid particle of rms speed
            goes 1 / (2 pi) of the side.
        peak: frequency beyond which the initial spectrum falls, positive.
        step: longest time step; large fields take shorter ones, so that they are stable.
    """

    name: ClassVar[str] = "turbulence"
    formula: ClassVar[str] = (
        "vorticity, dw/dt + u . grad w = viscosity Lap w, u Gaussian at time 0, "
        "for sides of at least 118 by default"
    )
    reference: ClassVar[str] = "Basdevant 1983"

    viscosity: float = 1e-3
    time: float = 4.0
    peak: float = 6.0
    step: float = 4e-3

    def __post_init__(self) -> None:
        """Raise InputError for an impossible parameter."""
        check_positive(viscosity=self.viscosity, peak=self.peak, step=self.step)
        check_number("time", self.time, low=0)

    @property
    def least_size(self) -> int:
        """The side in pixels from which on all scales of the flow have a place on the grid.

        k_max is the largest frequency that the 2/3 rule keeps. What diffusion leaves must end
        before it, k_max >= 0.4 sqrt(rms vorticity at time 0 / viscosity), which was measured: at
        viscosities of 1e-3 to 4e-3 the enstrophy is then at most 10 % above that of the same flow
        on finer grids at time 1 and 5 % at time 4, and at 0.27 by 14 to 36 %. And what there is at
        time 0: k_max >= 3 peak.
        """
        highest = COVERED * self.peak
        for _ in range(ROUNDS):
            settled = RESOLVED * math.sqrt(self._first_vorticity(highest) / self.viscosity)
            highest = max(COVERED * self.peak, settled)
        least = 3 * math.ceil(highest) + 1
        return least + least % 2

    def start(self, size: int, rng: Generator) -> Tensor:
        """Return the vorticity at time 0, (L, L) float64."""
        white = torch.randn(size, size, generator=rng, dtype=torch.float64)
        w = filter_field(white, self._initial_power(size).sqrt())
        return w / (2 * kinetic_energy(w[None, None])[0]).sqrt()

    def _check_size(self, size: int) -> None:
        check_size(size, least=8, even=True)

    def _doubts(self, size: int) -> list[str]:
        if self.time == 0 or size >= self.least_size:
            return []
        return [
            f"{size} x {size} pixels are too few for this flow, whose small scales gather at the "
            f"end of the frequencies there: with viscosity={self.viscosity:g} and "
            f"peak={self.peak:g} take a size of at least {self.least_size}."
        ]

    def _draw(self, size: int, rng: Generator) -> Tensor:
        w = self.start(size, rng)
        if self.time == 0:
            return w
        stable = STABLE / (FASTEST * math.sqrt(2) * size / 3)
        return evolve(w, viscosity=self.viscosity, time=self.time, step=min(self.step, stable))

    def _first_vorticity(self, highest: float) -> float:
        """The rms vorticity at time 0 of the frequencies up to `highest`, at least 3 peak.

        It is the root of the integral of k^2 E(k) over that of E(k).
        """
        q = highest / self.peak
        enstrophy = 4 * math.log(q) + math.log1p(q**-4)  # log(1 + q^4)
        return self.peak * math.sqrt(enstrophy / (2 * math.atan(q**2)))

    def _initial_power(self, size: int) -> Tensor:
        """That of w: E(k) = pi k P_u(k) with P_u = P_w / k^2, so P_w = k E(k) / pi, up to scale."""
        ky, kx = frequencies(size)
        squared = kx**2 + ky**2
        kept = torch.maximum(kx.abs(), ky.abs()) < size / 3  # the 2/3 rule
        return torch.where(kept, squared / (1 + squared**2 / self.peak**4), 0.0)
