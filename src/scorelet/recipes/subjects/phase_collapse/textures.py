"""Two textures whose coefficients have the mean 0: what separates them, without any learning.

Both laws are stationary and Gaussian, with the power spectra

    P(k) = (1 ± 0.6 cos 2φ(k)) / (|k| + 0.3)²,

which differ in the direction φ of a frequency k only. Wavelet coefficients of a stationary law have
the mean 0, and so has any function of them that keeps their phase.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from scorelet.analysis.fisher import fisher_ratio
from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.analysis.ridge import RidgeMoments
from scorelet.core.random import generator
from scorelet.core.typing import Image
from scorelet.networks.amplitudes import Amplitude
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.recipes.subjects.phase_collapse.settings import KEPT, Textures

FUNCTIONS = ("linear", *KEPT, "mod", "relu")
"""What the coefficients meet before a linear classifier does."""
ANISOTROPY, FLOOR = 0.6, 0.3
_ANGLES, _STEP, _PENALTY, _PIECE = 4, 4, 1e-2, 500


def separate(settings: Textures, seed: int) -> dict[str, dict[str, float | None]]:
    """Return accuracy in percent, its standard error, and Fisher ratios of each function.

    Classifiers are linear, by least squares with a penalty, on the coefficients at every fourth
    pixel.
    """
    x, y = two_textures(settings.train + settings.test, settings.side, seed)
    z = _coefficients(x)
    return {name: _measured(rectified(z, name).flatten(1), y, settings.train) for name in FUNCTIONS}


def two_textures(count: int, side: int, seed: int) -> tuple[Image, Tensor]:
    """Draw pictures (count, 1, side, side) of deviation 1 and their classes, which take turns."""
    axis = side * torch.fft.fftfreq(side, dtype=torch.float64)
    radius = torch.hypot(axis[:, None], axis[None])
    direction = torch.atan2(axis[:, None] + 0 * axis, axis[None] + 0 * axis[:, None])
    y = torch.arange(count) % 2
    sign = 1.0 - 2.0 * y[:, None, None]
    lean = torch.where(radius > 0, ANISOTROPY * (2 * direction).cos(), 0.0)
    power = (1 + sign * lean) / (radius + FLOOR) ** 2
    white = torch.randn(count, side, side, generator=generator(seed, 7), dtype=torch.float64)
    x = torch.fft.ifft2(torch.fft.fft2(white) * power.sqrt()).real
    return (x / power[:1].mean().sqrt()).float()[:, None], y


def rectified(z: Tensor, name: str) -> Tensor:
    """Return a function of coefficients z, pairs (n, angles, 2, h, w); "linear" leaves them."""
    if name == "linear":
        return z
    with torch.no_grad():
        return Amplitude(name, z.shape[1])(z)


def _coefficients(x: Image) -> Tensor:
    """Return wavelet coefficients of an octave at every fourth pixel, without the low pass."""
    layer = MorletConv2d(_ANGLES, kind="octave")  # at every second pixel
    step = _STEP // layer.stride
    return torch.cat([layer(part)[:, 0, 1:, :, ::step, ::step] for part in x.split(_PIECE)])


def _measured(features: Tensor, y: Tensor, train: int) -> dict[str, float | None]:
    moments = ClassMoments(torch.bincount(y[:train]).tolist(), features.shape[1], parts=2)
    moments.update(features[:train], y[:train])
    found = fisher_ratio(moments)
    sums = RidgeMoments(features.shape[1], 2)
    sums.add(features[:train], y[:train])
    (head,) = sums.solve([_PENALTY])
    right = float((head.classify(features[train:]) == y[train:]).double().mean())
    error = math.sqrt(right * (1 - right) / (len(y) - train))
    return {
        "accuracy": 100 * right,
        "error": 100 * error,
        "ratio": found.ratio,
        "floor": found.floor,
        "corrected": found.corrected,
    }


def clouds(settings: Textures, seed: int, *, count: int = 400) -> Mapping[str, Tensor]:
    """Return (count, angles) means over a picture: of Re z, of its soft threshold, of |z|."""
    x, _ = two_textures(count, settings.side, seed)
    z = _coefficients(x)
    return {
        "linear": z[:, :, 0].mean((-2, -1)),
        "cst": rectified(z, "cst")[:, :, 0].mean((-2, -1)),
        "mod": rectified(z, "mod").mean((-2, -1)),
    }
