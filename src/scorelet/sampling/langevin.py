"""Langevin dynamics with a Metropolis decision (MALA), and without (ULA).

Symbols: x state, E energy, F = +grad E, z ~ N(0, Id), ε step,

    y = x - ε F(x) + sqrt(2 ε) z
    log a = E(x) - E(y) + ( |z|^2 - |z'|^2 ) / 2,   z' = (x - y + ε F(y)) / sqrt(2 ε)

and y is taken with probability min(1, a): p ~ exp(-E) stays as it is, whatever ε is. An energy that
is infinite or NaN is never entered. Without the decision the law of x is only near p, for small ε.

References: Roberts, Tweedie 1996; Roberts, Rosenthal 1998 (the best acceptance is 0.574).
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.per_sample import sum_per_sample
from scorelet.core.random import Noise
from scorelet.models import Energy, energy_and_force

TARGET_ACCEPTANCE = 0.574
_PROPOSAL, _ACCEPTANCE = 0, 1  # uses of the noise of a step


class LangevinState(NamedTuple):
    """Samples x, (batch, channel, height, width), with their energies (batch,) and forces."""

    x: Tensor
    energy: Tensor
    force: Tensor


class LangevinInfo(NamedTuple):
    """Of one step, by chain: probability of acceptance, and whether it was accepted."""

    probability: Tensor
    accepted: Tensor


@dataclass(frozen=True)
class Langevin:
    """The kernel.

    Args:
        target: E and F.
        epsilon: ε.
        adjusted: with the Metropolis decision (MALA); False is ULA, whose law is biased.

    Raises:
        InputError: a step that is not positive.
    """

    target: Energy
    epsilon: float
    adjusted: bool = True

    def __post_init__(self) -> None:
        if not self.epsilon > 0:
            raise InputError(f"The step is {self.epsilon}: expected a positive number.")

    def init(self, x: Tensor) -> LangevinState:
        """Return the state at x."""
        return LangevinState(x, *energy_and_force(self.target, x))

    def step(self, state: LangevinState, noise: Noise) -> tuple[LangevinState, LangevinInfo]:
        """Return the next state, and which chains moved."""
        spread = (2 * self.epsilon) ** 0.5
        z = noise.normal(state.x, use=_PROPOSAL)
        x = state.x - self.epsilon * state.force + spread * z
        proposal = LangevinState(x, *energy_and_force(self.target, x))
        if not self.adjusted:
            everyone = torch.ones(len(x), dtype=torch.bool, device=x.device)
            return proposal, LangevinInfo(everyone.to(x), everyone)
        back = (state.x - x + self.epsilon * proposal.force) / spread
        rise = proposal.energy - state.energy + sum_per_sample(back * back - z * z) / 2
        accepted = rise < noise.exponential(rise, use=_ACCEPTANCE)  # not where it is NaN
        moved = (_where(accepted, *pair) for pair in zip(proposal, state, strict=True))
        probability = (-rise).clamp(max=0).exp().nan_to_num(0.0)
        return LangevinState(*moved), LangevinInfo(probability, accepted)


def _where(accepted: Tensor, new: Tensor, old: Tensor) -> Tensor:
    return torch.where(accepted.reshape(-1, *(1 for _ in range(new.ndim - 1))), new, old)
