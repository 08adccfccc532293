"""The objective of a joint law of noisy images and classes: cross-entropy and score matching.

Symbols: x clean image in R^d, c class, y = x + σ z; ℓ logits of the model,
s = ∇ log p_σ(y) its score.

    KL(p(y, c) | p_θ(y, c)) = E_y KL(p(c | y) | p_θ(c | y)) + KL(p(y) | p_θ(y))

The first term is the cross-entropy, the second an integral over noise levels of
E |z + σ s|² dσ/σ, up to a constant: with log σ uniform, the squared error of predicted noise has
the weight of the likelihood.

Labels say little of ∇ log p(c | y), which may be learnt from the noise as well: with s held fixed,

    E |z + σ s + σ ∇ log p_θ(c | y)|²

is least at the true p(c | y), if s is the true score. What an error of s adds is E over c of its
product with ∇ log p_θ(c | y), which is 0 at p_θ = p, but not its derivative in θ.

References: Thiry, Guth 2024, arXiv 2410.03505; Chao et al. 2022, arXiv 2203.14206 (denoising
likelihood score matching, the term of ∇ log p(c | y)).
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
_NOISE, _LEVEL, _PART = 0, 1, 2  # which of a step's random numbers
BINS = 4
"""Ranges of noise levels, of equal probability, by which both losses are logged."""


@dataclass(frozen=True)
class JointObjective:
    """-ν log p(c | y) + λ w |z + σ s|² / d + μ w (|z + σ s_c|² - |z + σ s|²) / 2, over images.

    s_c = s + ∇ log p(c | y), in which s is held fixed. Clean images have the first term only, noisy
    ones the second or the third as well.

    Args:
        law: of the noise levels of noisy images.
        clean: share of the images that stay clean; they are learnt from by the cross-entropy only.
        weight: λ; at 0 no second derivative is computed.
        power: w = σ^(power + 2), so that the squared error of D has the weight σ^power.
        target: whether s is that of p(y), of p(y | c), or both are learnt, half each.
        smoothing: share of the target that all classes have alike.
        posterior: μ, weight of the score of p(c | y); its error is in nats, as the cross-entropy
            is, and that of s a mean over the d numbers of an image. It needs λ > 0.
        posterior_share: share of the noisy images that learn that score; the others learn s.
        entropy: ν; at 0 clean images teach nothing, and are left out. It needs λ > 0.
    """

    law: QuantileLaw
    clean: float = 0.5
    weight: float = 0.5
    power: float = -2.0
    target: DenoiseTarget = "marginal"
    smoothing: float = 0.0
    posterior: float = 0.0
    posterior_share: float = 0.25
    entropy: float = 1.0

    def __call__(self, model: nn.Module, batch: Batch, noise: Noise) -> Loss:
        """Return the loss of clean images `x` with their `label`."""
        assert isinstance(model, JointEnergy)
        x, label = batch["x"], batch["label"]
        u = noise.uniform(x, use=_LEVEL)
        clean, scored, told = self._rows(u, noise.uniform(x, use=_PART))
        rows = torch.cat([scored, told])
        share = (u[rows] - self.clean) / max(1 - self.clean, 1e-9)
        sigma = self.law.quantile(share).to(x.dtype)
        z = noise.normal(x, use=_NOISE)[rows]
        y = x[rows] + sigma[:, None, None, None] * z
        parts = (v.split([len(scored), len(told)]) for v in (y, z, sigma, label[rows]))
        first, second = zip(*parts, strict=True)
        scores, errors = self._scores(model, *first)
        posteriors, worth = self._posteriors(model, *second)
        clean = clean if self.entropy else clean[:0]
        of_clean = [model.class_logits(x[clean], 0.0)] if len(clean) else []
        wide = single_at_least(x.dtype)
        logits = torch.cat([part.to(wide) for part in (*of_clean, scores, posteriors)])
        labels = label[torch.cat([clean, rows])]
        entropies = F.cross_entropy(
            logits, labels, reduction="none", label_smoothing=self.smoothing
        )
        value = self.entropy * entropies.sum() / len(x)
        count = len(x) * (1 - self.clean)
        if self.weight:
            value = value + self.weight * errors.sum() / (count * (1 - self._told))
        if self.weight and not len(scored):
            # processes wait for a gradient of each weight, those of the energy too
            value = value + 0 * sum(p.sum() for p in model.parameters() if p.requires_grad)
        if self.posterior:
            value = value - self.posterior * worth.sum() / (count * self._told)
        hits = (logits.argmax(1) == labels).float()
        found = [v.detach() for v in (entropies, hits, errors, worth)]
        return Loss(value, self._terms(*found, share, len(x)))

    def _rows(self, u: PerSample, v: PerSample) -> tuple[Tensor, Tensor, Tensor]:
        """Return which images are clean, learn s, and learn the score of p(c | y).

        Args:
            u, v: independent uniform numbers.
        """
        noisy, told = u >= self.clean, v < self._told
        clean, scored, told = (
            part.nonzero()[:, 0] for part in (~noisy, noisy & ~told, noisy & told)
        )
        return clean, scored, told

    @property
    def _told(self) -> float:
        """Share of the noisy images whose class is told: the others learn s."""
        return self.posterior_share if self.posterior else 0.0

    def _scores(
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

    def _posteriors(
        self, model: JointEnergy, y: Image, z: Image, sigma: Tensor, label: Tensor
    ) -> tuple[Tensor, PerSample]:
        """Return log p(c | y), and w (|z + σ s|² - |z + σ s_c|²) / 2 of each image."""
        if not len(y):
            return y.new_zeros(0, model.labels), sigma.new_zeros(0)
        level = sigma[:, None, None, None]
        with torch.no_grad():
            left = z + level * model.score(y, sigma)
        posterior, gradient = model.log_posterior_and_gradient(y, sigma, label)
        step = level * gradient
        worth = -(step * (step / 2 + left)).sum((1, 2, 3))
        return posterior, sigma ** (self.power + 2) * worth

    def _terms(
        self,
        entropies: Tensor,
        hits: Tensor,
        errors: Tensor,
        worth: Tensor,
        share: Tensor,
        count: int,
    ) -> dict[str, Tensor]:
        """Return what is logged: of clean images, and of noisy ones from weak to strong noise.

        A bin has a known share of the `count` images of the batch; sums over it, divided by that,
        have the mean of the bin as expectation, in every batch.
        """
        start = len(entropies) - len(share)
        terms = {}
        if self.clean and self.entropy:
            terms["accuracy/clean"] = hits[:start].sum() / (count * self.clean)
        for k in range(BINS if self.clean < 1 else 0):
            inside = ((share * BINS).long().clamp(max=BINS - 1) == k).float()
            whole = count * (1 - self.clean) / BINS
            if self.entropy:
                terms[f"entropy/{k}"] = (entropies[start:] * inside).sum() / whole
            if self.weight:
                known = whole * (1 - self._told)
                terms[f"noise/{k}"] = (errors * inside[: len(errors)]).sum() / known
            if self.posterior:
                terms[f"worth/{k}"] = (worth * inside[len(errors) :]).sum() / (whole * self._told)
        return terms
