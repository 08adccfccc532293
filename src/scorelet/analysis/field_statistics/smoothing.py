"""Smoothed fields and their derivatives, by multiplication of the Fourier transform.

Symbols: G(w) = exp(-s^2 |w|^2 / 2), Gaussian filter of width s pixels; sigma_n^2 = mean over w of
|w|^(2n) G^2 P: the variances of the smoothed field, its gradient, its Laplacian.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.field_statistics.fields import (
    by_pieces,
    frequencies,
    interior,
    mean_and_variance,
    scale_of,
)
from scorelet.core.typing import Fields, Scalar


class Derivatives(NamedTuple):
    """A smoothed field, its first and its second derivatives; y is the row, x the column."""

    value: Fields
    x: Fields
    y: Fields
    xx: Fields
    xy: Fields
    yy: Fields


class SpectralMoments(NamedTuple):
    """sigma_0, sigma_1, sigma_2."""

    value: Scalar
    gradient: Scalar
    laplacian: Scalar


def smoothed(u: Fields, width: float) -> Fields:
    """Convolve with a periodic Gaussian of standard deviation `width` pixels; 0 does nothing."""
    if width == 0:
        return u
    return torch.fft.irfft2(torch.fft.rfft2(u) * _gaussian(u, width), s=u.shape[1:])


def derivatives(u: Fields, width: float) -> Derivatives:
    """Return the derivatives per pixel of the smoothed field, exact for its trigonometric sum."""
    spectrum = torch.fft.rfft2(u) * _gaussian(u, width)
    rows, columns = frequencies(u)
    rows = torch.where(rows.abs() > 0.999 * math.pi, 0, rows)  # an odd function at its own mirror
    columns = torch.where(columns > 0.999 * math.pi, 0, columns)
    factors = (1, 1j * columns, 1j * rows, -(columns**2), -(rows * columns), -(rows**2))
    return Derivatives(*(torch.fft.irfft2(spectrum * f, s=u.shape[1:]) for f in factors))


def smoothed_scale(x: Fields, width: float, margin: int) -> Tensor:
    """Return mean and standard deviation of the smoothed fields away from the border."""
    return scale_of(by_pieces(x, lambda u: mean_and_variance(interior(smoothed(u, width), margin))))


def spectral_moments(power: Tensor, width: float) -> SpectralMoments:
    """Return the sigma_n of a power map, (h, w) in the order of `torch.fft.fftfreq`.

    Of a `covariance_spectrum` with so much below 0 that they are no moments of any field, those of
    what is above 0.
    """
    rows, columns = _map_frequencies(power)
    square = rows[:, None] ** 2 + columns[None, :] ** 2
    weighted = (-(width**2) * square).exp() * power
    squares = torch.stack([(square**n * weighted).mean() for n in range(3)])
    if not (squares > 0).all() or squares[1] ** 2 >= squares[0] * squares[2]:
        squares = torch.stack([(square**n * weighted.clamp(min=0)).mean() for n in range(3)])
    return SpectralMoments(*squares.sqrt())


def gradient_covariance(power: Tensor, width: float) -> Float[Tensor, "2 2"]:
    """Return the covariance of the gradient, row before column, of a power map as above."""
    w = torch.stack(torch.meshgrid(*_map_frequencies(power), indexing="ij")).flatten(1)
    weighted = (-(width**2) * w.square().sum(0)).exp() * power.flatten()
    found = (weighted * w) @ w.mT
    if torch.linalg.eigvalsh(found)[0] < 0:
        found = (weighted.clamp(min=0) * w) @ w.mT
    return found / power.numel()


def _map_frequencies(power: Tensor) -> list[Tensor]:
    return [2 * math.pi * torch.fft.fftfreq(n, dtype=torch.float64) for n in power.shape]


def _gaussian(u: Fields, width: float) -> Tensor:
    rows, columns = frequencies(u)
    return (-(width**2) / 2 * (rows**2 + columns**2)).exp()
