"""Orthogonal wavelets and packets of periodic fields, their spectral algebra, scattering."""

from scorelet.wavelets.filters import Filters, orthogonal_filters, wavelet_names
from scorelet.wavelets.normalization import Normalization
from scorelet.wavelets.orthogonal import OrthogonalWavelet
from scorelet.wavelets.packets import PacketPlan, Shell, WaveletPacket
from scorelet.wavelets.pyramid import Pyramid, Transform
from scorelet.wavelets.scattering import Scattering2d
from scorelet.wavelets.spectral import (
    GaussianLevel,
    cross_spectra,
    gaussian_levels,
    polyphase_matrix,
)

__all__ = [
    "Filters",
    "GaussianLevel",
    "Normalization",
    "OrthogonalWavelet",
    "PacketPlan",
    "Pyramid",
    "Scattering2d",
    "Shell",
    "Transform",
    "WaveletPacket",
    "cross_spectra",
    "gaussian_levels",
    "orthogonal_filters",
    "polyphase_matrix",
    "wavelet_names",
]
