"""Bands less what coarser ones tell of them, and whitened: nearly white noise remains.

Symbols: d a band of n numbers at each place, the low band of an image or its details; a what it is
told, the low band beside details, or nothing; of the stationary Gaussian field with their means and
spectra, at each frequency q,

    A = S_da S_aa⁻¹,      b = E d - A E a,      Γ = S_dd - A S_ad,
    u = Γ^(-1/2) (d - A a - b),      d = A a + b + Γ^(1/2) u:

the mean of u is 0, at each frequency the covariance of its bands is 1, and the same frequency of a
tells nothing of it in linear terms, whatever the law of images is. Where images are stationary and
Gaussian, u is white noise, and a sampler meets one variance only. Images that are aligned, as
faces, are not stationary: different frequencies of u are correlated, and variances along the
eigenvectors of its covariance differ from 1.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4 (A and Γ).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.renewal import follow_loading
from scorelet.wavelets.orthogonal.spectral import LEAST, GaussianLevel, square_root

_ROUNDING = 1e-12
"""Of the variance of all: what varies less does not vary."""


class BandWhitening(nn.Module):
    """The map between a band d, (batch, n, height, width), and u, given a.

    Args:
        root: Γ^(1/2), (height, width // 2 + 1, n, n), complex, Hermitian and not singular, at the
            frequencies of `torch.fft.rfft2`.
        gain: A, (height, width // 2 + 1, n, m), complex, for m channels of a; m may be 0.
        offset: b, (n, height, width), real.

    Attributes:
        offset: b.
        root, gain: real, (frequencies, n, 2 n) and (frequencies, n, 2 m): each complex number is a
            pair. Modules that become channels-last have no buffers of four or five axes.

    Raises:
        InputError: shapes that do not belong together.
    """

    root: Tensor
    gain: Tensor
    offset: Tensor
    inverse: Tensor

    def __init__(self, root: Tensor, gain: Tensor, offset: Tensor) -> None:
        super().__init__()
        channels, height, width = offset.shape
        matrices = (height, width // 2 + 1, channels)
        if root.shape != (*matrices, channels) or gain.shape[:-1] != matrices:
            raise InputError(
                f"Root {tuple(root.shape)}, gain {tuple(gain.shape)} and offset "
                f"{tuple(offset.shape)} do not belong together: expected (h, w // 2 + 1, n, n), "
                "(h, w // 2 + 1, n, m) and (n, h, w)."
            )
        self.register_buffer("root", as_pairs(root))
        self.register_buffer("gain", as_pairs(gain))
        self.register_buffer("offset", offset)
        self.renew()
        follow_loading(self)

    def renew(self) -> None:
        """Invert Γ^(1/2), which another one may have replaced."""
        root = as_complex(self.root)
        inverse = torch.linalg.inv(root.to(torch.complex128)).to(root)
        pairs = torch.view_as_real(inverse).flatten(2)
        self.register_buffer("inverse", pairs, persistent=False)

    @classmethod
    def of_details(cls, level: GaussianLevel, *, scale: float = 1.0) -> "BandWhitening":
        """Return that of the details of a law, which like their low band are divided by a scale.

        Raises:
            InputError: the low band tells all of the details.
        """
        level.check_whitens()
        half = level.cross.shape[1] // 2 + 1
        root = square_root(level.conditional / scale**2, least=LEAST)[:, :half]
        offset = level.low_spectrum.new_zeros(3, *level.cross.shape[:2])
        return cls(root, level.mean_map[:, :half, :, None].to(root), offset)

    @classmethod
    def of_spectrum(cls, spectrum: Tensor) -> "BandWhitening":
        """Return that of fields with a spectrum, (height, width), which are told nothing."""
        matrices = spectrum[:, : spectrum.shape[1] // 2 + 1, None, None]
        root = torch.complex(square_root(matrices, least=LEAST), torch.zeros_like(matrices))
        return cls(root, root[..., :0], torch.zeros_like(spectrum)[None])

    @classmethod
    def fit(cls, parts: Iterable[tuple[Tensor, Tensor | None]]) -> "BandWhitening":
        """Return that of the means and cross-spectra of data.

        Args:
            parts: bands and what they are told, of one size, in parts that fit into memory.

        Raises:
            InputError: no more images than channels of both, so that some covariance is singular,
                or bands that follow from what they are told.
        """
        found = _moments(parts)
        n = found.channels
        both = found.mean.shape[-1]
        if found.count <= both:
            raise InputError(
                f"There are {found.count} images to find the law of {both} bands: give more than "
                f"{both}."
            )
        across = found.covariance[..., :n, n:]
        known = found.covariance[..., n:, n:]
        least = _ROUNDING * _power(known) if both > n else 0.0  # fields of one mean: 0 at q = 0
        gain = across @ torch.linalg.pinv(known, atol=least, hermitian=True)
        rest = found.covariance[..., :n, :n] - gain @ across.mH
        if not _power(rest) > _ROUNDING * _power(found.covariance):
            raise InputError("A band does not vary, given the coarser one: nothing is to whiten.")
        root = square_root(rest, least=LEAST)
        apart = found.mean[..., :n] - (gain @ found.mean[..., n:, None])[..., 0]
        offset = torch.fft.irfft2(apart.movedim(-1, 0), s=found.size, norm="ortho")
        kind = torch.complex64 if found.dtype == torch.float32 else torch.complex128
        return cls(root.to(kind), gain.to(kind), offset.to(found.dtype))

    @classmethod
    def of_state(cls, state: Mapping[str, Tensor]) -> "BandWhitening":
        """Return that of a `state_dict`."""
        offset = state["offset"]
        height, width = offset.shape[1:]
        grid = (height, width // 2 + 1)
        root, gain = (as_complex(state[name]).unflatten(0, grid) for name in ("root", "gain"))
        return cls(root, gain, offset)

    def whiten(self, d: Image, told: Tensor | None = None) -> Image:
        """Return u.

        Args:
            d: bands, (batch, n, height, width).
            told: a, (batch, m, height, width).

        Raises:
            InputError: images of another size than those whose law is known.
        """
        return self._product(self.inverse, d - self._mean(d, told))

    def unwhiten(self, u: Image, told: Tensor | None = None) -> Image:
        """Return d: the inverse of `whiten`, with its arguments and errors."""
        return self._mean(u, told) + self._product(self.root, u)

    def _mean(self, like: Tensor, told: Tensor | None) -> Tensor:
        """Return A a + b, in the dtype and on the device of bands."""
        channels = self.gain.shape[-1] // 2
        size = self.offset.shape[1:]
        shape = None if told is None else tuple(told.shape)
        expected = (len(like), channels, *size) if channels else None
        if like.shape[1:] != self.offset.shape or shape != expected:
            raise InputError(
                f"The band has shape {tuple(like.shape)}, told {shape}: its law is known of "
                f"{len(self.offset)} channels of {size[0]}x{size[1]}, told {channels}."
            )
        offset = self.offset.to(like)
        return offset if told is None else offset + self._product(self.gain, told.to(like))

    def _product(self, matrices: Tensor, x: Tensor) -> Tensor:
        """Multiply the spectra of x by a matrix at each frequency."""
        modes = torch.fft.rfft2(x)
        changed = torch.einsum("qab,nbq->naq", as_complex(matrices.to(x)), modes.flatten(2))
        grid = changed.unflatten(-1, modes.shape[-2:])
        return torch.fft.irfft2(grid, s=(x.shape[-2], x.shape[-1]))


def as_pairs(matrices: Tensor) -> Tensor:
    """Return (height, width, n, m), complex, as (height width, n, 2 m), real."""
    return torch.view_as_real(matrices).flatten(0, 1).flatten(2).contiguous()


def as_complex(pairs: Tensor) -> Tensor:
    """Return (frequencies, n, m), complex."""
    return torch.view_as_complex(pairs.unflatten(-1, (pairs.shape[-1] // 2, 2)))


def _power(covariance: Tensor) -> float:
    return float(covariance.diagonal(dim1=-2, dim2=-1).real.mean())


class _Moments(NamedTuple):
    """Of the modes of bands and what they are told: number of images, mean and covariance.

    `channels`, `size` and `dtype` are those of the bands.
    """

    count: int
    mean: Tensor
    covariance: Tensor
    channels: int
    size: tuple[int, int]
    dtype: torch.dtype


def _moments(parts: Iterable[tuple[Tensor, Tensor | None]]) -> _Moments:
    count, first, second = 0, torch.zeros(1), torch.zeros(1)
    band = torch.zeros(0, 1, 1, 1)
    for band, told in parts:
        both = band if told is None else torch.cat([band, told], 1)
        modes = torch.fft.rfft2(both.double(), norm="ortho").permute(2, 3, 1, 0)
        count += len(band)
        first, second = first + modes.sum(-1), second + modes @ modes.mH
    mean = first / max(count, 1)
    covariance = second / max(count, 1) - mean[..., :, None] * mean[..., None, :].conj()
    size = int(band.shape[2]), int(band.shape[3])
    return _Moments(count, mean, covariance, band.shape[1], size, band.dtype)
