"""What attacks ascend: the log-odds against the label, at a temperature.

Symbols: z logits of K classes, y label, T temperature, p = softmax(z / T)_y its probability.

    m = T log (1 - p) / p = T log Σ_{k ≠ y} e^{z_k / T} - z_y

At T = 1 it rises with the cross-entropy: CE = log(1 + e^m),    ∇ CE = (1 - p) ∇ m. The gradients of
both have one direction. That of the cross-entropy vanishes where a network is sure, in float32
exactly, and steps that it sets the length or the sign of end there; that of m does not.

Where all z are nearly alike, m at T = 1 rises to the mean of the other classes, and misses the one
that is nearest. It is sharpened there, s the standard deviation of z, to

    T = min(1, s / (5 log K)),    max_{k ≠ y} z_k ≤ m + z_y ≤ max_{k ≠ y} z_k + s / 5.

The maximum by itself has kinks, between whose sides steps go to and fro.
"""

import math

import torch
from torch import Tensor

from scorelet.core.typing import Labels, Logits, PerSample

SHARP = 5
"""Standard deviations of the logits are so many times what m is above the largest, at most."""


def odds_against(
    logits: Logits, labels: Labels, temperature: int | float | None = None
) -> PerSample:
    """Return m of each picture, (batch,); without a temperature at that which sharpens it."""
    own = labels[:, None] == torch.arange(logits.shape[1], device=labels.device)
    scale = _sharp(logits.detach()) if temperature is None else temperature
    others = (logits / scale).masked_fill(own, -math.inf).logsumexp(1, keepdim=True)
    return (scale * others - logits.gather(1, labels[:, None]))[:, 0]


def _sharp(logits: Logits) -> Tensor:
    """Return T of each picture, (batch, 1); 1 where there is no deviation."""
    deviation = logits.std(1, correction=0, keepdim=True)
    scale = deviation / (SHARP * math.log(max(logits.shape[1], 2)))
    return scale.clamp(max=1).where(scale > 0, 1)
