"""Score matching of energies that are linear in their parameters: a linear system each."""

from scorelet.training.score_matching.cascade import CascadeFit, CascadePlan, fit_cascade
from scorelet.training.score_matching.fit import BandFit, Family, fit_band
from scorelet.training.score_matching.normal_equations import BandMoments, Equations
from scorelet.training.score_matching.scalar import fit_scalar
from scorelet.training.score_matching.solve import Solution, solve

__all__ = [
    "BandFit",
    "BandMoments",
    "CascadeFit",
    "CascadePlan",
    "Equations",
    "Family",
    "Solution",
    "fit_band",
    "fit_cascade",
    "fit_scalar",
    "solve",
]
