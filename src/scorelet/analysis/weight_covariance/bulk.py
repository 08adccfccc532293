"""The bulk of a spectrum: with which variance weights began, if most directions learned nothing.

Symbols: λ eigenvalues of the empirical covariance, in units of the variance that the constructor of
the layer draws; v the variance of the bulk in that unit; n neurons, d inputs, γ = d / n.

v is 1 where weights began as they were drawn. By chance log v has a standard deviation of
3 / √(n d) or less (2.0 to 3.1 over √(n d) in random layers of 8 x 8 to 128 x 128), so that

    |log v| > log 1.25                   where min(n, d) >= 30 and n d >= 64²,
    |log v| > log 1.25 + 3 · 3 / √(n d)  in smaller layers

is more than chance. A layer that has learned all directions is off, too, and has no bulk.

Reference: Gavish, Donoho, IEEE Transactions on Information Theory 2014, section III.E.
"""

import math

import torch

from scorelet.analysis.weight_covariance.learned import bulk_edges
from scorelet.analysis.weight_covariance.spectrum import Spectrum

_ENOUGH, _WEIGHTS = 30, 64 * 64
_OFF, _DEVIATION, _DEVIATIONS = math.log(1.25), 3.0, 3.0
_ROUNDING = 1e-12  # of the largest eigenvalue, which goes as the square of weights


def bulk_variance(spectrum: Spectrum) -> float:
    """Return v: the median eigenvalue by that of pure noise.

    Weight decay makes it smaller than 1. Learned directions are few, so that the median hardly sees
    them. 0 where it is 0 up to the rounding of weights in single precision: half of the directions
    have no weights.
    """
    values = spectrum.values[: min(spectrum.neurons, spectrum.inputs)]
    if not values.median() > _ROUNDING * values[0]:  # torch's: of an even number the lower one
        return 0.0
    return float(values.quantile(0.5) / _median_of_noise(spectrum.gamma))


def tells_its_start(neurons: int, inputs: int) -> bool:
    """Return whether a layer is large enough for its bulk to tell how weights began."""
    return min(neurons, inputs) >= _ENOUGH and neurons * inputs >= _WEIGHTS


def is_other_start(variance: float, neurons: int, inputs: int) -> bool:
    """Return whether v is off by more than chance; that of a bulk of 0 is not known."""
    if not variance > 0:
        return False
    chance = 0.0
    if not tells_its_start(neurons, inputs):
        chance = _DEVIATIONS * _DEVIATION / (neurons * inputs) ** 0.5
    return abs(math.log(variance)) > _OFF + chance


def _median_of_noise(gamma: float, points: int = 20001) -> float:
    """The median of the eigenvalues of pure noise that are not 0 for want of neurons."""
    low, high = bulk_edges(gamma)
    angles = torch.linspace(0, torch.pi, points, dtype=torch.float64)
    places = (low + high) / 2 - (high - low) / 2 * angles.cos()  # density ~ sin² / place
    mass = (angles.sin().square() / places.clamp(min=1e-12)).cumsum(0)
    return float(places[torch.searchsorted(mass, mass[-1] / 2)])
