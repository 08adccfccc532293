"""One layer of complex wavelets on images, and real phases of its coefficients.

    W x = (x ∗ φ, (x ∗ ψ_θ)_θ),    phases: Re(e^{-iα} x ∗ ψ_θ) for α = 2πk / count.

A translation by τ turns the phase of x ∗ ψ by ξ·τ up to an error of at most σ |τ| ‖x‖, where σ is
the bandwidth of ψ; the modulus forgets the phase. Four phases and rectifiers are sign invariant.

References: Guth, Zarka, Mallat, ICLR 2022, arXiv 2110.05283; Zarka, Guth, Mallat, ICLR 2021,
arXiv 2012.10424, where ReLU of the four phases makes 4 θ + phase the number of a channel.
"""

import math
from operator import index

import torch
from torch import Tensor, nn

from scorelet.core.compiling import constant_in_graphs
from scorelet.core.device import widened
from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.options import checked
from scorelet.wavelets.kept import remember
from scorelet.wavelets.morlet.bank import MorletBank, half_octave_bank, morlet_bank
from scorelet.wavelets.morlet.checks import check_pictures
from scorelet.wavelets.morlet.filtering import filtered, folding
from scorelet.wavelets.morlet.grid import Boundary, Grid, check_boundary, grid

_KINDS = ("octave", "half", "second half")


class MorletTransform2d(nn.Module):
    """Low-pass and complex band-pass coefficients of one octave, or of half of one.

    Args:
        L: number of angles.
        kind: "octave", or "half" followed by a layer of the "second half".
        boundary: "reflect" or "periodic".
        full_angles: half octaves only: spread the angles over 2π instead of π.

    Shape:
        (..., height, width), real or complex → low (..., h, w) and bands (..., L, h, w), complex;
        an octave and a second half are subsampled by 2, a half is not. Half precision is computed,
        and returned, in float32.
    """

    @checked
    def __init__(
        self,
        L: int = 8,
        *,
        kind: str = "octave",
        boundary: Boundary = "reflect",
        full_angles: bool = False,
    ) -> None:
        super().__init__()
        if kind not in _KINDS:
            raise InputError(f"kind is {kind!r}: it must be one of {', '.join(_KINDS)}.")
        check_boundary(boundary)
        if kind == "octave" and full_angles:
            raise InputError("full_angles is for half octaves: leave it out for kind='octave'.")
        self.L, self.kind, self.boundary, self.full_angles = L, kind, boundary, full_angles
        self._bank((1, 1))  # refuses a wrong number of angles
        self._kept: dict[tuple[object, ...], _Layer] = {}

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return low and bands.

        Raises:
            InputError: integers, NaN, nothing at all, or a picture too small.
        """
        check_pictures(x, complex_too=True)
        if not x.is_complex():
            x = widened(x)
        real = x.real.dtype if x.is_complex() else x.dtype
        height, width = index(x.shape[-2]), index(x.shape[-1])  # numbers, also in a graph
        place = grid((height, width), 1, self.boundary)
        options = (self.L, self.kind, self.boundary, self.full_angles)
        layer = self._layer(height, width, real, x.device, options)
        rows, columns = layer.pixels
        spectrum = torch.fft.fft2(x.index_select(-2, rows).index_select(-1, columns))
        low, bands = (
            place.crop(filtered(spectrum, weights), layer.step - 1)
            for weights in (layer.low, layer.bands)
        )
        low = low.squeeze(-3)
        return low if x.is_complex() else low.real, bands

    def extra_repr(self) -> str:
        """Return the options, for printing."""
        return (
            f"L={self.L}, kind={self.kind!r}, boundary={self.boundary!r}, "
            f"full_angles={self.full_angles}"
        )

    @constant_in_graphs
    def _layer(
        self,
        height: int,
        width: int,
        dtype: torch.dtype,
        device: torch.device,
        options: tuple[object, ...],
    ) -> "_Layer":
        key = (height, width, dtype, device, options)
        found = self._kept.get(key)
        if found is not None:
            return found
        with torch.inference_mode(False):
            place = grid((height, width), 1, self.boundary)
            bank = self._bank(place.padded)
            step = 1 if self.kind == "half" else 2
            made = _Layer(place, bank, step, dtype, device)
        return remember(self._kept, key, made)

    def _bank(self, shape: tuple[int, int]) -> MorletBank:
        if self.kind == "octave":
            return morlet_bank(shape, 1, self.L)
        return half_octave_bank(
            shape, self.L, second=self.kind == "second half", full_angles=self.full_angles
        )


class _Layer:
    """Filters of one shape, dtype and device."""

    def __init__(
        self, place: Grid, bank: MorletBank, step: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.step = step
        self.low, self.bands = (
            torch.from_numpy(folding(filters, step)).to(device, dtype)
            for filters in (bank.low[None], bank.bands[0])
        )
        self.pixels = tuple(torch.from_numpy(index).to(device) for index in place.pixels())


def phases(z: Tensor, count: int = 4) -> Tensor:
    """Return Re(e^{-iα} z) for α = 2πk / count, k on a new axis before the image's two.

    Four phases are Re z, Im z, -Re z, -Im z. The mean of their rectified values lies between
    |z| / 4 and √2 |z| / 4; that of many phases goes to |z| / π.

    Raises:
        InputError: z is not complex, or there is no phase.
    """
    if not isinstance(z, Tensor):
        raise InputError(
            f"The coefficients are {type(z).__name__}: expected a complex tensor, as "
            "torch.from_numpy(z) is of a complex array."
        )
    if not z.is_complex() or z.ndim < 2 or not is_whole(count, least=1):
        raise InputError(
            f"{count!r} phases of {z.dtype} of shape {tuple(z.shape)}: expected at least one "
            "phase, and complex coefficients (..., height, width)."
        )
    turns = torch.arange(count, device=z.device, dtype=z.real.dtype) * (2 * math.pi / count)
    shape = (count, 1, 1)
    cosine, sine = turns.cos().reshape(shape), turns.sin().reshape(shape)
    return z.real.unsqueeze(-3) * cosine + z.imag.unsqueeze(-3) * sine
