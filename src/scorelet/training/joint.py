"""The objective of a joint law of noisy images and classes: cross-entropy and score matching.

Symbols: x clean image in R^d, c class, y = x + σ z; ℓ logits of the model,
s = ∇ log p_σ(y) its score.

    KL(p(y, c) | p_θ(y, c)) = E_y KL(p(c | y) | p_θ(c | y)) + KL(p(y) | p_θ(y))

The first term is the cross-entropy, the second an integral over noise levels of
E |z + σ s|² / 2 dσ/σ: with log σ uniform, the squared error of predicted noise has the weight of
the likelihood.

References: Thiry, Guth 2024, arXiv 2410.03505.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.device import single_at_least
from scorelet.core.random import Noise
from scorelet.core.typing import Image, PerSample
from scorelet.models import JointEnergy, QuantileLaw
from scorelet.training.objectives import Batch, Loss

DenoiseTarget = Literal["marginal", "conditional", "both"]
_NOISE, _LEVEL = 0, 1  # which of a step's random numbers
BINS = 4
"""Ranges of noise levels, of equal probability, by which both losses are logged."""


@dataclass(frozen=True)
class JointObjective:
    """-log p(c | y) + λ w(σ) |z + σ s|² / d, over images that are clean or noisy.

    Args:
        law: of the noise levels of noisy images.
        clean: share of the images that stay clean; they are learnt from by the cross-entropy only.
        weight: λ; at 0 no second derivative is computed.
        power: w = σ^(power + 2), so that the squared error of D has the weight σ^power.
        target: whether s is that of p(y), of p(y | c), or both are learnt, half each.
        smoothing: share of the target that all classes have alike.
    """

    law: QuantileLaw
    clean: float = 0.5
    weight: float = 0.5
    power: float = -2.0
    target: DenoiseTarget = "marginal"
    smoothing: float = 0.0

    def __call__(self, model: nn.Module, batch: Batch, noise: Noise) -> Loss:
        """Return the loss of clean images `x` with their `label`."""
        assert isinstance(model, JointEnergy)
        x, label = batch["x"], batch["label"]
        u = noise.uniform(x, use=_LEVEL)
        noisy = u >= self.clean
        share = (u[noisy] - self.clean) / max(1 - self.clean, 1e-9)
        sigma = self.law.quantile(share).to(x.dtype)
        z = noise.normal(x, use=_NOISE)[noisy]
        y = x[noisy] + sigma[:, None, None, None] * z
        logits, errors = self._noisy(model, y, z, sigma, label[noisy])
        wide = single_at_least(x.dtype)
        clean = [model.class_logits(x[~noisy]).to(wide)] if not bool(noisy.all()) else []
        logits = torch.cat([*clean, logits.to(wide)])
        labels = torch.cat([label[~noisy], label[noisy]])
        entropies = F.cross_entropy(
            logits, labels, reduction="none", label_smoothing=self.smoothing
        )
        value = entropies.mean()
        if self.weight:
            value = value + self.weight * errors.sum() / (len(x) * (1 - self.clean))
            if not len(y):  # processes wait for a gradient of each weight, those of the energy too
                value = value + 0 * sum(p.sum() for p in model.parameters() if p.requires_grad)
        hits = (logits.detach().argmax(1) == labels).float()
        return Loss(value, self._terms(entropies.detach(), hits, errors.detach(), share))

    def _noisy(
        self, model: JointEnergy, y: Image, z: Image, sigma: Tensor, label: Tensor
    ) -> tuple[Tensor, PerSample]:
        """Return logits of noisy images, and w |z + σ s|² / d of each."""
        if not len(y):
            return y.new_zeros(0, model.labels), sigma.new_zeros(0)
        if not self.weight:
            return model.class_logits(y, sigma), sigma.new_zeros(len(y))
        wanted = {"marginal": (None,), "conditional": (label,), "both": (None, label)}[self.target]
        errors = []
        for given in wanted:
            logits, score = model.logits_and_score(y, sigma, given)
            errors.append((z + sigma[:, None, None, None] * score).square().mean((1, 2, 3)))
        return logits, sigma ** (self.power + 2) * torch.stack(errors).mean(0)

    def _terms(
        self, entropies: Tensor, hits: Tensor, errors: Tensor, share: Tensor
    ) -> dict[str, Tensor]:
        """Return what is logged: of clean images, and of noisy ones from weak to strong noise.

        A bin has a known share of the images; sums over it, divided by that, have the mean of the
        bin as expectation, in every batch.
        """
        count, start = len(entropies), len(entropies) - len(share)
        terms = {}
        if self.clean:
            terms["accuracy/clean"] = hits[:start].sum() / (count * self.clean)
        for k in range(BINS if self.clean < 1 else 0):
            inside = ((share * BINS).long().clamp(max=BINS - 1) == k).float()
            whole = count * (1 - self.clean) / BINS
            terms[f"entropy/{k}"] = (entropies[start:] * inside).sum() / whole
            if self.weight:
                terms[f"noise/{k}"] = (errors * inside).sum() / whole
        return terms
