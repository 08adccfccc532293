"""White noise between two frequencies."""

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles.checks import check_number
from scorelet.data.fields.ensembles.gaussian import GaussianField
from scorelet.data.fields.ensembles.grids import squared_frequency, unit_variance


@dataclass(frozen=True)
class BandLimited(GaussianField):
    """P(w) = c for low <= |w| <= high and 0 elsewhere, c such that the pixel variance is 1.

    Energy, entropy and density are those of the subspace of the frequencies in the band.

    Args:
        low: radians per pixel, at least 0; 0 includes the mean of the field.
        high: radians per pixel, at least `low`; the corner of the spectrum is at pi sqrt(2).
    """

    name: ClassVar[str] = "band_limited"
    formula: ClassVar[str] = "Gaussian field, P(w) = c for low <= |w| <= high, else 0"

    low: float = math.pi / 8
    high: float = math.pi / 4

    def __post_init__(self) -> None:
        """Raise InputError for an impossible band."""
        check_number("low", self.low, low=0)
        check_number("high", self.high, low=self.low)

    def _check_size(self, size: int) -> None:
        super()._check_size(size)
        if not bool(self._band(size).any()):
            raise InputError(
                f"No frequency of a field of side {size} lies in [{self.low:g}, {self.high:g}] "
                "radians per pixel: widen the band or enlarge the field."
            )

    def _band(self, size: int) -> Tensor:
        squared = squared_frequency(size)
        rounding = 1e-12  # a limit that is a frequency belongs to the band
        low, high = self.low * (1 - rounding), self.high * (1 + rounding)
        return (squared >= low**2) & (squared <= high**2)

    def _spectrum(self, size: int) -> Tensor:
        return unit_variance(self._band(size).double())
