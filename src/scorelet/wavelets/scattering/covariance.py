"""Scattering covariances: second moments of wavelet coefficients and of their moduli.

Symbols: λ = (j, θ), a wavelet; W_λ = x ∗ ψ_λ; M_λ = |W_λ|; E, mean over space of a periodic field.

    S1[λ] = E M_λ / √S2[λ],                           S2[λ] = E |W_λ|²,
    S3[λ1, λ2] = E (x ∗ ψ_λ1)(M_λ2 ∗ ψ_λ1)^* / √(S2[λ1] S2[λ2]),                     j1 ≥ j2,
    S4[λ1, λ2, λ3] = E (M_λ3 ∗ ψ_λ1)(M_λ2 ∗ ψ_λ1)^* / √(S2[λ2] S2[λ3]),        j1 ≥ j2 ≥ j3.

By Parseval each is a sum over frequencies, E (a ∗ ψ)(b ∗ ψ)^* = Σ_ω |ψ̂|² â b̂^*, so for every λ1
all of them are the Gram matrix of the spectra of x and of the M's: no second transform is needed.
S3 is 0 for Gaussian fields, because it is odd; S4 shows how moduli of different scales go together.

References: Cheng, Morel, Allys, Ménard, Mallat, PNAS Nexus 2024, arXiv 2306.17210; Morel, Rochette,
Leonarduzzi, Bouchaud, Mallat, ACHA 2025, arXiv 2204.10177.
"""

from itertools import product
from operator import index
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scorelet.core.compiling import constant_in_graphs
from scorelet.core.device import widened
from scorelet.core.errors import InputError
from scorelet.core.options import checked
from scorelet.wavelets.morlet.bank import check_scales, morlet_bank
from scorelet.wavelets.morlet.checks import check_pictures
from scorelet.wavelets.scattering.transform import unit_of

_AT_ONCE = 4  # fields, so that memory does not grow with their number
_NEGLIGIBLE = 1e-7  # of the largest |ψ̂|


class Moment(NamedTuple):
    """One moment.

    Attributes:
        kind: S1, S2, S3 or S4.
        scales: j of λ1, λ2, λ3, as many as the kind has.
        angles: index m of their angles.
        part: "real" or "imaginary".
    """

    kind: str
    scales: tuple[int, ...]
    angles: tuple[int, ...]
    part: str = "real"


class ScatteringCovariance(nn.Module):
    """Scattering covariances of periodic fields.

    Args:
        J: number of octaves; None: ⌊log2 of the smaller side⌋ - 1.
        L: number of angles in a half circle.

    Shape:
        (..., height, width), real → (..., moments), real; `moments(shape)` says what each is.
        Differentiable, in float32 or float64. Half precision is computed, and returned, in
        float32: S2 is a square, which may be out of its range.

    Example:
        >>> import torch
        >>> from scorelet.wavelets import ScatteringCovariance
        >>> statistic = ScatteringCovariance(J=3, L=2)
        >>> values = statistic(torch.randn(10, 32, 32))
        >>> values.shape[1] == len(statistic.moments((32, 32)))
        True
    """

    @checked
    def __init__(
        self,
        J: int | None = None,
        L: int = 4,
    ) -> None:
        super().__init__()
        check_scales(1 if J is None else J, L, least=1)
        self.J, self.L = J, L
        self._kept: dict[tuple[object, ...], _Bank] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Return the moments of fields x.

        Raises:
            InputError: no finite real fields, or fields too small for J.
        """
        check_pictures(x)
        height, width = index(x.shape[-2]), index(x.shape[-1])  # numbers, also in a graph
        working = widened(x).reshape(-1, height, width)
        options = (self._scales((height, width)), self.L)
        bank = self._bank(height, width, working.dtype, x.device, options)
        whole = torch.compiler.is_compiling()  # a graph holds for any number of fields
        parts = (working,) if whole else working.split(_AT_ONCE)
        values = torch.cat([_moments(part, bank, self.L) for part in parts])
        return values.reshape(*x.shape[:-2], -1)

    def moments(self, shape: tuple[int, int]) -> tuple[Moment, ...]:
        """Return what the moments of fields of `shape` are, in order."""
        waves = list(product(range(self._scales(shape)), range(self.L)))
        found = [Moment(kind, (j,), (t,)) for kind in ("S1", "S2") for j, t in waves]
        for j, t in waves:
            lower = waves[: (j + 1) * self.L]
            found += [
                Moment("S3", (j, j2), (t, t2), part)
                for part in ("real", "imaginary")
                for j2, t2 in lower
            ]
            pairs = [(a, b) for a in range(len(lower)) for b in range(a + 1)]
            for part in ("real", "imaginary"):
                found += [
                    Moment("S4", (j, lower[a][0], lower[b][0]), (t, lower[a][1], lower[b][1]), part)
                    for a, b in pairs
                    if part == "real" or a != b
                ]
        return tuple(found)

    def extra_repr(self) -> str:
        """Return the options, for printing."""
        return f"J={self.J}, L={self.L}"

    def _scales(self, shape: tuple[int, int]) -> int:
        largest = min(shape).bit_length() - 1
        scales = largest - 1 if self.J is None else self.J
        if not 1 <= scales <= largest:
            raise InputError(
                f"J is {scales}, but the fields have {shape[0]}x{shape[1]} pixels: both sides must "
                f"be at least 2^J, and at least 4 where J is left open."
            )
        return scales

    @constant_in_graphs
    def _bank(
        self,
        height: int,
        width: int,
        dtype: torch.dtype,
        device: torch.device,
        options: tuple[int, int],
    ) -> "_Bank":
        key = (height, width, dtype, device, options)
        found = self._kept.get(key)
        if found is None:
            with torch.inference_mode(False):
                bands = morlet_bank((height, width), *options).bands
                waves = torch.cat([torch.from_numpy(band) for band in bands]).to(device, dtype)
                found = _Bank(waves)
            self._kept = {key: found}  # another thread may keep another one
        return found


def scattering_covariance(x: Tensor) -> Tensor:
    """Return the moments (n, m) of fields (n, 1, h, w), with J and L left to the defaults.

    Raises:
        InputError: more than one channel, or as `ScatteringCovariance`.
    """
    if x.ndim != 4 or x.shape[1] != 1:
        raise InputError(f"The fields have shape {tuple(x.shape)}: expected (n, 1, height, width).")
    return ScatteringCovariance()(x[:, 0])


class _Bank:
    """Filters of one shape and where they are not negligible.

    Attributes:
        waves: ψ̂, (wavelet, height, width).
        support: for each wavelet the flat places of its frequencies.
        power: |ψ̂|² there.
    """

    def __init__(self, waves: Tensor) -> None:
        self.waves = waves
        flat = waves.flatten(1)
        self.support = [
            torch.nonzero(wave.abs() > _NEGLIGIBLE * wave.abs().max())[:, 0] for wave in flat
        ]
        self.power = [wave[place].square() for wave, place in zip(flat, self.support, strict=True)]


def _moments(x: Tensor, bank: _Bank, angles: int) -> Tensor:
    """Return the moments (n, m) of a few fields (n, h, w)."""
    unit = unit_of(x)
    spectrum = torch.fft.fft2(x if unit is None else x / unit, norm="forward")
    moduli = torch.fft.ifft2(spectrum[:, None] * bank.waves, norm="forward").abs()
    power = moduli.square().mean((-2, -1))  # S2, (n, wavelet)
    scale = power.clamp_min(torch.finfo(x.dtype).tiny).sqrt()
    first = moduli.mean((-2, -1)) / scale
    spectra = torch.cat([spectrum[:, None], torch.fft.fft2(moduli, norm="forward")], 1).flatten(2)
    found = [first, power if unit is None else power * unit[:, 0].square()]
    for number, (place, weight) in enumerate(zip(bank.support, bank.power, strict=True)):
        lower = (number // angles + 1) * angles
        rows = spectra[:, : lower + 1, place]
        gram = (rows * weight) @ rows.mH
        found += _normalised(gram, scale[:, number], scale[:, :lower])
    return torch.cat(found, 1)


def _normalised(gram: Tensor, own: Tensor, scale: Tensor) -> list[Tensor]:
    """Return S3 and S4 of one λ1 from the Gram matrix of x (first) and the moduli."""
    third = gram[:, 0, 1:] / (own[:, None] * scale)
    fourth = gram[:, 1:, 1:].mT / (scale[:, :, None] * scale[:, None, :])
    count = fourth.shape[-1]
    a, b = torch.tril_indices(count, count, device=gram.device)
    c, d = torch.tril_indices(count, count, -1, device=gram.device)
    return [third.real, third.imag, fourth.real[:, a, b], fourth.imag[:, c, d]]
