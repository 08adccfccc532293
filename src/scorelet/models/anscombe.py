"""The generalised Anscombe transform and its exact unbiased inverse.

Symbols: y = a P + sqrt(b) z in physical units, P Poisson of mean x / a; in photons u = y / a,
l = x / a, s = sqrt(b) / a. The transform f(u) = 2 sqrt(max(u + 3/8 + s^2, 0)) makes the variance
nearly 1. A denoiser estimates D = E[f(u) | l]; the algebraic inverse f^-1(D) is not l.
The exact unbiased inverse is l(D), the inverse of the function l -> E[f(u) | l].

References: Makitalo, Foi 2013, Optimal inversion of the generalized Anscombe transformation for
Poisson-Gaussian noise, IEEE TIP 22, eq. 3 to 9; Anscombe 1948, The transformation
of Poisson, binomial and negative-binomial data, Biometrika 35.
"""

import math
from functools import lru_cache

import numpy as np
import torch
from scipy.special import gammaln, xlogy
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.models.sensor_noise import PoissonGaussianNoise

_TABLE_END = 200.0
"""Photons up to which the inverse is read from the table; beyond, the closed form is used."""
_NODES = 800


def anscombe(y: Tensor, noise: PoissonGaussianNoise) -> Tensor:
    """Return 2 sqrt(max(y/a + 3/8 + b/a^2, 0)), whose variance is nearly 1.

    Raises:
        InputError: a = 0: such noise is white already.
    """
    check_photons(noise)
    a, b = noise.a, noise.b
    return 2 * (y / a + 3 / 8 + b / a**2).clamp(min=0).sqrt()


def inverse_anscombe(transformed: Tensor, noise: PoissonGaussianNoise) -> Tensor:
    """Return the x for which E[f(y) | x] is `transformed`; 0 where it is less than that of x = 0.

    No gradient flows through it.

    Up to 200 photons it is interpolated in a table of E[f], which is computed by summation over the
    Poisson law and quadrature over the Gaussian at first use; beyond, it is the asymptotically
    unbiased inverse, which is less than 2e-4 photons off there for s up to 8,

        l = D^2/4 - 1/8 - s^2.

    Eq. 9 of the reference has more terms, for few photons; with many they add 0.01 photons.

    Args:
        transformed: an estimate D of E[f(y) | x].
        noise: the law of y.
    """
    check_photons(noise)
    deviation = math.sqrt(noise.b) / noise.a
    photons, expected = _table(round(deviation, 12))
    values = transformed.detach().double().cpu().numpy()
    small = np.interp(values, expected, photons)
    d = np.maximum(values, expected[-1])
    large = d**2 / 4 - 1 / 8 - deviation**2
    found = np.where(values < expected[-1], small, large)
    return noise.a * torch.from_numpy(np.asarray(found)).to(transformed)


@lru_cache(maxsize=16)
def _table(deviation: float) -> tuple[np.ndarray, np.ndarray]:
    """Return means l of 0 to `_TABLE_END` photons, and E[f(u) | l] of each; both increase."""
    photons = np.linspace(0, math.sqrt(_TABLE_END), _NODES) ** 2
    return photons, expected_anscombe(photons, deviation)


def expected_anscombe(photons: np.ndarray, deviation: float) -> np.ndarray:
    """Return E[f(u) | l] for each mean l of `photons`, u = P + s z with s = `deviation`.

    The sum over P is cut off where the Poisson law has less than 1e-12; the Gaussian integral is a
    sum over 1201 points of [-8, 8].
    """
    most = float(photons.max())
    counts = np.arange(int(most + 12 * math.sqrt(most + 1) + 12))
    nodes = np.linspace(-8, 8, 1201) if deviation else np.zeros(1)
    weights = np.exp(-(nodes**2) / 2)
    shifted = counts[:, None] + 3 / 8 + deviation**2 + deviation * nodes
    given_count = 2 * np.sqrt(np.maximum(shifted, 0)) @ (weights / weights.sum())
    mean = photons[:, None]
    law = np.exp(xlogy(counts, mean) - mean - gammaln(counts + 1))
    return law @ given_count


def check_photons(noise: PoissonGaussianNoise) -> None:
    """Refuse noise that does not depend on the signal."""
    if noise.a <= 0:
        raise InputError(
            "a is 0: the noise does not depend on the signal, and needs no transform; use the "
            "denoiser itself with sigma = sqrt(b)."
        )
