"""Statistics of random fields, with errors over fields and Gaussian references.

Every function of `STATISTICS` takes fields (n, h, w) or (n, 1, h, w) and returns a `Statistic`.
Fields are periodic, or cut out of something larger: then ``window="hann"``.

    >>> import torch
    >>> from scorelet.analysis.field_statistics import moments
    >>> rng = torch.Generator().manual_seed(0)
    >>> kurtosis = moments(torch.randn(8, 64, 64, generator=rng)).values[0, 3]
    >>> bool(abs(kurtosis - 3) < 0.1)
    True
"""

from scorelet.analysis.field_statistics.bispectrum import bispectrum
from scorelet.analysis.field_statistics.comparison import (
    Comparison,
    compare_neighbours,
    compare_statistics,
)
from scorelet.analysis.field_statistics.control import mixtures
from scorelet.analysis.field_statistics.critical import critical
from scorelet.analysis.field_statistics.fields import NotPeriodicWarning, Window, is_periodic
from scorelet.analysis.field_statistics.increments import flatness, structure_functions
from scorelet.analysis.field_statistics.marginal import (
    marginal,
    moments,
    quantiles,
    total_variation,
)
from scorelet.analysis.field_statistics.memorisation import NearestNeighbours, nearest_neighbours
from scorelet.analysis.field_statistics.minkowski import minkowski
from scorelet.analysis.field_statistics.peaks import peaks
from scorelet.analysis.field_statistics.spectra import (
    covariance_spectrum,
    phase_randomized,
    power_map,
    power_spectrum,
    two_point,
)
from scorelet.analysis.field_statistics.statistic import (
    Axis,
    Sample,
    Statistic,
    by_chain,
    jackknife_errors,
    summarize,
)
from scorelet.analysis.field_statistics.table import (
    STATISTICS,
    Measure,
    StatisticKind,
    gaussian_reference,
)
from scorelet.analysis.field_statistics.units import in_units

__all__ = [
    "STATISTICS",
    "Axis",
    "Comparison",
    "Measure",
    "NearestNeighbours",
    "NotPeriodicWarning",
    "Sample",
    "Statistic",
    "StatisticKind",
    "Window",
    "bispectrum",
    "by_chain",
    "compare_neighbours",
    "compare_statistics",
    "covariance_spectrum",
    "critical",
    "flatness",
    "gaussian_reference",
    "in_units",
    "is_periodic",
    "jackknife_errors",
    "marginal",
    "minkowski",
    "mixtures",
    "moments",
    "nearest_neighbours",
    "peaks",
    "phase_randomized",
    "power_map",
    "power_spectrum",
    "quantiles",
    "structure_functions",
    "summarize",
    "total_variation",
    "two_point",
]
