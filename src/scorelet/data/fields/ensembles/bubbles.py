"""Bubbles: shot noise whose density is modulated by a random field."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.checks import check_number, check_positive
from scorelet.data.fields.ensembles.grids import filter_field, squared_frequency, unit_variance


@dataclass(frozen=True)
class Bubbles(IndexedEnsemble):
    """x = sum over bubbles of a disc of height 1 about a random pixel: a Cox process, filtered.

    The number of centres in a pixel is Poisson with the mean density exp(g - contrast^2 / 2), g a
    Gaussian field of deviation `contrast` and spectrum c / ((2 pi / length)^4 + |w|^4). With the
    transform h of the disc and xi_g the covariance of g,

        P(w) = |h(w)|^2 (density + density^2 sum_r (exp(xi_g(r)) - 1) exp(-i w r))

    Args:
        density: mean number of bubbles per pixel, positive.
        radius: of a bubble in pixels, positive; its edge is a ramp of one pixel.
        contrast: at least 0; 0 is the Poisson process.
        length: scale of the clusters in pixels, positive.
    """

    name: ClassVar[str] = "bubbles"
    formula: ClassVar[str] = "sum of discs about points of a log-Gaussian Cox process"
    reference: ClassVar[str] = "Moller, Syversveen, Waagepetersen 1998"

    density: float = 0.01
    radius: float = 3.0
    contrast: float = 1.0
    length: float = 16.0

    def __post_init__(self) -> None:
        """Raise InputError for an impossible parameter."""
        check_positive(density=self.density, radius=self.radius, length=self.length)
        check_number("contrast", self.contrast, low=0)

    def mean(self, size: int) -> float:
        """Return E x = density times the sum of a bubble."""
        self._check_size(size)
        return self.density * float(self._bubble(size).sum())

    def _draw(self, size: int, rng: Generator) -> Tensor:
        white = torch.randn(size, size, generator=rng, dtype=torch.float64)
        g = filter_field(white, self._modulation(size).sqrt())
        counts = torch.poisson(self.density * (g - self.contrast**2 / 2).exp(), generator=rng)
        x = filter_field(counts, torch.fft.fft2(self._bubble(size)).real)
        return x.clamp(min=0)  # rounding of the transform

    def _power(self, size: int) -> Tensor:
        covariance = torch.fft.ifft2(self._modulation(size)).real
        clusters = torch.fft.fft2(torch.expm1(covariance)).real
        response = torch.fft.fft2(self._bubble(size)).real
        return response**2 * (self.density + self.density**2 * clusters)

    def _modulation(self, size: int) -> Tensor:
        """The spectrum of g."""
        spectrum = 1 / ((2 * math.pi / self.length) ** 4 + squared_frequency(size) ** 2)
        return self.contrast**2 * unit_variance(spectrum)

    def _bubble(self, size: int) -> Tensor:
        """A disc about pixel (0, 0), even, (L, L)."""
        grid = torch.fft.fftfreq(size, dtype=torch.float64) * size
        distance = torch.hypot(grid[:, None], grid[None, :])
        return (self.radius - distance + 0.5).clamp(0, 1)
