"""Reference fields with closed formulas: laws to draw from, to test on and to compare with.

>>> from scorelet.data.fields.ensembles import ensemble
>>> x = ensemble("power_law", eta=2.0).sample(16, 64, seed=0)
>>> x.shape
torch.Size([16, 1, 64, 64])
"""

from scorelet.data.fields.ensembles.anisotropic import Anisotropic
from scorelet.data.fields.ensembles.band_limited import BandLimited
from scorelet.data.fields.ensembles.base import Ensemble, EnsembleWarning, IndexedEnsemble
from scorelet.data.fields.ensembles.bubbles import Bubbles
from scorelet.data.fields.ensembles.cache import cached
from scorelet.data.fields.ensembles.dead_leaves import DeadLeaves
from scorelet.data.fields.ensembles.discs import Disc, Discs, render_disc
from scorelet.data.fields.ensembles.gaussian import GaussianField, gaussian_divergence
from scorelet.data.fields.ensembles.lattice_ou import LatticeOrnsteinUhlenbeck
from scorelet.data.fields.ensembles.log_normal import LogNormal, Moments
from scorelet.data.fields.ensembles.matern import Matern
from scorelet.data.fields.ensembles.power_law import PowerLaw
from scorelet.data.fields.ensembles.registry import ENSEMBLES, ensemble
from scorelet.data.fields.ensembles.regular_images import RegularImages, UniformlyRegularImages
from scorelet.data.fields.ensembles.sinusoids import Sinusoids
from scorelet.data.fields.ensembles.turbulence import DecayingTurbulence
from scorelet.data.fields.ensembles.vorticity import advection, evolve, kinetic_energy, velocity

__all__ = [
    "ENSEMBLES",
    "Anisotropic",
    "BandLimited",
    "Bubbles",
    "DeadLeaves",
    "DecayingTurbulence",
    "Disc",
    "Discs",
    "Ensemble",
    "EnsembleWarning",
    "GaussianField",
    "IndexedEnsemble",
    "LatticeOrnsteinUhlenbeck",
    "LogNormal",
    "Matern",
    "Moments",
    "PowerLaw",
    "RegularImages",
    "Sinusoids",
    "UniformlyRegularImages",
    "advection",
    "cached",
    "ensemble",
    "evolve",
    "gaussian_divergence",
    "kinetic_energy",
    "render_disc",
    "velocity",
]
