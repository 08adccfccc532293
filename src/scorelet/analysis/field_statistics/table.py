"""The table of statistics: names, functions, Gaussian references.

A new statistic is a function with the signature of `Measure` in a file of its own, and a line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from scorelet.analysis.field_statistics.bispectrum import bispectrum, gaussian_bispectrum
from scorelet.analysis.field_statistics.critical import critical, gaussian_critical
from scorelet.analysis.field_statistics.increments import (
    flatness,
    gaussian_flatness,
    gaussian_structure,
    structure_functions,
)
from scorelet.analysis.field_statistics.marginal import (
    gaussian_marginal,
    gaussian_moments,
    gaussian_quantiles,
    marginal,
    moments,
    quantiles,
)
from scorelet.analysis.field_statistics.minkowski import gaussian_minkowski, minkowski
from scorelet.analysis.field_statistics.peaks import PEAKS_NOTE, gaussian_peaks, peaks
from scorelet.analysis.field_statistics.scattering import measure_by
from scorelet.analysis.field_statistics.spectra import (
    covariance_spectrum,
    power_map,
    power_spectrum,
    two_point,
)
from scorelet.analysis.field_statistics.statistic import Statistic
from scorelet.core.errors import InputError
from scorelet.wavelets import scattering_covariance


@runtime_checkable
class Measure(Protocol):
    """A function of fields (n, h, w) or (n, 1, h, w) that returns a statistic."""

    def __call__(
        self, x: Tensor, *, window: str = "none", like: Statistic | None = None
    ) -> Statistic:
        """Measure x; `like` lends bins and units, so that two sets can be compared."""
        ...


Spectrum = Callable[..., Tensor]
"""`covariance_spectrum` or `power_map`: function of fields and a window."""
Reference = Callable[[Tensor, Statistic], Tensor]
"""Function of a power map (h, w) and a measured statistic: the values of a Gaussian field."""


@dataclass(frozen=True)
class StatisticKind:
    """A line of the table.

    Attributes:
        title: for people.
        measure: the function.
        gaussian_reference: the values of a Gaussian field of given power; None for second moments,
            which are those of that field by definition.
        log: whether values are best drawn on a logarithmic scale.
        note: for people who read a figure with that reference: how far it is off, if it is.
        spectrum: of which power the reference is: what fields that were cut out have inside, or
            what they have as wholes.
    """

    title: str
    measure: Measure
    gaussian_reference: Reference | None = None
    log: bool = False
    note: str = ""
    spectrum: Spectrum = covariance_spectrum


STATISTICS: dict[str, StatisticKind] = {
    "power": StatisticKind("Power spectrum", power_spectrum, log=True),
    "two_point": StatisticKind("Two-point function", two_point),
    "marginal": StatisticKind("Marginal", marginal, gaussian_marginal, log=True),
    "quantiles": StatisticKind("Quantiles", quantiles, gaussian_quantiles),
    "moments": StatisticKind("Moments", moments, gaussian_moments),
    "structure": StatisticKind(
        "Structure functions", structure_functions, gaussian_structure, log=True
    ),
    "flatness": StatisticKind("Flatness of increments", flatness, gaussian_flatness),
    "bispectrum": StatisticKind("Bispectrum", bispectrum, gaussian_bispectrum),
    "minkowski": StatisticKind("Minkowski functionals", minkowski, gaussian_minkowski),
    "peaks": StatisticKind("Peaks and minima", peaks, gaussian_peaks, note=PEAKS_NOTE),
    "critical": StatisticKind(
        "Critical quantities", critical, gaussian_critical, spectrum=power_map
    ),
    "scattering": StatisticKind("Scattering covariance", measure_by(scattering_covariance)),
}


def spectra(x: Tensor, *, window: str) -> dict[Spectrum, Tensor]:
    """Return every `StatisticKind.spectrum` of fields."""
    kinds: tuple[Spectrum, ...] = covariance_spectrum, power_map
    return {kind: kind(x, window=window) for kind in kinds}


def gaussian_reference(power: Tensor, statistic: Statistic) -> Tensor | None:
    """Return what `statistic` would be for a Gaussian field, (curve, point); None if not known.

    That of peaks is the law of isotropic fields in the continuum, 2 to 5 % above what an isotropic
    Gaussian field on a grid has. The others need no isotropy.

    Args:
        power: from `power_map`, or of fields that were cut out from the `spectrum` of the kind.
        statistic: gives the axis and the bins.

    Raises:
        InputError: no power map, or one without power.
    """
    good = power.ndim == 2 and bool(power.isfinite().all()) and power.mean() > 0
    if not good:
        raise InputError(
            f"The power has the shape {tuple(power.shape)}: expected (height, width), finite and "
            "positive in the mean, as power_map and covariance_spectrum return it."
        )
    reference = STATISTICS[statistic.name].gaussian_reference
    return None if reference is None else reference(power.to(torch.float64), statistic)
