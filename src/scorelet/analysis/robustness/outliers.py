"""Pictures of another kind, told by a score that usual pictures have more of.

Symbols: z logits of K classes, p = softmax(z); s score of a picture, the higher the more usual; n
usual pictures and m outliers, of independent draws.

    max softmax probability    max_c p_c
    max logit                  max_c z_c
    energy                     log Σ_c e^{z_c}, that is -E
    log-density                log p_σ(y) of y = x + σ z

    AUROC = P(s_in > s_out) + P(s_in = s_out) / 2
    FPR95 = P(s_out ≥ t), t the largest threshold with P(s_in ≥ t) ≥ 0.95

A score that says nothing has 1/2 and 0.95. Densities are known up to a constant that depends on σ,
so that only those of one σ can be compared. Scores that need the size of logits say nothing of log
probabilities, whose energy is 0.

References: Hendrycks, Gimpel, ICLR 2017, arXiv 1610.02136 (probability); Hendrycks et al., ICML
2022, arXiv 1911.11132 (logit); Liu, Wang, Owens, Li, NeurIPS 2020, arXiv 2010.03759 (energy);
DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988) 837 (the error of AUROC).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.analysis.classification import binomial_error
from scorelet.analysis.robustness.odds import odds_against
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.core.typing import Image, Logits, PerSample
from scorelet.models import JointEnergy

KEPT = 0.95
"""Share of usual pictures that a threshold keeps."""


@dataclass(frozen=True)
class Separation:
    """How well a score tells outliers.

    Attributes:
        auroc, auroc_error: the area, and its standard error.
        fpr95, fpr95_error: the share of outliers that are kept with 95 % of the usual pictures, and
            its standard error.
    """

    auroc: float
    auroc_error: float
    fpr95: float
    fpr95_error: float


def separation(usual: Tensor, outliers: Tensor) -> Separation:
    """Return how well scores (n,) and (m,) tell outliers, with errors.

    That of the area is DeLong's,

        var_i P(s_i > s_out) / n + var_j P(s_in > s_j) / m,

    and where it cannot be computed, or the area is 0 or 1, its largest one, binomial of min(n, m)
    trials. That of the rate is binomial, and of the threshold, whose share of usual pictures has an
    error, too: half of what the rate changes within that.

    Raises:
        InputError: no scores, or scores that are not finite.
    """
    area, rate = auroc(usual, outliers), false_positive_rate(usual, outliers)
    return Separation(area, _area_error(area, usual, outliers), rate, _rate_error(usual, outliers))


def auroc(usual: Tensor, outliers: Tensor) -> float:
    """Return the probability that a usual picture has the higher score, (n,) and (m,).

    Raises:
        InputError: no scores, or scores that are not finite.
    """
    _check(usual, outliers)
    return float(_above(usual, outliers).mean())


def false_positive_rate(usual: Tensor, outliers: Tensor, *, kept: int | float = KEPT) -> float:
    """Return the share of outliers (m,) at or above the threshold that keeps usual ones (n,).

    Args:
        usual, outliers: scores.
        kept: share of the usual ones that lie at or above the threshold, at least, in (0, 1].

    Raises:
        InputError: as `auroc`; a share that is none.
    """
    _check(usual, outliers)
    if not 0 < kept <= 1:
        raise InputError(f"kept is {kept:g}: it must be a share of the usual pictures, up to 1.")
    count = max(math.ceil(kept * len(usual) - 1e-9), 1)
    threshold = usual.double().sort(descending=True).values[count - 1]
    return float((outliers.double() >= threshold).double().mean())


def logit_scores(logits: Logits) -> dict[str, PerSample]:
    """Return the scores that logits have, by name, each (batch,), in double precision.

    That of the probability is its log-odds, whose order is the same: a probability that is rounded
    to 1 would have none.
    """
    wide = logits.double()
    return {
        "max softmax probability": -odds_against(wide, wide.argmax(1), 1),
        "max logit": wide.amax(1),
        "energy": wide.logsumexp(1),
    }


@torch.no_grad()
def log_densities(
    joint: JointEnergy, x: Image, sigma: int | float, *, seed: int = 0, start: int = 0
) -> PerSample:
    """Return log p_σ(x + σ z) up to a constant, (batch,); arguments as in `with_noise`."""
    return joint.log_density(with_noise(x, sigma, seed=seed, start=start), sigma)


def with_noise(x: Image, sigma: int | float, *, seed: int = 0, start: int = 0) -> Image:
    """Return x + σ z; z is a function of (seed, place), and the first place is `start`."""
    return x + sigma * Noise(seed, range(start, start + len(x))).normal(x)


def _area_error(area: float, usual: Tensor, outliers: Tensor) -> float:
    least = min(len(usual), len(outliers))
    if least < 2 or area in (0.0, 1.0):
        return binomial_error(area, least)
    placed = (_above(usual, outliers), _above(-outliers, -usual))
    return math.sqrt(sum(float(share.var()) / len(share) for share in placed))


def _rate_error(usual: Tensor, outliers: Tensor) -> float:
    apart = math.sqrt(KEPT * (1 - KEPT) / len(usual))
    rates = [
        false_positive_rate(usual, outliers, kept=min(KEPT + sign * apart, 1)) for sign in (-1, 1)
    ]
    rate = false_positive_rate(usual, outliers)
    return math.hypot(binomial_error(rate, len(outliers)), (rates[1] - rates[0]) / 2)


def _above(scores: Tensor, others: Tensor) -> Tensor:
    """Return the share of others that each score is above, equal ones by half."""
    scores, ordered = scores.double().contiguous(), others.double().sort().values
    counts = [torch.searchsorted(ordered, scores, right=right) for right in (False, True)]
    return (counts[0] + counts[1]).double() / (2 * len(others))


def _check(usual: Tensor, outliers: Tensor) -> None:
    finite = all(bool(scores.isfinite().all()) for scores in (usual, outliers))
    if not (len(usual) and len(outliers) and finite):
        raise InputError("Scores are missing or not finite: give pictures of both kinds.")
