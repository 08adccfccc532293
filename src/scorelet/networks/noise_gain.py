"""How a network is told the noise level: gains of its channels, and no shift.

Symbols: σ noise level, τ = log σ; features cos(ω τ), sin(ω τ) at frequencies ω in geometric steps.
"""

import torch
from torch import Tensor, nn

from scorelet.core.network import LevelWeights
from scorelet.core.typing import NoiseLevel

FREQUENCIES, LOWEST, HIGHEST = 16, 0.25, 8.0


class LevelPart(nn.Module):
    """A part of a network that only tells it the noise level, with all its weights."""

    def level_weights(self) -> list[Tensor]:
        """Return all weights, see `LevelWeights`."""
        return list(self.parameters())


class NoiseFeatures(LevelPart):
    """What all gains are computed from, (batch, hidden); a small network of log σ."""

    frequencies: Tensor

    def __init__(self, hidden: int) -> None:
        super().__init__()
        steps = torch.linspace(0, 1, FREQUENCIES)
        frequencies = LOWEST * (HIGHEST / LOWEST) ** steps
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.first = nn.Linear(2 * FREQUENCIES, hidden)
        self.second = nn.Linear(hidden, hidden)

    def forward(self, sigma: NoiseLevel) -> Tensor:
        """Return the features of positive levels."""
        phase = sigma.log()[:, None] * self.frequencies.to(sigma)
        waves = torch.cat([phase.cos(), phase.sin()], 1).to(self.first.weight.dtype)
        return nn.functional.silu(self.second(nn.functional.silu(self.first(waves))))


class NoiseGain(LevelPart):
    """The gain 1 + W features of each channel; 1 at the start."""

    def __init__(self, hidden: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, hidden))

    def forward(self, features: Tensor) -> Tensor:
        """Return the gains, (batch, channel)."""
        return 1 + nn.functional.linear(features, self.weight)


class LevelLayers(LevelPart, nn.Sequential):
    """Layers that only tell a network the noise level, one after the other."""


def level_weights(model: nn.Module) -> list[Tensor]:
    """Return the weights that only tell the networks in `model` the noise level."""
    return [w for m in model.modules() if isinstance(m, LevelWeights) for w in m.level_weights()]
