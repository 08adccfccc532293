"""Coefficients of all scales in one unit, and back: four conventions, kept in checkpoints.

Symbols: x_j and d_j low band and details of level j, as the orthogonal transform gives them.

- none: as they are; the deviation of x_j grows with j.
- scalar: x_j / G_j and d_j / G_j with G_j^2 = E |d_j|^2 per coefficient, so that normalised details
  have energy (2^n - 1) (2^-j L)^n in n dimensions. One step is gamma_j = G_j / G_{j-1}, G_0 = 1: by
  the chain rule forces multiply by G_j, Hessians by G_j^2.
- mean: x_j / 2^j and d_j / 2^j in two dimensions, without statistics: for Haar x_j are then the
  means of blocks of 2^j x 2^j pixels, with the range of the pixels. White noise σ becomes σ/2^j.
- channel: each channel of x_j, and each band of each channel of d_j, minus its mean and by its
  deviation over the data set.

x_j is the input of level j and the low band inside it, with the same statistics; what synthesis of
level j gives is x_{j-1} unnormalised, and needs the statistics of level j - 1.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4, and its code.
"""

from typing import Any

import torch
from torch import Tensor, nn

from scorelet.core.device import widened
from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.options import checked
from scorelet.wavelets.orthogonal.pyramid import Pyramid
from scorelet.wavelets.orthogonal.transform import OrthogonalWavelet, check_signal

CONVENTIONS = ("none", "scalar", "mean", "channel")

_TAPS = 1e-11  # of what is constant this share, at most, is left in details by inexact filters


class Normalization(nn.Module):
    """Statistics of every level under one convention; buffers, so a `state_dict` holds them.

    Args:
        convention: "none", "scalar", "mean" or "channel".
        levels: J.
        channels: of the pictures; 1 for fields.
        bands: detail bands of each level, 3 for pictures.

    Attributes:
        options: the constructor's arguments, for checkpoints.
        low_mean, low_scale: (J, channels), level 1 first.
        detail_mean, detail_scale: (J, channels, bands).
    """

    low_mean: Tensor
    low_scale: Tensor
    detail_mean: Tensor
    detail_scale: Tensor

    @checked
    def __init__(self, convention: str, *, levels: int, channels: int = 1, bands: int = 3) -> None:
        super().__init__()
        if convention not in CONVENTIONS:
            known = ", ".join(CONVENTIONS)
            raise InputError(f"Unknown convention {convention!r} of normalisation: use {known}.")
        if not all(is_whole(count, least=1) for count in (levels, channels, bands)):
            raise InputError(
                f"levels={levels!r}, channels={channels!r}, bands={bands!r}: use whole numbers of "
                "at least 1."
            )
        self.options: dict[str, Any] = {
            "convention": convention,
            "levels": levels,
            "channels": channels,
            "bands": bands,
        }
        for name, shape in (("low", (levels, channels)), ("detail", (levels, channels, bands))):
            self.register_buffer(f"{name}_mean", torch.zeros(shape))
            scale = torch.ones(shape)
            if convention == "mean":
                scale *= 2.0 ** torch.arange(1, levels + 1).reshape(-1, *(1 for _ in shape[1:]))
            self.register_buffer(f"{name}_scale", scale)

    def extra_repr(self) -> str:
        """Return the options, for printing."""
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items())

    @classmethod
    def fit(cls, convention: str, wavelet: OrthogonalWavelet, x: Tensor) -> "Normalization":
        """Return the statistics of pictures x, (batch, channel, height, width).

        Args:
            convention: "none", "scalar", "mean" or "channel".
            wavelet: of two dimensions; its levels are J.
            x: the data set, or enough of it.

        Raises:
            InputError: x is no batch of pictures, or a band of it varies by no more than rounding,
                or is too large for the dtype.
        """
        check_signal(x, 2)
        if x.ndim != 4 or wavelet.ndim != 2:
            raise InputError(
                f"x has shape {tuple(x.shape)} and the wavelet {wavelet.ndim} dimensions: expected "
                "(batch, channel, height, width) and 2."
            )
        fitted = cls(convention, levels=wavelet.levels, channels=x.shape[1]).to(x)
        step, x = wavelet.one_level(), widened(x.detach())
        for level in range(wavelet.levels):
            x, (detail,) = step.analyze(x)
            fitted._set_level(level, x, detail)
        return fitted

    def level_scale(self, level: int) -> float:
        """Return what low band and details of a level are divided by, where it is one number.

        White noise of level σ in x has then the level σ / `level_scale` in all of them.

        Raises:
            InputError: no such level, or bands that are divided by different numbers.
        """
        self._check_level(level)
        scales = torch.cat([self.low_scale[level - 1], self.detail_scale[level - 1].flatten()])
        if not bool((scales == scales[0]).all()):
            raise InputError(
                "Bands of one level are divided by different numbers, so that white noise is not "
                "white any more: use the convention none, scalar or mean."
            )
        return float(scales[0])

    def normalize(self, pyramid: Pyramid) -> Pyramid:
        """Return normalised coefficients: what models see."""
        low, details = pyramid
        levels = range(len(details), 0, -1)
        normal = (self.normalize_detail(d, j) for d, j in zip(details, levels, strict=True))
        return Pyramid(self.normalize_low(low, len(details)), tuple(normal))

    def unnormalize(self, pyramid: Pyramid) -> Pyramid:
        """Return coefficients that `synthesize` takes: the inverse of `normalize`."""
        low, details = pyramid
        levels = range(len(details), 0, -1)
        plain = (self.unnormalize_detail(d, j) for d, j in zip(details, levels, strict=True))
        return Pyramid(self.unnormalize_low(low, len(details)), tuple(plain))

    def normalize_low(self, low: Tensor, level: int) -> Tensor:
        """Return normalised x_j, (..., channel, h, w), j = level >= 1."""
        mean, scale = (self._at(s, level, low) for s in (self.low_mean, self.low_scale))
        return (low - mean) / scale

    def unnormalize_low(self, low: Tensor, level: int) -> Tensor:
        """Return x_j from its normalised form."""
        mean, scale = (self._at(s, level, low) for s in (self.low_mean, self.low_scale))
        return low * scale + mean

    def normalize_detail(self, detail: Tensor, level: int) -> Tensor:
        """Return normalised d_j, (..., channel, band, h, w)."""
        mean, scale = (self._at(s, level, detail) for s in (self.detail_mean, self.detail_scale))
        return (detail - mean) / scale

    def unnormalize_detail(self, detail: Tensor, level: int) -> Tensor:
        """Return d_j from its normalised form."""
        mean, scale = (self._at(s, level, detail) for s in (self.detail_mean, self.detail_scale))
        return detail * scale + mean

    def _check_level(self, level: int) -> None:
        if not 1 <= level <= len(self.low_scale):
            raise InputError(
                f"There is no level {level}: this normalisation has {len(self.low_scale)}."
            )

    def _at(self, statistics: Tensor, level: int, band: Tensor) -> Tensor:
        """Return the statistics of a level, shaped to fit a band of it."""
        self._check_level(level)
        found = statistics[level - 1][..., None, None]
        pairs = zip(reversed(found.shape), reversed(band.shape), strict=False)
        if band.ndim < 2 or any(n not in (1, m) for n, m in pairs):
            raise InputError(
                f"A band of level {level} has shape {tuple(band.shape)}: expected "
                f"(..., {', '.join(map(str, found.shape[:-2]))}, height, width)."
            )
        return found

    def _set_level(self, level: int, low: Tensor, detail: Tensor) -> None:
        """Write the statistics of one level; all channels share the scale under "scalar"."""
        convention, axes = self.options["convention"], (0, -2, -1)
        if convention not in ("scalar", "channel"):
            return
        peaks = torch.maximum(low.abs().amax(axes), detail.abs().amax((0, 2, 3, 4)))
        if convention == "scalar":
            peaks = peaks.amax()
            unit = _unit(detail.abs().amax())
            scale = unit * (detail / unit).square().mean().sqrt()
            self.low_scale[level], self.detail_scale[level] = scale, scale
        else:
            for name, band in (("low", low), ("detail", detail)):
                unit = _unit(band.abs().amax(axes, keepdim=True))
                found = torch.std_mean(band / unit, axes, correction=0, keepdim=True)
                for kind, value in zip(("scale", "mean"), found, strict=True):
                    getattr(self, f"{name}_{kind}")[level] = (unit * value)[0, ..., 0, 0]
        self._check_scales(level, (8 * torch.finfo(low.dtype).eps + _TAPS) * peaks)

    def _check_scales(self, level: int, least: Tensor) -> None:
        """Refuse scales that overflowed, or are not above `least`, one number or one a channel."""
        scales = torch.cat([self.low_scale[level][:, None], self.detail_scale[level]], 1)
        if not bool(scales.isfinite().all()):
            raise InputError(
                f"A scale of level {level + 1} is not finite in {str(scales.dtype)[6:]}: give "
                "finite pictures, in a unit in which they are smaller."
            )
        if bool((scales <= least[..., None]).any()):
            raise InputError(
                f"A band of level {level + 1} does not vary over the data by more than rounding, "
                "so it has no scale: give more pictures, or use the convention none."
            )


def _unit(peak: Tensor) -> Tensor:
    """Return a power of two near a peak: divided by it, squares neither overflow nor vanish."""
    seen = peak.clamp(min=torch.finfo(peak.dtype).tiny)
    return (torch.frexp(seen).exponent - 1).to(peak).exp2()
