"""Gaussian fields with a power-law spectrum."""

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from scorelet.data.fields.ensembles.checks import check_flag, check_positive
from scorelet.data.fields.ensembles.gaussian import GaussianField
from scorelet.data.fields.ensembles.grids import squared_frequency, unit_variance


@dataclass(frozen=True)
class PowerLaw(GaussianField):
    """P(w) = c / (xi^eta + |w|^eta), xi = 2 pi / length, c such that the pixel variance is 1.

    With length = L and eta = 2 the condition number of the covariance is 1 + L^2 / 2.

    Args:
        eta: slope of the spectrum at high frequencies, positive; 2 is that of natural images.
        length: correlation length in pixels; None is the side L.
        mean_zero: no power at k = 0, so that every field has the mean 0.

    References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4.
    """

    name: ClassVar[str] = "power_law"
    formula: ClassVar[str] = "Gaussian field, P(w) = c / ((2 pi / length)^eta + |w|^eta)"

    eta: float = 2.0
    length: float | None = None
    mean_zero: bool = False

    def __post_init__(self) -> None:
        """Raise InputError for an impossible slope, length or flag."""
        check_positive(eta=self.eta)
        check_flag("mean_zero", self.mean_zero)
        if self.length is not None:
            check_positive(length=self.length)

    def _spectrum(self, size: int) -> Tensor:
        xi = 2 * math.pi / (self.length or size)
        power = 1 / (xi**self.eta + squared_frequency(size) ** (self.eta / 2))
        if self.mean_zero:
            power[0, 0] = 0
        return unit_variance(power)
