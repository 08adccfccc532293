"""Stationary Gaussian fields in a wavelet basis: exact covariances, conditionals, samples.

Symbols: P(k) = E |X(k)|^2, spectrum of a periodic field x with X its orthonormal discrete Fourier
transform, in the order of `torch.fft.fftfreq`, (L, L'); h, g filters with transforms H_0, H_1; q
coarse frequency in [0, L/2) x [0, L'/2). One level mixes, at each q, only the four aliases
q + p L/2, p in {0, 1}^2, by a unitary matrix

    U(q)_{(ab), p} = H_a*(q_1 + p_1 L/2) H_b*(q_2 + p_2 L'/2) / 2,

so the cross-spectra of the bands (low, H, V, D) are S(q) = U diag(P(q + p L/2)) U*, and

    E[d | a](q) = S_da S_aa^-1 a(q),        Gamma(q) = S_dd - S_da S_aa^-1 S_ad       (3 x 3)

are the mean and the spectrum of the details d given the low band a. All costs are O(L L').

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4.
"""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.random import randn
from scorelet.wavelets.orthogonal.transform import check_sides, check_signal, find_axis

LEAST = 1e-6
"""Of the mean variance of details: no direction that is whitened has less."""


@dataclass(frozen=True, eq=False)
class GaussianLevel:
    """One level of a stationary Gaussian field: the law of its low band and of its details.

    Args:
        cross: S, (L/2, L'/2, 4, 4), complex: spectra of low, H, V, D and between them.
    """

    cross: Tensor

    @property
    def low_spectrum(self) -> Tensor:
        """Spectrum of the low band, (L/2, L'/2): the P of the next level."""
        return self.cross[..., 0, 0].real

    @property
    def detail_power(self) -> Tensor:
        """G² = E |d|^2 per coefficient, the mean over the three bands and all frequencies."""
        return self.band_powers.mean()

    @property
    def band_powers(self) -> Tensor:
        """E |d|^2 per coefficient of each band, H, V and D, (3,)."""
        return self.cross.diagonal(dim1=-2, dim2=-1).real[..., 1:].mean((0, 1))

    @property
    def mean_map(self) -> Tensor:
        """A = S_da / S_aa, (L/2, L'/2, 3): what takes a(q) to E[d | a](q); 0 where a has no energy.

        It has none where what it has is rounding of that of all bands at q.
        """
        low, all_bands = self.low_spectrum, _trace(self.cross)
        known = (low > _rounding(low) * all_bands)[..., None]
        return torch.where(known, self.cross[..., 1:, 0] / low[..., None], 0)

    @property
    def conditional(self) -> Tensor:
        """Gamma, (L/2, L'/2, 3, 3): the spectrum of the details given the low band."""
        across = self.cross[..., 1:, 0]
        return self.cross[..., 1:, 1:] - self.mean_map[..., :, None] * across[..., None, :].conj()

    @property
    def rounding(self) -> Tensor:
        """Energy per coefficient that may be rounding of that of all bands."""
        return _rounding(self.cross) * _trace(self.cross).mean()

    @property
    def empty(self) -> bool:
        """Whether the details are 0, but for rounding."""
        return bool(self.detail_power <= self.rounding)

    @property
    def determined(self) -> bool:
        """Whether the low band tells all of the details, but for rounding, as if they are 0."""
        return bool(_trace(self.conditional).mean() <= self.rounding)

    def conditional_mean(self, low: Tensor) -> Tensor:
        """Return E[d | a], (..., 3, L/2, L'/2), for low bands a, (..., L/2, L'/2).

        Raises:
            InputError: low bands of another size or that are not real and finite.
        """
        check_signal(low, 2, name="The low band")
        if low.shape[-2:] != self.cross.shape[:2] or not bool(low.isfinite().all()):
            raise InputError(
                f"The low band has shape {tuple(low.shape)}: expected finite numbers, (..., "
                f"{self.cross.shape[0]}, {self.cross.shape[1]})."
            )
        gain = self.mean_map.movedim(-1, 0)
        return torch.fft.ifft2(gain * torch.fft.fft2(low)[..., None, :, :]).real

    def sample_details(self, low: Tensor, *, rng: Generator) -> Tensor:
        """Draw details, (..., 3, L/2, L'/2), from their exact law given low bands a."""
        mean = self.conditional_mean(low)
        white = torch.fft.fft2(randn(tuple(mean.shape), rng=rng, like=mean))
        root = square_root(self.conditional)
        drawn = torch.einsum("yxab,...byx->...ayx", root, white)
        return mean + torch.fft.ifft2(drawn).real

    def whitened(self, by: "GaussianLevel") -> "GaussianLevel":
        """Return the law of a and Γ^(-1/2) (d - A a), with the A and the Γ of another law.

        By its own law details become white noise that does not depend on a.

        Raises:
            InputError: by a law whose low band tells all of the details.
        """
        by.check_whitens()
        whitening, change = _power(by.conditional, -0.5, LEAST), torch.zeros_like(self.cross)
        change[..., 0, 0] = 1
        change[..., 1:, 1:] = whitening
        change[..., 1:, :1] = -whitening @ by.mean_map.to(whitening)[..., None]
        return GaussianLevel(change @ self.cross @ change.mH)

    def check_whitens(self) -> None:
        """Check that there is a Γ to whiten details by.

        Raises:
            InputError: the low band tells all of the details.
        """
        if self.determined:
            height, width = self.cross.shape[:2]
            raise InputError(
                f"Details of {height}x{width} do not vary, given the coarser band: nothing is to "
                "whiten. The spectrum is 0 at fine scales, or everywhere."
            )

    def condition_number(self) -> float:
        """Return the largest by the smallest eigenvalue of the conditional covariance.

        It is infinite where the smallest is 0, or below it by rounding.
        """
        values = torch.linalg.eigvalsh(self.conditional)
        smallest = float(values.min())
        return float(values.max()) / smallest if smallest > 0 else math.inf


def gaussian_levels(
    spectrum: Tensor, name: str, levels: int, *, align: str = "pywavelets"
) -> list[GaussianLevel]:
    """Return the laws of all levels of a field with this spectrum, fine to coarse.

    Args:
        spectrum: P, (L, L'), real; even, P(k) = P(-k) >= 0.
        name, levels, align: of the wavelet, see `OrthogonalWavelet`.

    Raises:
        InputError: a wrong shape, a negative or uneven spectrum, sides that cannot be halved.
    """
    _check_spectrum(spectrum, levels)
    found = []
    for _ in range(levels):
        found.append(GaussianLevel(_cross_spectra(spectrum, name, align)))
        spectrum = found[-1].low_spectrum
    return found


def cross_spectra(spectrum: Tensor, name: str, *, align: str = "pywavelets") -> Tensor:
    """Return S, (L/2, L'/2, 4, 4), of the bands low, H, V, D of one level.

    Arguments and errors as in `gaussian_levels`.
    """
    _check_spectrum(spectrum, 1)
    return _cross_spectra(spectrum, name, align)


def _cross_spectra(spectrum: Tensor, name: str, align: str) -> Tensor:
    height, width = spectrum.shape
    unitary = polyphase_matrix(name, height, width, like=spectrum, align=align)
    aliases = _aliases(spectrum)
    return torch.einsum("yxap,yxp,yxbp->yxab", unitary, aliases.to(unitary), unitary.conj())


def polyphase_matrix(
    name: str, height: int, width: int, *, like: Tensor, align: str = "pywavelets"
) -> Tensor:
    """Return U, (height/2, width/2, 4, 4): low, H, V, D by aliases (0,0), (1,0), (0,1), (1,1).

    Args:
        name, align: of the wavelet.
        height, width: L and L', even.
        like: a tensor of the real dtype and device that are wanted.

    Raises:
        InputError: unknown wavelet, or sides that are not even.
    """
    if not (is_whole(height, least=2) and is_whole(width, least=2)):
        raise InputError(f"Sides of {height!r} x {width!r}: expected even numbers of at least 2.")
    check_sides((height, width), 1)
    rows = _responses(name, height, like, align)
    columns = _responses(name, width, like, align)
    # bands and aliases in the order of pairs (rows axis, columns axis)
    pairs = ((0, 0), (1, 0), (0, 1), (1, 1))
    entries = [
        torch.stack([rows[a, p][:, None] * columns[b, r][None] for p, r in pairs], -1)
        for a, b in pairs
    ]
    return torch.stack(entries, -2)


def _responses(name: str, length: int, like: Tensor, align: str) -> Tensor:
    """(band, alias, q): what a frequency of the signal becomes in a band, a 2 x 2 unitary.

    The transform of the impulse at 0 is all ones / sqrt(L), and that of its bands is
    sum_p H_a*(q + p L/2) / sqrt(2 L); impulses at 0 and 1 tell the two aliases apart.
    """
    impulses = torch.eye(2, length, dtype=torch.float64)
    bands = torch.stack(find_axis(name, align).split(impulses), 0)  # (band, impulse, place)
    sums = torch.fft.fft(bands) * 2**0.5
    turn = torch.exp(2j * torch.pi * torch.arange(length // 2, dtype=torch.float64) / length)
    even, odd = sums[:, 0], sums[:, 1] * turn  # B_0 + B_1 and B_0 - B_1
    both = torch.stack([even + odd, even - odd], 1) / 2
    kind = torch.complex64 if like.dtype == torch.float32 else torch.complex128
    return both.to(device=like.device, dtype=kind)


def _aliases(spectrum: Tensor) -> Tensor:
    """P(q + p L/2), (L/2, L'/2, 4), aliases in the order (0,0), (1,0), (0,1), (1,1)."""
    parts = spectrum.unflatten(0, (2, -1)).unflatten(-1, (2, -1))
    return parts.permute(1, 3, 2, 0).flatten(2)


def square_root(matrix: Tensor, *, least: float = 0.0) -> Tensor:
    """Return the Hermitian square roots of matrices (..., n, n), which may be complex.

    Args:
        matrix: Hermitian; rounding may make its smallest eigenvalues negative.
        least: eigenvalues are at least this share of the mean of all.
    """
    return _power(matrix, 0.5, least)


def _power(matrix: Tensor, exponent: float, least: float) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    powers = values.clamp_min(least * float(values.mean())).pow(exponent).to(matrix.dtype)
    return (vectors * powers[..., None, :]) @ vectors.mH


def _trace(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1).real.sum(-1)


def _rounding(x: Tensor) -> float:
    """Share of the energy of all bands that may be rounding of sums of a few terms."""
    return 8 * torch.finfo(x.dtype).eps


def _check_spectrum(spectrum: Tensor, levels: int) -> None:
    check_signal(spectrum, 2, name="The spectrum")
    if spectrum.ndim != 2:
        raise InputError(
            f"The spectrum has shape {tuple(spectrum.shape)}: expected (height, width)."
        )
    if not is_whole(levels, least=1):
        raise InputError(f"levels={levels!r}: use a whole number of levels, at least one.")
    check_sides(tuple(spectrum.shape), levels)
    if not bool(spectrum.isfinite().all()):
        raise InputError("The spectrum holds NaN or infinite values: expected finite numbers.")
    mirrored = spectrum.flip(0, 1).roll((1, 1), dims=(0, 1))
    if not (spectrum >= 0).all() or (spectrum - mirrored).abs().max() > 1e-5 * spectrum.max():
        raise InputError(
            "The spectrum of a real field is not negative and even: S(k) must equal S(-k)."
        )
