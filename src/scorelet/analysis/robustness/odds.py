"""What attacks ascend: the log-odds against the label, which rise with the cross-entropy.

Symbols: z logits, y label, p = softmax(z)_y its probability.

    m = log (1 - p) / p = log Σ_{k ≠ y} e^{z_k} - z_y,    CE = log(1 + e^m),    ∇ CE = (1 - p) ∇ m

The gradients of both have one direction. That of the cross-entropy vanishes where a network is
sure, in float32 exactly, and steps that it sets the length or the sign of end there; that of m
does not.
"""

import math

import torch

from scorelet.core.typing import Labels, Logits, PerSample


def odds_against(logits: Logits, labels: Labels) -> PerSample:
    """Return m of each picture, (batch,)."""
    own = labels[:, None] == torch.arange(logits.shape[1], device=labels.device)
    others = logits.masked_fill(own, -math.inf).logsumexp(1)
    return others - logits.gather(1, labels[:, None])[:, 0]
