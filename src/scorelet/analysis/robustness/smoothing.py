"""Certificates by randomised smoothing: a vote of a classifier under noise, with a radius.

Symbols: f classifier, σ noise level, g(x) = argmax_c P(f(x + σ z) = c), p lower bound of the
probability of the class A that g says, at confidence 1 - α, by Clopper and Pearson:

    p = B^-1(α; k, n - k + 1)   for k votes of n,   R = σ Φ^-1(p)   if p > 1/2, else abstain.

With probability 1 - α at least, g(x') = A for all |x' - x|_2 < R. Of n votes p is at most
α^(1/n), that of k = n: no R is beyond σ Φ^-1(α^(1/n)).

References: Cohen, Rosenfeld, Kolter, ICML 2019, arXiv 1902.02918, theorem 1 and algorithm CERTIFY.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.options import check_fields
from scorelet.core.random import Noise
from scorelet.core.typing import Logits

ABSTAINED = -1


@dataclass(frozen=True)
class Certificate:
    """What a vote says of a picture.

    Attributes:
        label: of the class, or `ABSTAINED`.
        radius: R in the unit of pictures; 0 where it abstained.
        share: p, lower bound of the class's probability.
    """

    label: int
    radius: float
    share: float


@dataclass(frozen=True)
class VoteSetup:
    """How votes are taken.

    Args:
        sigma: noise level in the unit of pictures, positive.
        draws: n, from which the probability is bounded.
        first: draws before them, which choose the class.
        alpha: probability that a certificate may be wrong.
        seed: of the noise, which is a function of (seed, picture, draw).
        batch: noisy pictures at a time.

    Raises:
        InputError: a number that is out of range, or none.
    """

    sigma: int | float
    draws: int = 1000
    first: int = 100
    alpha: float = 0.001
    seed: int = 0
    batch: int = 100

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check_fields(self)
        if not 0 < self.sigma < float("inf"):
            raise InputError(
                f"sigma of the smoothing is {self.sigma:g}: it must be positive, in the unit of "
                "pictures with values in [0, 1]."
            )
        if min(self.draws, self.first, self.batch) < 1 or not 0 < self.alpha < 1:
            raise InputError(
                f"{self.first} and {self.draws} draws at alpha {self.alpha:g}: expected at least "
                "one of each, and alpha between 0 and 1."
            )
        if self.alpha ** (1 / self.draws) <= 0.5:
            raise InputError(
                f"{self.draws} draws at alpha {self.alpha:g} certify nothing, even where all "
                f"agree: take at least {math.floor(-math.log2(self.alpha)) + 1}."
            )

    @property
    def farthest(self) -> float:
        """The radius where all draws agree: there is no larger one."""
        return radius(lower_bound(self.draws, self.draws, self.alpha), self.sigma)


def certify(
    network: Callable[[Tensor], Logits], x: Tensor, setup: VoteSetup, *, number: int
) -> Certificate:
    """Return the certificate of one picture.

    Args:
        network: noisy pictures to logits.
        x: (channel, height, width).
        setup: how.
        number: of the picture, which its noise depends on.

    Raises:
        InputError: x is no picture of finite floats, or the network's logits are not finite.
    """
    if x.ndim != 3 or not bool(x.isfinite().all()):
        raise InputError(
            f"The picture has shape {tuple(x.shape)}: expected one (channel, height, width), of "
            "finite numbers."
        )
    first = _votes(network, x, setup, number, 0, setup.first)
    label = int(first.argmax())
    votes = _votes(network, x, setup, number, setup.first, setup.first + setup.draws)
    share = lower_bound(int(votes[label]), setup.draws, setup.alpha)
    if share <= 0.5:
        return Certificate(ABSTAINED, 0.0, share)
    return Certificate(label, radius(share, setup.sigma), share)


def lower_bound(count: int, trials: int, alpha: float) -> float:
    """Return the lower bound of a probability, by Clopper and Pearson, at confidence 1 - alpha."""
    from scipy.stats import beta

    return float(beta.ppf(alpha, count, trials - count + 1)) if count else 0.0


def radius(share: float, sigma: int | float) -> float:
    """Return σ Φ^-1(p)."""
    from scipy.special import ndtri

    return sigma * float(ndtri(share))


@torch.no_grad()
def _votes(
    network: Callable[[Tensor], Logits],
    x: Tensor,
    setup: VoteSetup,
    number: int,
    start: int,
    stop: int,
) -> Tensor:
    """Count the labels of the draws start to stop - 1, (classes,)."""
    counts = torch.zeros(1, dtype=torch.long)
    for draw in range(start, stop, setup.batch):
        several = range(draw, min(draw + setup.batch, stop))
        clean = x.expand(len(several), *x.shape)
        noise = Noise(setup.seed, several, step=number).normal(clean)
        logits = network(clean + setup.sigma * noise)
        if not bool(logits.isfinite().all()):
            raise InputError(
                "The network's logits of a noisy picture are not finite: they are no vote."
            )
        counts = counts + torch.bincount(logits.argmax(1).cpu(), minlength=logits.shape[1])
    return counts
