"""Spectra of the closed-form tables: power laws at integer frequencies."""

import torch
from torch import Tensor

VARIANCE = 0.06
"""Of the pixels: about that of faces in [0, 1]."""


def power_law(side: int, exponent: float) -> Tensor:
    """Return P(k) ~ |k|^-exponent, at 0 as at |k| = 1, (side, side), float64, of `VARIANCE`."""
    k = torch.fft.fftfreq(side, dtype=torch.float64) * side
    power = (k[:, None] ** 2 + k**2).clamp(min=1) ** (-exponent / 2)
    return power * VARIANCE / power.mean()
