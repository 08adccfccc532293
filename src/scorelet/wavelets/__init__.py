"""Orthogonal wavelets and packets of periodic fields, their spectral algebra, scattering."""

from scorelet.wavelets.filters import Filters, orthogonal_filters, wavelet_names
from scorelet.wavelets.morlet.bank import MorletBank, half_octave_bank, morlet_bank
from scorelet.wavelets.morlet.transform import MorletTransform2d, phases
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan, Shell
from scorelet.wavelets.orthogonal.packets import WaveletPacket
from scorelet.wavelets.orthogonal.pyramid import Pyramid, Transform
from scorelet.wavelets.orthogonal.spectral import (
    GaussianLevel,
    cross_spectra,
    gaussian_levels,
    polyphase_matrix,
)
from scorelet.wavelets.orthogonal.transform import OrthogonalWavelet
from scorelet.wavelets.paths import Path, scattering_paths
from scorelet.wavelets.scattering.covariance import (
    Moment,
    ScatteringCovariance,
    scattering_covariance,
)
from scorelet.wavelets.scattering.transform import Scattering2d

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
