"""The objective of earlier joint laws: cross-entropy, and what Langevin dynamics makes of noise.

Symbols: ℓ logits of the model at its least noise level σ, s = ∇ logsumexp ℓ its score.

    loss = -log p(c | x) + logsumexp ℓ(x') - logsumexp ℓ(x),
    x'_0 uniform in [0, 1],    x'_{k+1} = x'_k + σ² s(x'_k) + √2 σ z_k

The last two terms estimate the gradient of -log p(x). No second derivative is needed, and as many
first ones as the chain has steps: it is here to be compared with, by what it costs.

References: Grathwohl et al. 2020, arXiv 1912.03263.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from scorelet.core.device import single_at_least
from scorelet.core.random import Noise
from scorelet.core.typing import Image
from scorelet.models import JointEnergy
from scorelet.training.objectives import Batch, Loss

_CHAIN, _START = 0, 1  # which of a step's random numbers


@dataclass(frozen=True)
class ContrastiveDivergence:
    """The loss above.

    Args:
        steps: of the chain, which starts anew for each batch.
    """

    steps: int = 20

    def __call__(self, model: nn.Module, batch: Batch, noise: Noise) -> Loss:
        """Return the loss of clean images `x` with their `label`."""
        assert isinstance(model, JointEnergy)
        wide = single_at_least(batch["x"].dtype)
        made = self.chain(model, batch["x"], noise)
        logits, others = (model.logits(x, model.least).to(wide) for x in (batch["x"], made))
        entropy = F.cross_entropy(logits, batch["label"])
        gap = (others.logsumexp(1) - logits.logsumexp(1)).mean()
        return Loss(entropy + gap, {"entropy": entropy.detach(), "gap": gap.detach()})

    @torch.no_grad()
    def chain(self, model: JointEnergy, like: Image, noise: Noise) -> Image:
        """Return images of the shape of `like` that Langevin dynamics has made."""
        x = torch.special.ndtr(noise.normal(like, use=_START))
        for k in range(self.steps):
            z = noise.at(noise.step * self.steps + k).normal(like, use=_CHAIN)
            x = x + model.least**2 * model.score(x, model.least) + math.sqrt(2) * model.least * z
        return x
