"""Morlet wavelets of one octave, or of half of one, as short kernels in space.

    W x = (x ∗ φ, (x ∗ ψ_θ)_θ), computed only at the points that are kept.

The filters are those of `scorelet.wavelets.morlet`, cut to k x k points: 5 x 5 hold more than
99.98 % of the energy for L = 4, 9 x 9 99.7 % for L = 8. One dense convolution with 1 input channel
(2 for complex images) and 2 (1 + L) output channels runs over all channels of a batch; the
Fourier domain is not needed, nor a padded copy for each filter.

References: Zarka, Guth, Mallat 2021, arXiv 2012.10424; Guth, Zarka, Mallat 2022, arXiv 2110.05283.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.networks.kernel_dtype import kernel_dtype
from scorelet.networks.planes import NONE, PlaneFilters, coefficients, to_planes
from scorelet.wavelets.kernels.quadrants import taps_of
from scorelet.wavelets.morlet.bank import Kind, MorletBank, half_octave_bank, morlet_bank

_GRID = 64  # points of the grid on which kernels are computed: their tails end before


class MorletConv2d(nn.Module):
    """Low-pass and complex band-pass coefficients, as pairs (Re, Im) of real channels.

    Args:
        angles: L.
        kind: "octave", or "half" followed by a layer of the "second half"; the latter and an
            octave are subsampled by 2.
        size: k, odd; by default 7 for L up to 4, else 9.
        full_angles: half octaves only: angles spread over 2π instead of π.
        boundary: "reflect" or "periodic".

    Shape:
        real (batch, channel, h, w) or pairs (batch, channel, 2, h, w) → pairs
        (batch, channel, 1 + L, 2, h', w'), the low pass first; Im of a real image's low pass is 0.
        Sides are halved where there is subsampling, rounded down.
    """

    kernel: Tensor

    def __init__(
        self,
        angles: int = 4,
        *,
        kind: Kind = "octave",
        size: int | None = None,
        full_angles: bool = False,
        boundary: str = "reflect",
    ) -> None:
        super().__init__()
        size = size or (7 if angles <= 4 else 9)
        if size % 2 == 0 or size < 3:
            raise InputError(f"The kernel has {size} points a side: expected an odd number, 3 up.")
        if boundary not in ("reflect", "periodic"):
            raise InputError(f"boundary is {boundary!r}: it must be reflect or periodic.")
        self.angles, self.kind, self.size, self.boundary = angles, kind, size, boundary
        self.stride = 1 if kind == "half" else 2
        bank = _bank(kind, angles, full_angles=full_angles)
        kernels = _kernels(bank, size)
        symmetric = angles % 2 == 0 and angles >= 4 and not full_angles
        self.taps = taps_of(kernels) if symmetric else None
        self.register_buffer("kernel", torch.from_numpy(kernels).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the coefficients of x."""
        dtype = None if self.taps is None else kernel_dtype(x, training=self.training)
        if dtype is None:
            return self._plain(x)
        z = coefficients(to_planes(x, dtype), self.filters(x.shape[-2:]))[0]
        return z[..., : x.shape[1]].permute(1, 5, 4, 0, 2, 3)

    def _plain(self, x: Tensor) -> Tensor:
        """Return the coefficients by torch's convolution, for every device and any derivative."""
        pairs = x.ndim == 5
        batch, channels = x.shape[:2]
        kernel = self.kernel.to(x.dtype)
        images = x.reshape(batch * channels, 2 if pairs else 1, *x.shape[-2:])
        weight = _for_pairs(kernel) if pairs else kernel.flatten(0, 1)[:, None]
        out = F.conv2d(self._padded(images), weight, stride=self.stride)
        return out.reshape(batch, channels, 1 + self.angles, 2, *out.shape[-2:])

    def filters(
        self, shape: Sequence[int], *, amplitude: int = NONE, skip: bool = True
    ) -> PlaneFilters:
        """Return what kernels need to know for images of (height, width), see `PlaneFilters`."""
        assert self.taps is not None
        rows, columns = (
            _indices(length, self.size // 2, end, self.boundary)
            for length, end in zip(shape, self._ends(shape), strict=True)
        )
        return PlaneFilters(self.taps, self.angles, self.stride, (rows, columns), amplitude, skip)

    def _ends(self, shape: Sequence[int]) -> list[int]:
        """Return how far the border reaches beyond the last row and column."""
        return [self.size // 2 - (self.stride == 2 and length % 2) for length in shape]

    def _padded(self, x: Tensor) -> Tensor:
        radius, ends = self.size // 2, self._ends(x.shape[-2:])
        if self.boundary == "reflect" and radius < min(x.shape[-2:]):
            return F.pad(x, (radius, ends[1], radius, ends[0]), mode="reflect")
        rows, columns = (
            torch.from_numpy(_indices(length, radius, end, self.boundary)).to(x.device)
            for length, end in zip(x.shape[-2:], ends, strict=True)
        )
        return x.index_select(-2, rows).index_select(-1, columns)

    def extra_repr(self) -> str:
        """Angles, kind and kernel."""
        return f"L={self.angles}, {self.kind}, {self.size}x{self.size}, {self.boundary}"


def _bank(kind: Kind, angles: int, *, full_angles: bool) -> MorletBank:
    if kind == "octave":
        if full_angles:
            raise InputError("full_angles is for half octaves: leave it out for an octave.")
        return morlet_bank((_GRID, _GRID), 1, angles)
    return half_octave_bank(
        (_GRID, _GRID), angles, second=kind == "second half", full_angles=full_angles
    )


def _kernels(bank: MorletBank, size: int) -> np.ndarray:
    """Return kernels for correlation, (1 + L, 2, size, size); bands keep the mean zero."""
    low = _cut(bank.low, size).real
    low *= bank.low[0, 0] / low.sum()
    kernels = [low.astype(complex)]
    for band in bank.bands[0]:
        kernel = _cut(band, size)
        kernels.append(kernel - kernel.sum() / low.sum() * low)
    stacked = np.stack(kernels)
    return np.stack([stacked.real, stacked.imag], 1)


def _cut(spectrum: np.ndarray, size: int) -> np.ndarray:
    """Return the filter in space around its centre, turned by 180 degrees."""
    centre, radius = len(spectrum) // 2, size // 2
    kernel = np.fft.fftshift(np.fft.ifft2(spectrum))
    window = slice(centre - radius, centre + radius + 1)
    return kernel[window, window][::-1, ::-1].copy()


def _for_pairs(kernel: Tensor) -> Tensor:
    """Return the real matrices of complex products: (f, 2, k, k) → (2 f, 2, k, k)."""
    real, imaginary = kernel.unbind(1)
    return torch.stack(
        [torch.stack([real, -imaginary], 1), torch.stack([imaginary, real], 1)], 1
    ).flatten(0, 1)


def _indices(length: int, start: int, end: int, boundary: str) -> np.ndarray:
    """Return the pixels -start, ..., length - 1 + end of a mirrored or periodic line."""
    places = np.arange(-start, length + end)
    if boundary == "periodic":
        return places % length
    period = max(1, 2 * length - 2)
    folded = places % period
    return np.minimum(folded, period - folded)
