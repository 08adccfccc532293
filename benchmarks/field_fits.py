"""Score matching of one band in several formulations; as a program one fit, for its memory.

`correlations` are scorelet's. `traces` are what the formulas say when read aloud: for each term Φ_i
of the energy the forces of all fields, a tensor (n, terms, details), by grad and vmap of
torch.func, and Laplacians as traces of whole Hessians. Those of couplings do not depend on the
field, so one field will do. `probes` have the same forces, but estimate Laplacians by z^T Hess z,
one Gaussian z for each field, as published code does. Φ_i are written again, in plain torch.
"""

import sys
from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, grad_and_value, jacrev, jvp, vmap

from scorelet.models.field_energy import Band, ConditionalEnergy
from scorelet.sampling import Phi4
from scorelet.training.score_matching import BandMoments, Equations, Family, Solution, solve
from scorelet.training.score_matching.fit import moments_of

BAND, SIDE = Band("db4"), 32

Term = Callable[[Tensor], Tensor]
"""Φ of one field (h, w)."""

Pull = Callable[[Tensor, Tensor], Tensor]
"""The derivative of Φ along details, (channel, h, w), at details and a coarse field."""


def fields(count: int) -> Tensor:
    """Return standardised fields of critical φ^4, (count, 1, 32, 32), float64."""
    x = Phi4().sample(count, SIDE, 1).double()
    return x / x.std()


def moments_for(x: Tensor) -> BandMoments:
    """Return empty moments of the family that `scorelet field fit` takes, for even laws."""
    return moments_of(BAND, Family(), x, even=True)


def fit_by_correlations(x: Tensor) -> Solution:
    moments = moments_for(x)
    moments.add(x)
    return solve([moments.take()])


def fit_by_traces(x: Tensor) -> Solution:
    return _fit(x, _traces)


def fit_by_probes(x: Tensor) -> Solution:
    return _fit(x, _probes)


def _fit(x: Tensor, laplacians: Callable[..., Tensor]) -> Solution:
    moments = moments_for(x)
    d, coarse = BAND.analyze(x), BAND.coarse(x)
    forces = torch.empty(len(x), len(moments.shifts) + moments.knots, d[0].numel(), dtype=x.dtype)
    right = []
    for i, term in enumerate(terms_of(moments)):
        pull = grad(lambda d, coarse, term=term: term(picture(d, coarse)))
        forces[:, i] = vmap(pull)(d, coarse).flatten(1)
        right.append(laplacians(pull, d, coarse, constant=i < len(moments.shifts)))
    matrix = torch.einsum("nid,njd->ij", forces, forces) / len(x)
    return solve([Equations(matrix, torch.stack(right), len(x))])


def _traces(pull: Pull, d: Tensor, coarse: Tensor, *, constant: bool) -> Tensor:
    """Return the mean of tr Hess; one Hessian, 768 x 768, at a time is the fastest."""
    some = slice(1 if constant else None)
    size = d[0].numel()
    one = vmap(lambda d, c: jacrev(pull)(d, c).reshape(size, size).trace(), chunk_size=1)
    return one(d[some], coarse[some]).mean()


def _probes(pull: Pull, d: Tensor, coarse: Tensor, *, constant: bool) -> Tensor:
    """Return the mean of z^T Hess z."""
    del constant
    z = torch.randn(d.shape, generator=torch.Generator().manual_seed(3), dtype=d.dtype)
    one = vmap(lambda d, c, z: (jvp(lambda u: pull(u, c), (d,), (z,))[1] * z).sum())
    return one(d, coarse, z).mean()


def picture(d: Tensor, coarse: Tensor) -> Tensor:
    """Return the field (h, w) of details (channel, h, w) around a coarse field (1, h, w)."""
    return (coarse + BAND.synthesize(d[None])[0])[0]


def terms_of(moments: BandMoments) -> list[Term]:
    """Return all Φ, in the order of the equations."""
    knots = moments.potential.knots
    splines = [spline_of(knots, k) for k in range(len(knots))]
    couplings = [lambda x, s=s: coupling(x, s) for s in moments.shifts]
    half = [
        lambda x, v=splines[k]: (v(x) + v(-x)).sum()  # even: one term stands for two knots
        for k in range(moments.knots)
    ]
    return [*couplings, *half]


def coupling(x: Tensor, shift: tuple[int, int]) -> Tensor:
    """Return x^T (T_s + T_-s) x / 2."""
    return (x * torch.roll(x, shift, (0, 1))).sum()


def spline_of(knots: Tensor, k: int) -> Term:
    """Return v with v'' the hat of knot k, constant outside the knots, by truncated cubics."""
    unit = torch.zeros_like(knots)
    unit[k] = 1
    return spline(knots, unit)


def spline(knots: Tensor, weights: Tensor) -> Term:
    """Return v with v'' = Σ w_k B_k: a knot adds (change of the slope of v'') (t - c)_+^3 / 6."""
    slopes = torch.nn.functional.pad(weights.diff() / knots.diff(), (1, 1))
    kinks = [(float(c), float(a)) for c, a in zip(knots, slopes.diff(), strict=True) if a != 0]
    tail, first = float(weights[0]), float(knots[0])

    def value(t: Tensor) -> Tensor:
        v = tail / 2 * (t - first).square()
        for c, a in kinks:
            v = v + a / 6 * (t - c).relu().pow(3)
        return v

    return value


class PlainEnergy:
    """The energy of details around coarse fields, a sum of terms; its forces are torch.func's.

    Args:
        factor: the conditional law, whose parameters are taken.
        coarse: one field for each chain.
    """

    def __init__(self, factor: ConditionalEnergy, coarse: Tensor) -> None:
        band, field, self._coarse = factor.band, factor.field, coarse
        strengths = [float(k) for k in field.couplings.strengths]
        coupled = list(zip(field.couplings.shifts, strengths, strict=True))
        potential = spline(field.potential.knots, field.potential.weights)

        def energy(d: Tensor, coarse: Tensor) -> Tensor:
            x = (coarse + band.synthesize(d[None])[0])[0]
            return potential(x).sum() + sum(k * coupling(x, s) for s, k in coupled)

        self._pair = vmap(grad_and_value(energy))

    def energy(self, d: Tensor) -> Tensor:
        return self.energy_and_force(d)[0]

    def force(self, d: Tensor) -> Tensor:
        return self.energy_and_force(d)[1]

    def energy_and_force(self, d: Tensor) -> tuple[Tensor, Tensor]:
        force, energy = self._pair(d, self._coarse)
        return energy, force


FITS = {
    "correlations": fit_by_correlations,
    "traces": fit_by_traces,
    "probes": fit_by_probes,
}

if __name__ == "__main__":  # python field_fits.py FORMULATION FIELDS
    torch.set_num_threads(1)
    given = fields(int(sys.argv[2]))
    FITS.get(sys.argv[1], moments_for)(given)
