"""Sampling: Markov chains, and ensembles of physical fields that need them."""

from scorelet.sampling.ascent import AscentSchedule, AscentState, DivergenceError, ascend
from scorelet.sampling.cluster import ClusterSampler
from scorelet.sampling.coarse_to_fine import (
    OnStep,
    Run,
    Schedule,
    calibrate,
    calibrate_band,
    chained,
)
from scorelet.sampling.hamiltonian import Hamiltonian, fourier_acceleration, tune_epsilon
from scorelet.sampling.kernel import Kernel, run
from scorelet.sampling.langevin import Langevin, LangevinInfo, LangevinState
from scorelet.sampling.phi4 import PRESETS, Phi4
from scorelet.sampling.registry import ensemble, ensemble_kinds
from scorelet.sampling.scalar_potential import ScalarPotential
from scorelet.sampling.whitening import (
    WhitenedBand,
    filtered,
    is_elongated,
    is_positive,
    mean_curvature,
    mean_curvatures,
    whitening_root,
)

__all__ = [
    "PRESETS",
    "AscentSchedule",
    "AscentState",
    "ClusterSampler",
    "DivergenceError",
    "Hamiltonian",
    "Kernel",
    "Langevin",
    "LangevinInfo",
    "LangevinState",
    "OnStep",
    "Phi4",
    "Run",
    "ScalarPotential",
    "Schedule",
    "WhitenedBand",
    "ascend",
    "calibrate",
    "calibrate_band",
    "chained",
    "ensemble",
    "ensemble_kinds",
    "filtered",
    "fourier_acceleration",
    "is_elongated",
    "is_positive",
    "mean_curvature",
    "mean_curvatures",
    "run",
    "tune_epsilon",
    "whitening_root",
]
