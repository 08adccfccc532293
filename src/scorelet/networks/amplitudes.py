"""Non-linearities of complex coefficients that act on the amplitude, by name.

Symbols: z = (Re, Im), pairs on the axis before the image's two, (..., 2, h, w); a = |z|.

| name | ρ(z) | phase |
|---|---|---|
| mod | a | collapsed |
| cst | max(1 - λ / (a + ε), 0) z | kept |
| tanh | tanh(a) / (a + ε) z | kept |
| ms | sigmoid(g a + b) / (a + ε) z | kept |
| mc | z / (a + ε) | kept, amplitude removed |
| pow | t / (1 + t) z / (a + ε), t = e^b a^g | kept |
| relu | ReLU of Re, Im, -Re, -Im | collapsed by averages over phases |

ε = 1e-6; λ, g and b are learned, one for each channel. Where a < 1e-5 the phase is rounding, and
ms and mc, which would give it an amplitude, give 0.

References: Guth, Zarka, Mallat 2022, arXiv 2110.05283; relu: Zarka, Guth, Mallat 2021.
"""

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError

EPSILON = 1e-6


def modulus(z: Tensor) -> Tensor:
    """Return √(Re² + Im² + ε²) - ε of pairs (..., 2, h, w): its gradient at 0 is 0."""
    real, imaginary = z.unbind(-3)
    return (real.square() + imaginary.square() + EPSILON**2).sqrt() - EPSILON


class Amplitude(nn.Module):
    """One of the functions of the table.

    Args:
        name: of the table.
        channels: number of complex coefficients per pixel; learned parameters have one entry each.

    Shape:
        pairs (batch, channels, 2, h, w) → real (batch, channels, h, w) for mod, real
        (batch, 4 channels, h, w) for relu, else pairs like the input.

    Attributes:
        collapses: whether the result is real.
        fan: real outputs (or pairs) for each coefficient.
    """

    def __init__(self, name: str, channels: int) -> None:
        super().__init__()
        if name not in AMPLITUDES:
            raise InputError(f"Unknown non-linearity {name!r}: one of {', '.join(AMPLITUDES)}.")
        self.name = name
        self.collapses = name in ("mod", "relu")
        self.fan = 4 if name == "relu" else 1
        shape = (channels, 1, 1)
        if name == "cst":
            self.threshold = nn.Parameter(torch.full(shape, 0.1))
        if name in ("ms", "pow"):
            self.gain = nn.Parameter(torch.ones(shape))
            self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, z: Tensor) -> Tensor:
        """Return ρ(z)."""
        if self.name == "relu":
            return torch.cat([z, -z], -3).relu().flatten(1, 2)
        a = modulus(z)
        return a if self.name == "mod" else z * self._gain(a).unsqueeze(-3)

    def _gain(self, a: Tensor) -> Tensor:
        """Return |ρ(z)| / |z|."""
        match self.name:
            case "cst":
                return (1 - self.threshold / (a + EPSILON)).relu()
            case "tanh":
                return a.tanh() / (a + EPSILON)
            case "ms":
                return (self.gain * a + self.bias).sigmoid() * _inverse(a)
            case "mc":
                return _inverse(a)
            case _:
                t = self.bias.exp() * (a + EPSILON) ** self.gain
                return t / (1 + t) / (a + EPSILON)

    def extra_repr(self) -> str:
        """The name."""
        return self.name


def _inverse(a: Tensor) -> Tensor:
    """1 / (a + ε), 0 where the phase is unknown; gradients there are 0, not infinite."""
    known = a > 1e-5
    return torch.where(known, 1 / (torch.where(known, a, 1.0) + EPSILON), 0.0)


AMPLITUDES = ("mod", "cst", "tanh", "ms", "mc", "pow", "relu")
