"""The best linear denoisers that see a window only, of stationary Gaussian fields: closed forms.

Symbols: s(u) channels of a periodic field, of which some have noise, s̃ = s + σ z there; x(u) what
is sought; W the r x r window around a place. With C the covariance of all s̃ in W, and c that of x
with them,

    x̂(u) = Σ_{w in W} k(w) s̃(u + w),      C k = c:

what a convolutional network of receptive field r can do at best, if it is linear and knows σ.

References: Kadkhodaie, Guth, Mallat, Simoncelli 2023, arXiv 2303.02984, section 2 (the window of a
local conditional model).
"""

import torch
from torch import Tensor

from scorelet.core.device import exactly
from scorelet.core.errors import InputError
from scorelet.core.plain import functions_at_work
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.conditional import beside
from scorelet.models.denoiser import Denoiser
from scorelet.models.gaussian import StationaryGaussianDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan
from scorelet.wavelets.orthogonal.packets import WaveletPacket
from scorelet.wavelets.orthogonal.spectral import GaussianLevel, gaussian_levels


class WindowedGaussianDenoiser(Denoiser):
    """The best linear estimate of a pixel from the noisy pixels of a window around it.

    Args:
        spectrum: P(k) of a periodic field of one channel and mean 0, (height, width), float64.
        window: r, odd, in pixels; at most the smaller side.

    Raises:
        InputError: another window.
    """

    needs_noise = True
    channels = (1,)

    covariance: Tensor

    def __init__(self, spectrum: Tensor, window: int) -> None:
        super().__init__()
        self.register_buffer("covariance", torch.fft.ifft2(spectrum).real[None, None])
        self.offsets = _window(window, spectrum.shape[0], spectrum.shape[1])

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        return exactly(self._mean_given, y, sigma) if len(y) else y

    def _mean_given(self, y: Image, sigma: NoiseLevel) -> Image:
        return _estimate(y, self.covariance.to(y), self.offsets, sigma, noisy=[0], sought=[0])


class WindowedDetailsDenoiser(Denoiser):
    """The best linear estimate of details from a window of noisy details and of the clean low band.

    Args:
        level: the law of one level of a field.
        window: r, odd, in pixels of that level.
        scale: G, by which details and low band are divided.

    Raises:
        InputError: another window, or a scale that is not positive.
    """

    conditional = True
    needs_cond = True
    needs_noise = True
    channels = (3,)

    covariance: Tensor

    def __init__(self, level: GaussianLevel, window: int, *, scale: float = 1.0) -> None:
        super().__init__()
        if not 0 < scale < float("inf"):
            raise InputError(f"The scale is {scale}: it must be positive.")
        self.register_buffer("covariance", _covariance(level.cross / scale**2))
        self.offsets = _window(window, level.cross.shape[0], level.cross.shape[1])

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        assert cond is not None
        low = beside(y, cond, 1)
        return exactly(self._mean_given, y, sigma, low) if len(y) else y

    def _mean_given(self, y: Image, sigma: NoiseLevel, low: Tensor) -> Image:
        seen = torch.cat([low, y], 1)
        bands = [1, 2, 3]
        return _estimate(
            seen, self.covariance.to(y), self.offsets, sigma, noisy=bands, sought=bands
        )


def windowed_cascade(
    spectrum: Tensor, wavelet: str, levels: int, window: int
) -> Multiscale[Denoiser]:
    """Return the linear local conditional model of a field: what the published networks do at best.

    The low band has its Wiener filter, details see windows; coefficients are divided by 2^j.

    Args:
        spectrum: P(k), (height, width), float64, even.
        wavelet: name of an orthogonal wavelet.
        levels: J.
        window: r, see `WindowedDetailsDenoiser`.

    Raises:
        InputError: as `gaussian_levels`, or another window.
    """
    laws, units = gaussian_levels(spectrum, wavelet, levels), Normalization("mean", levels=levels)
    scales = [units.level_scale(level) for level in range(1, levels + 1)]
    details = [
        WindowedDetailsDenoiser(law, window, scale=scale)
        for law, scale in zip(laws, scales, strict=True)
    ]
    coarse = StationaryGaussianDenoiser(laws[-1].low_spectrum / scales[-1] ** 2)
    transform = WaveletPacket(wavelet, PacketPlan.wavelet(levels))
    return Multiscale(transform, coarse, details[::-1], normalization=units)


def _estimate(
    seen: Tensor,
    covariance: Tensor,
    offsets: Tensor,
    sigma: NoiseLevel,
    *,
    noisy: list[int],
    sought: list[int],
) -> Tensor:
    """Return x̂, (batch, len(sought), height, width), of all channels s̃.

    Raises:
        InputError: images that are smaller than the window.
    """
    levels, which = _distinct(sigma)
    kernels = _kernels(covariance, offsets, levels, noisy, sought)
    height, width = seen.shape[-2:]
    if min(height, width) ** 2 < len(offsets):
        raise InputError(f"The images are {height}x{width}: smaller than the window.")
    wide = seen.new_zeros(*kernels.shape[:3], height * width)
    places = (-offsets[:, 0]) % height * width + (-offsets[:, 1]) % width  # s(u + w): correlation
    wide[..., places.to(seen.device)] = kernels
    gains = torch.fft.fft2(wide.unflatten(-1, (height, width)))[which]
    return torch.fft.ifft2(torch.einsum("btayx,bayx->btyx", gains, torch.fft.fft2(seen))).real


def _distinct(sigma: NoiseLevel) -> tuple[Tensor, Tensor]:
    """Return noise levels, and which of them each image has; transforms cannot tell equal ones."""
    if functions_at_work():
        return sigma, torch.arange(len(sigma), device=sigma.device)
    return sigma.unique(return_inverse=True)


def _kernels(
    covariance: Tensor, offsets: Tensor, levels: Tensor, noisy: list[int], sought: list[int]
) -> Tensor:
    """Return k, (level, sought, channel, place): the solutions of C k = c."""
    count, places = len(covariance), len(offsets)
    apart = offsets[:, None] - offsets
    within = covariance[:, :, apart[..., 0], apart[..., 1]]  # channel, channel, place, place
    C = within.transpose(1, 2).reshape(count * places, count * places)
    c = covariance[:, sought][:, :, offsets[:, 0], offsets[:, 1]].transpose(0, 1).flatten(1)
    noise = C.new_zeros(count, places)
    noise[noisy] = 1
    system = C + levels[:, None, None].square() * torch.diag(noise.flatten())
    return torch.linalg.solve(system, c.T).mT.unflatten(-1, (count, places))


def _covariance(cross: Tensor) -> Tensor:
    """Return E s_a(u + w) s_b(u), (channel, channel, height, width), of cross-spectra."""
    return torch.fft.ifft2(cross.movedim((-2, -1), (0, 1))).real.contiguous()


def _window(side: int, height: int, width: int) -> Tensor:
    """Return the offsets of a window, (side², 2)."""
    if side < 1 or side % 2 == 0 or side > min(height, width):
        raise InputError(
            f"The window has {side} pixels a side: expected an odd number, at most "
            f"{min(height, width)}."
        )
    line = torch.arange(side) - side // 2
    return torch.cartesian_prod(line, line)
