"""Hamiltonian Monte Carlo with a kinetic energy that is diagonal in Fourier space.

Symbols: x field (L, L), E energy, F = +grad E, p momentum, M(w) > 0 kinetic spectrum, ε step,

    H(x, p) = E(x) + p^T M p / 2,   p ~ N(0, M^-1),   dx/dt = M p,   dp/dt = -F

With M the covariance of x all wavelengths move at the same pace (Fourier acceleration). With one
leapfrog step and M = 1 it is the Metropolis-adjusted Langevin algorithm of step ε^2 / 2.

References: Duane, Kennedy, Pendleton, Roweth 1987; Batrouni et al. 1985 (Fourier acceleration);
Neal 2011, section 5.2, arXiv 1206.1901.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.per_sample import sum_per_sample
from scorelet.core.random import Noise
from scorelet.data.fields.ensembles.grids import filter_field
from scorelet.models import Energy

TARGET_ACCEPTANCE = 0.8
_RATE = 0.3  # of the logarithm of the step, per unit of excess acceptance
_MOMENTA, _ACCEPTANCE, _FLIP = 0, 1, 2  # uses of the noise of a step


class HamiltonianState(NamedTuple):
    """Fields x, (batch, channel, height, width), with their energies (batch,) and forces."""

    x: Tensor
    energy: Tensor
    force: Tensor


class HamiltonianInfo(NamedTuple):
    """Of one step, by chain: probability of acceptance, and whether it was accepted."""

    probability: Tensor
    accepted: Tensor


@dataclass(frozen=True)
class Hamiltonian:
    """The kernel: fresh momenta, some leapfrog steps, Metropolis acceptance.

    Args:
        target: E and F.
        epsilon: ε.
        leapfrogs: steps between two Metropolis decisions.
        kinetic: M, (height, width) in the order of `torch.fft.fftfreq`, even, positive; 1 if None.
        flip: change the sign of each field with probability 1/2 after the step. It is exact for
            even E and takes the field over the barrier between ±m.

    Raises:
        InputError: no positive step, no leapfrog, or a spectrum that is not positive and even.
    """

    target: Energy
    epsilon: float
    leapfrogs: int = 10
    kinetic: Tensor | None = None
    flip: bool = False

    def __post_init__(self) -> None:
        if not (self.epsilon > 0 and self.leapfrogs >= 1):
            raise InputError(
                f"Step {self.epsilon} and {self.leapfrogs} leapfrogs: give a positive step and at "
                "least one."
            )
        if self.kinetic is not None:
            mirrored = self.kinetic.flip(-2, -1).roll((1, 1), dims=(-2, -1))
            if not ((self.kinetic > 0).all() and torch.allclose(mirrored, self.kinetic)):
                raise InputError("The kinetic spectrum must be positive and even, M(w) = M(-w).")

    def init(self, x: Tensor) -> HamiltonianState:
        """Return the state at x."""
        return HamiltonianState(x, self.target.energy(x), self.target.force(x))

    def draw(self, state: HamiltonianState, noise: Noise) -> Tensor:
        """Draw momenta p ~ N(0, M^-1) for every chain."""
        return self._filter(noise.normal(state.x, use=_MOMENTA), -0.5)

    def leapfrog(self, state: HamiltonianState, p: Tensor) -> tuple[HamiltonianState, Tensor]:
        """Follow the dynamics for `leapfrogs` steps: it keeps volume and can be reversed."""
        x, force = state.x, state.force
        p = p - self.epsilon / 2 * force
        for k in range(self.leapfrogs):
            x = x + self.epsilon * self._filter(p, 1.0)
            force = self.target.force(x)
            p = p - self.epsilon / (1 if k < self.leapfrogs - 1 else 2) * force
        return HamiltonianState(x, self.target.energy(x), force), p

    def hamiltonian(self, state: HamiltonianState, p: Tensor) -> Tensor:
        """Return H of each chain, (batch,)."""
        return state.energy + sum_per_sample(p * self._filter(p, 1.0)) / 2

    def step(
        self, state: HamiltonianState, noise: Noise
    ) -> tuple[HamiltonianState, HamiltonianInfo]:
        """Return the next state, and which chains moved."""
        p = self.draw(state, noise)
        proposal, end = self.leapfrog(state, p)
        rise = self.hamiltonian(proposal, end) - self.hamiltonian(state, p)
        accepted = rise < noise.exponential(rise, use=_ACCEPTANCE)  # not where it overflows
        x, energy, force = (_where(accepted, *pair) for pair in zip(proposal, state, strict=True))
        if self.flip:
            signs = 1 - 2 * (noise.uniform(rise, use=_FLIP) < 0.5).to(x)
            x, force = x * _beside(signs, x), force * _beside(signs, x)
        probability = (-rise).clamp(max=0).exp().nan_to_num(0.0)
        return HamiltonianState(x, energy, force), HamiltonianInfo(probability, accepted)

    def _filter(self, u: Tensor, power: float) -> Tensor:
        """M^power u."""
        return u if self.kinetic is None else filter_field(u, self.kinetic**power)


def fourier_acceleration(size: int, b: float, *, mass: float | None = None) -> Tensor:
    """Return M(w) = 1 / (b (-Lap)(w) + m^2), the spectrum of a free field, (L, L) float64.

    Args:
        size: L.
        b: coupling of neighbours.
        mass: m, one over the correlation length in pixels; 2π / L if None.
    """
    cosine = (2 * math.pi * torch.fft.fftfreq(size, dtype=torch.float64)).cos()
    laplacian = 4 - 2 * (cosine[:, None] + cosine[None, :])
    return 1 / (b * laplacian + (2 * math.pi / size if mass is None else mass) ** 2)


def tune_epsilon(
    kernel: Hamiltonian, state: HamiltonianState, steps: int, *, noise: Noise
) -> tuple[Hamiltonian, HamiltonianState]:
    """Burn in while ε moves towards a mean acceptance of 0.8; later steps must keep ε fixed.

    Chains share ε, so while it is tuned a chain depends on the others.

    Args:
        kernel: where to start from.
        state: of many chains.
        steps: length of the burn-in.
        noise: of the first step.
    """
    for step in range(noise.step, noise.step + steps):
        state, info = kernel.step(state, noise.at(step))
        excess = float(info.probability.mean()) - TARGET_ACCEPTANCE
        kernel = replace(kernel, epsilon=kernel.epsilon * math.exp(_RATE * excess))
    return kernel, state


def _where(accepted: Tensor, new: Tensor, old: Tensor) -> Tensor:
    return torch.where(_beside(accepted, new), new, old)


def _beside(values: Tensor, like: Tensor) -> Tensor:
    """Give one value per chain the number of axes of `like`."""
    return values.reshape(-1, *(1 for _ in range(like.ndim - 1)))
