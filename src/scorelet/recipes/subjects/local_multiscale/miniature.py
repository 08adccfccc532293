"""The argument in miniature: linear denoisers of windows, in pixels and across scales, exactly.

Gaussian fields of 32 x 32 pixels with power |k|^-p. In pixels an estimate sees r x r noisy pixels;
across two scales of Haar wavelets it sees r x r places of noisy details and of the low band, at
each level, and the 8 x 8 low band by its Wiener filter. Everything is linear and known: errors are
traces of matrices.
"""

import math
from typing import Any

import torch
from torch import Tensor

from scorelet.models import Denoiser, StationaryGaussianDenoiser
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.windowed import WindowedGaussianDenoiser, windowed_cascade
from scorelet.recipes.power_laws import power_law

SIDE, LEVELS = 32, 2
SIGMAS = (0.05, 0.1, 0.3, 1.0, 2.0)
PIXELS = (3, 5, 9, 13)
SCALES = (1, 3, 5)


def miniature(exponents: tuple[float, ...]) -> list[dict[str, Any]]:
    """Return the exact PSNR of all denoisers, by exponent and noise level."""
    rows = []
    for exponent in exponents:
        spectrum = power_law(SIDE, exponent)
        denoisers: dict[str, Denoiser] = {"all pixels": StationaryGaussianDenoiser(spectrum)}
        for window in PIXELS:
            denoisers[f"pixels {window}"] = WindowedGaussianDenoiser(spectrum, window)
        for window in SCALES:
            cascade = windowed_cascade(spectrum, "haar", LEVELS, window)
            denoisers[f"scales {window}"] = MultiscaleDenoiser(cascade)
        for sigma in SIGMAS:
            found = {name: exact_psnr(f, spectrum, sigma) for name, f in denoisers.items()}
            rows.append({"exponent": exponent, "sigma": sigma, **found})
    return rows


def exact_psnr(denoiser: Denoiser, spectrum: Tensor, sigma: float) -> float:
    """Return -10 log10 of E|f(y) - x|²/d of a linear f, for x of a spectrum and mean 0, in dB.

    With f(y) = M y the error is tr[(M - 1) C (M - 1)ᵀ + σ² M Mᵀ]/d. f commutes with shifts by 2^J
    pixels, so columns of one block say it all.
    """
    period = 2**LEVELS
    units = torch.zeros(period**2, 1, *spectrum.shape, dtype=spectrum.dtype)
    for k in range(period**2):
        units[k, 0, k // period, k % period] = 1
    root = torch.fft.ifft2(torch.fft.fft2(units) * spectrum.sqrt()).real
    bias = denoiser(root, sigma) - root
    error = bias.square().sum() + sigma**2 * denoiser(units, sigma).square().sum()
    return -10 * math.log10(float(error) / period**2)
