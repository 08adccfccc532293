"""Orthogonal wavelets and packets of periodic fields, their spectral algebra, scattering."""

from scorelet.wavelets.filters import Filters, orthogonal_filters, wavelet_names
from scorelet.wavelets.morlet import MorletBank, half_octave_bank, morlet_bank
from scorelet.wavelets.morlet_transform import MorletTransform2d, phases
from scorelet.wavelets.normalization import Normalization
from scorelet.wavelets.orthogonal import OrthogonalWavelet
from scorelet.wavelets.packets import PacketPlan, Shell, WaveletPacket
from scorelet.wavelets.paths import Path, scattering_paths
from scorelet.wavelets.pyramid import Pyramid, Transform
from scorelet.wavelets.scattering import Scattering2d
from scorelet.wavelets.scattering_covariance import (
    Moment,
    ScatteringCovariance,
    scattering_covariance,
)
from scorelet.wavelets.spectral import (
    GaussianLevel,
    cross_spectra,
    gaussian_levels,
    polyphase_matrix,
)

__all__ = [
    "Filters",
    "GaussianLevel",
    "Moment",
    "MorletBank",
    "MorletTransform2d",
    "Normalization",
    "OrthogonalWavelet",
    "PacketPlan",
    "Path",
    "Pyramid",
    "Scattering2d",
    "ScatteringCovariance",
    "Shell",
    "Transform",
    "WaveletPacket",
    "cross_spectra",
    "gaussian_levels",
    "half_octave_bank",
    "morlet_bank",
    "orthogonal_filters",
    "phases",
    "polyphase_matrix",
    "scattering_covariance",
    "scattering_paths",
    "wavelet_names",
]
