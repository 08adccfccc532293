"""Maximum likelihood of a band by chains: samples get the moments that fields have.

Symbols: E_θ = sum_i θ_i Φ_i(x) energy of a band; c_n coarse field of field x_n; chains at c_n draw
details from p_θ(. | c_n), x'_n are their fields; ratio of likelihoods L,

    grad log L(θ) = E Φ(x') - E Φ(x),     F = E Cov_θ( Φ | c ),     θ <- θ + F^-1 grad log L

Score matching finds the energy of a family whose forces are nearest to the true ones. If the true
energy is not in the family, its samples have other moments than the fields: of whole scales, by
several percent. Likelihood makes the moments of all Φ equal: the correlations within the reach of
couplings, and the law of single pixels as far as knots resolve it.

Chains begin at the details of the fields, so that nothing moves while θ is right, and go on when
θ has changed; of all θ for which chains were run the best is taken. Both means are over the same
c_n: what differs between coarse fields cancels. With many fields for each term F is half of the
covariance of Φ(x') - Φ(x). Few large fields do not show it, and each has pixels enough for

    F = E < P^(1/2) B grad Φ_i, P^(1/2) B grad Φ_j >,    P the inverse of the mean Hessian.

With the inverse of the Hessian at each x it bounds Cov Φ from above where E is convex. With the
mean it does so where the Hessian varies little, and is twice Cov Φ for quadratic Φ of Gaussian
laws: steps are shorter than Newton's by up to one half there, longer where E has several wells.
Only directions of θ, eigenvectors of F, move in which the moments differ by more than two standard
errors, and none when all differences together are what chance makes of equal moments.

References: Brascamp, Lieb 1976 (the bound); Marchand, Ozawa, Biroli, Mallat 2022, arXiv 2207.04941,
whose energies of this kind are fitted by likelihood.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.models.field_energy import ConditionalEnergy
from scorelet.training.score_matching.normal_equations import BandMoments
from scorelet.training.score_matching.tails import confine

ROUNDS = 10
_WORSE = 2.0  # times the first differences: chains of this energy do not mix
_LEAST = 1e-4  # of the largest eigenvalue of the scaled F: below, chains say nothing
_MANY = 8  # fields for each term, with which their covariance is known
_LOOKED = 1 << 16  # coefficients of samples whose gradients are computed,
_LEAST_LOOKED = 4  # and samples at least
_PIECE = 1 << 21  # numbers in the gradients of a piece of them: 16 MB
_DOUBT = 2.0  # standard errors
_LONGEST = 3.0  # standard deviations of Φ given c, by which one round may move a mean at least,
_SHARE = 0.025  # and the square of that for each coefficient of the details, in large fields

Advance = Callable[[ConditionalEnergy], Sequence[Tensor]]
"""Goes on with the chains, for an energy: their fields x', (n, 1, h, w), at several times."""

Stretch = Callable[[Tensor], Tensor]
"""P^(1/2) of details (batch, channel, h, w)."""


@dataclass(frozen=True)
class Matched:
    """Parameters whose samples have the moments of the fields.

    Args:
        theta: θ.
        rounds: how many times it moved.
        gain: by how much the divergence of the law from the fields has fallen, in nats, as far as
            quadratic forms tell.
        before, after: sum over directions of the squared differences of moments in standard errors,
            over their number: 1 if only chance is left.
    """

    theta: Tensor
    rounds: int
    gain: float
    before: float
    after: float


def match_moments(
    moments: BandMoments,
    theta: Tensor,
    x: Tensor,
    advance: Advance,
    stretch: Stretch,
    *,
    margin: float = 0.0,
    rounds: int = ROUNDS,
) -> Matched:
    """Return θ of maximum likelihood, from a θ nearby.

    Args:
        moments: the family Φ of a band.
        theta: θ to begin with, that of score matching.
        x: fields, (n, 1, h, w), float64, without frequencies above the band.
        advance: chains at the coarse fields of x.
        stretch: P^(1/2) of details.
        margin: by which energies are made to confine, see `solve_confined`.
        rounds: of chains and steps of θ at most.
    """
    fields = moments.values(x)
    longest = max(_LONGEST**2, _SHARE * coefficients(moments))
    states: list[tuple[float, Tensor, float]] = []  # size of the differences, θ, gain
    gain = 0.0
    for _ in range(rounds):
        pictures = advance(_factor(moments, theta))
        drawn = [moments.values(y) - fields for y in pictures]
        if len(x) >= _MANY * len(theta):
            basis = _Basis.of(half_covariance(torch.cat(drawn)))
        else:
            basis = _Basis.of(force_products(moments, pictures[-1], stretch))
        step, rise, size = basis.step(torch.stack(drawn).mean(0), longest)
        states.append((size, theta, gain))
        if step is None or size > _WORSE * states[0][0]:
            break
        theta, gain = confine(moments, theta + step, margin), gain + rise
    best = min(range(len(states)), key=lambda k: states[k][0])
    size, theta, gain = states[best]
    return Matched(theta, best, gain, states[0][0], size)


def _factor(moments: BandMoments, theta: Tensor) -> ConditionalEnergy:
    return ConditionalEnergy(moments.energy(theta), moments.band)


def half_covariance(differences: Tensor) -> Tensor:
    """Return F of Φ(x') - Φ(x), (samples, terms)."""
    centred = differences - differences.mean(0)
    return centred.T @ centred / (2 * len(differences))


def force_products(moments: BandMoments, x: Tensor, stretch: Stretch) -> Tensor:
    """Return F of samples x, (n, 1, h, w), from the gradients of all terms.

    As many samples are looked at as it takes, in pieces: all terms of one large field at most.
    """
    terms, numbers = len(moments.shifts) + moments.terms, coefficients(moments)
    x = x[: max(_LEAST_LOOKED, _LOOKED // numbers)]
    products = x.new_zeros(terms, terms)
    for part in x.split(max(1, _PIECE // (terms * numbers))):
        flat = x.new_empty(terms, len(part) * numbers)
        for row, gradient in zip(flat, moments.gradients(part), strict=True):
            row.copy_(stretch(gradient).flatten())
        products += flat @ flat.T
    return products / len(x)


def as_of_many(squares: Tensor, count: int) -> Tensor:
    """Return the squares of normal numbers as likely as those of Student's t of `count` samples.

    Errors of few samples are uncertain, and t is large by chance. Reference: Wallace 1959, Annals
    of Mathematical Statistics 30; the numbers are within a tenth from two samples on.
    """
    free = count - 1
    return ((8 * free + 1) / (8 * free + 3)) ** 2 * free * (squares / free).log1p()


def coefficients(moments: BandMoments) -> int:
    """Return how many numbers the details of one field are."""
    return math.prod(moments.band.detail_shape(*moments.size))


@dataclass(frozen=True)
class _Basis:
    """Directions of θ in which F, with its diagonal scaled to 1, is diagonal.

    Args:
        scale: of each parameter.
        vectors: directions, (terms, direction).
        values: eigenvalues of F, (direction).
    """

    scale: Tensor
    vectors: Tensor
    values: Tensor

    @classmethod
    def of(cls, fisher: Tensor) -> "_Basis":
        """Return the directions of F."""
        diagonal = fisher.diagonal()
        scale = torch.where(diagonal > 1e-12 * diagonal.max(), diagonal, torch.inf).rsqrt()
        values, vectors = torch.linalg.eigh(fisher * scale[:, None] * scale)
        kept = values > _LEAST * values[-1]
        return cls(scale, vectors[:, kept], values[kept])

    def step(self, differences: Tensor, longest: float) -> tuple[Tensor | None, float, float]:
        """Return a step of θ, by how much the divergence falls, and the size of the differences.

        Args:
            differences: Φ(x') - Φ(x) of each field, mean over time, (n, terms).
            longest: twice the divergence that a step may make up for at most.
        """
        along = differences * self.scale @ self.vectors
        mean, variance = along.mean(0), along.var(0).clamp_min(1e-300) / len(along)
        doubt = mean.square() / variance
        size, doubt = float(doubt.mean()), as_of_many(doubt, len(along))
        sure = doubt > _DOUBT**2
        if not bool(sure.any()) or float(doubt.mean()) < 1 + _DOUBT * (2 / len(doubt)) ** 0.5:
            return None, 0.0, size
        mean = torch.where(sure, mean, 0.0)
        total = float((mean.square() / self.values).sum())
        mean = mean * min(1.0, (longest / total) ** 0.5)
        step = self.scale * (self.vectors @ (mean / self.values))
        return step, float((mean.square() / self.values).sum() / 2), size
