"""Sampling: Markov chains, and ensembles of physical fields that need them."""

from scorelet.sampling.cluster import ClusterSampler, Progress
from scorelet.sampling.hamiltonian import Hamiltonian, fourier_acceleration, tune_epsilon
from scorelet.sampling.kernel import Kernel, run
from scorelet.sampling.phi4 import Phi4
from scorelet.sampling.scalar_potential import ScalarPotential

__all__ = [
    "ClusterSampler",
    "Hamiltonian",
    "Kernel",
    "Phi4",
    "Progress",
    "ScalarPotential",
    "fourier_acceleration",
    "run",
    "tune_epsilon",
]
