"""Score matching of energies that are linear in their parameters: a linear system each."""

from scorelet.training.score_matching.cascade import (
    GROUPS,
    CascadeFit,
    CascadePlan,
    fit_cascade,
)
from scorelet.training.score_matching.fit import BandFit, Family, fit_band
from scorelet.training.score_matching.free_energy import fit_free_energies
from scorelet.training.score_matching.noisy import fit_noisy
from scorelet.training.score_matching.normal_equations import BandMoments, Equations
from scorelet.training.score_matching.scalar import fit_scalar
from scorelet.training.score_matching.solve import Solution, solve

__all__ = [
    "GROUPS",
    "BandFit",
    "BandMoments",
    "CascadeFit",
    "CascadePlan",
    "Equations",
    "Family",
    "Solution",
    "fit_band",
    "fit_cascade",
    "fit_free_energies",
    "fit_noisy",
    "fit_scalar",
    "solve",
]
