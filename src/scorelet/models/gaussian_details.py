"""Details of a stationary Gaussian field, given its low band: denoisers in closed form.

Symbols: d the three bands of details, a the low band, both divided by G; at each frequency q

    d | a ~ N(A a, Γ/G²),      E[d | y, a] = A a + Γ' (Γ' + σ²)⁻¹ (y - A a),   Γ' = Γ/G²,

with A and Γ of `scorelet.wavelets.orthogonal.spectral`.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4, whose A has the other
sign: A = Cov(d, a) Var(a)⁻¹.
"""

import torch
from torch import Tensor

from scorelet.core.device import exactly
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.band_whitening import BandWhitening, as_complex, as_pairs
from scorelet.models.conditional import beside
from scorelet.models.denoiser import Denoiser
from scorelet.models.gaussian import StationaryGaussianDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan
from scorelet.wavelets.orthogonal.packets import WaveletPacket
from scorelet.wavelets.orthogonal.spectral import LEAST, GaussianLevel, gaussian_levels


class GaussianDetailsDenoiser(Denoiser):
    """E[d | y, a] of images of three channels (H, V, D), given the low band as the condition.

    Args:
        level: the law of one level of the field.
        scale: G, by which details and low band are divided.

    Raises:
        InputError: a scale that is not positive.
    """

    conditional = True
    needs_cond = True
    channels = (3,)

    mean_map: Tensor  # A, and below the eigenvectors of Γ', as pairs of real numbers:
    basis: Tensor  # a change of dtype would take the imaginary parts away
    variances: Tensor

    def __init__(self, level: GaussianLevel, *, scale: float = 1.0) -> None:
        super().__init__()
        if not 0 < scale < float("inf"):
            raise InputError(f"The scale is {scale}: it must be positive.")
        values, vectors = torch.linalg.eigh(level.conditional / scale**2)
        self.register_buffer("mean_map", as_pairs(level.mean_map[..., None]))
        self.register_buffer("variances", values.clamp_min(0).movedim(-1, 0).contiguous())
        self.register_buffer("basis", as_pairs(vectors))

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        assert cond is not None
        low, size = beside(y, cond, 1), self.variances.shape[-2:]
        if y.shape[-2:] != size:
            raise InputError(
                f"The details have shape {tuple(y.shape)}: their law is known of "
                f"{size[0]}x{size[1]} coefficients."
            )
        return exactly(self._mean_given, y, sigma, low) if len(y) else y

    def _mean_given(self, y: Image, sigma: NoiseLevel, low: Tensor) -> Image:
        size = y.shape[-2:]
        mean_map, basis = (
            as_complex(pairs.to(y)).unflatten(0, size) for pairs in (self.mean_map, self.basis)
        )
        mean = mean_map[..., 0].movedim(-1, 0) * torch.fft.fft2(low)
        centred = torch.fft.fft2(y) - mean
        basis = basis.movedim((2, 3), (0, 1))
        along = _products(basis.conj().transpose(0, 1), centred)
        variances = self.variances.to(y)
        total = variances + sigma.square()[:, None, None, None]
        gain = torch.where(total > 0, variances / total, 1)  # without noise y is right
        back = _products(basis, gain * along)
        return torch.fft.ifft2(mean + back).real


def _products(matrices: Tensor, bands: Tensor) -> Tensor:
    """Return M v at each frequency, (n, band, height, width): sums whose order no batch changes."""
    return (matrices * bands[:, None]).sum(2)


def gaussian_cascade(
    spectrum: Tensor, wavelet: str, levels: int, *, whiten: bool = False
) -> Multiscale[Denoiser]:
    """Return the exact model of a stationary Gaussian field as a product over scales.

    Coefficients of a level are divided by G, G² = E|d|² per coefficient: the convention "scalar".

    Args:
        spectrum: P(k), (height, width), float64, even.
        wavelet: name of an orthogonal wavelet.
        levels: J.
        whiten: factors see bands whitened, and details less A a: they denoise white noise.

    Raises:
        InputError: as `gaussian_levels`; details of some level that are 0, or, to be whitened, that
            the low band tells all of.
    """
    laws = gaussian_levels(spectrum, wavelet, levels)
    units = Normalization("scalar", levels=levels).to(spectrum)
    scales = [_scale(law, level) for level, law in enumerate(laws, 1)]
    for level, scale in enumerate(scales):
        units.low_scale[level] = units.detail_scale[level] = scale
    pairs = list(zip(laws, scales, strict=True))[::-1]
    low = laws[-1].low_spectrum / scales[-1] ** 2
    whitening = []
    if whiten:
        whitening = [BandWhitening.of_spectrum(low)]
        whitening += [BandWhitening.of_details(law, scale=scale) for law, scale in pairs]
        low = low / low.clamp_min(LEAST * float(low.mean()))  # 1, but where a band has no energy
        pairs = [(law.whitened(law), 1.0) for law, _ in pairs]
    details = [GaussianDetailsDenoiser(law, scale=scale) for law, scale in pairs]
    coarse = StationaryGaussianDenoiser(low)
    transform = WaveletPacket(wavelet, PacketPlan.wavelet(levels))
    return Multiscale(transform, coarse, details, normalization=units, whitening=whitening)


def _scale(law: GaussianLevel, level: int) -> float:
    """Return G of a level, counted from the finest."""
    if law.empty:
        raise InputError(
            f"The details of level {level} are 0 for this spectrum, but for rounding: take fewer "
            "levels, or a spectrum that is not 0 there."
        )
    return float(law.detail_power.sqrt())
