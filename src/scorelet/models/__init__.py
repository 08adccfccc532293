"""Probability: denoisers, energies, scores and risks, noise laws, and exact references."""

from scorelet.models.anscombe import anscombe, inverse_anscombe
from scorelet.models.classifier import Classifier, fitted
from scorelet.models.closed_form import ClosedFormDenoiser, NoisyDensity
from scorelet.models.correlated_pixels import CorrelatedPixels, fit_correlated_pixels
from scorelet.models.denoiser import (
    Curve,
    Denoiser,
    Locality,
    NoiseLike,
    ResidualDenoiser,
    noise_level,
)
from scorelet.models.dithered import DitheredDenoiser
from scorelet.models.energy import (
    CurvedEnergy,
    Energy,
    FunctionEnergy,
    PairedEnergy,
    energy_and_force,
)
from scorelet.models.energy_denoiser import EnergyDenoiser
from scorelet.models.finite_set import FiniteSetDenoiser
from scorelet.models.gaussian import GaussianDenoiser, StationaryGaussianDenoiser
from scorelet.models.joint_energy import JointDenoiser, JointEnergy
from scorelet.models.joint_mixture import MixtureJointEnergy
from scorelet.models.joint_network import NetworkJointEnergy
from scorelet.models.labels import LabelLike, class_labels
from scorelet.models.level_map import LevelMapDenoiser
from scorelet.models.mixture import GaussianMixtureDenoiser
from scorelet.models.mosaic import MosaicDenoiser
from scorelet.models.noise import (
    LogUniformNoise,
    MixedNoise,
    NoiseLaw,
    QuadraticNoise,
    QuantileLaw,
    UniformNoise,
    add_noise,
)
from scorelet.models.photon_denoiser import PoissonGaussianDenoiser
from scorelet.models.sensor_noise import CorrelatedNoise, PoissonGaussianNoise
from scorelet.models.shifted import ShiftedDenoiser
from scorelet.models.subsampled import SubsampledDenoiser
from scorelet.models.turned import TurnedDenoiser
from scorelet.models.tweedie import denoised_from_score, score, score_from_denoised, sure
from scorelet.models.variance_bound import VarianceBoundDenoiser

__all__ = [
    "Classifier",
    "ClosedFormDenoiser",
    "CorrelatedNoise",
    "CorrelatedPixels",
    "Curve",
    "CurvedEnergy",
    "Denoiser",
    "DitheredDenoiser",
    "Energy",
    "EnergyDenoiser",
    "FiniteSetDenoiser",
    "FunctionEnergy",
    "GaussianDenoiser",
    "GaussianMixtureDenoiser",
    "JointDenoiser",
    "JointEnergy",
    "LabelLike",
    "LevelMapDenoiser",
    "Locality",
    "LogUniformNoise",
    "MixedNoise",
    "MixtureJointEnergy",
    "MosaicDenoiser",
    "NetworkJointEnergy",
    "NoiseLaw",
    "NoiseLike",
    "NoisyDensity",
    "PairedEnergy",
    "PoissonGaussianDenoiser",
    "PoissonGaussianNoise",
    "QuadraticNoise",
    "QuantileLaw",
    "ResidualDenoiser",
    "ShiftedDenoiser",
    "StationaryGaussianDenoiser",
    "SubsampledDenoiser",
    "TurnedDenoiser",
    "UniformNoise",
    "VarianceBoundDenoiser",
    "add_noise",
    "anscombe",
    "class_labels",
    "denoised_from_score",
    "energy_and_force",
    "fit_correlated_pixels",
    "fitted",
    "inverse_anscombe",
    "noise_level",
    "score",
    "score_from_denoised",
    "sure",
]
