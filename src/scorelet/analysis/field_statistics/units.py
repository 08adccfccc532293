"""Statistics in a unit of length of the user's own, instead of pixels and cycles per side.

Symbols: a, side of a pixel in that unit; L, the shorter side; n, cycles in L; X, orthonormal
Fourier transform of x less its mean.

    k = 2 pi n / L        in radians per unit
    P(k) = a^2 E |X|^2    = E |integral x exp(-i k r) d^2r|^2 / area

so that the variance of a pixel is the integral P d^2k / (2 pi)^2. White noise has P = a^2 times its
variance.
"""

import math
from dataclasses import replace

from torch import Tensor

from scorelet.analysis.field_statistics.statistic import Statistic
from scorelet.core.errors import InputError


def in_units(statistic: Statistic, spacing: float, side: int) -> Statistic:
    """Return a statistic with |k| in radians per unit, distances in units, and P as a density.

    Whatever has neither is as it was: heights, thresholds, counts and lengths per pixel.

    Args:
        statistic: as it was measured.
        spacing: side of a pixel in the unit.
        side: the shorter side of the fields in pixels.

    Raises:
        InputError: a spacing that is not above 0, or not finite.
    """
    if not 0 < spacing < math.inf:
        raise InputError(
            f"spacing is {spacing}: expected the side of a pixel in a unit of length, above 0."
        )
    axis = statistic.axis
    if axis.unit == "pixels":
        axis = replace(axis, x=spacing * axis.x, unit="unit")
    elif axis.unit == "cycles per side":
        axis = replace(axis, x=2 * math.pi / (spacing * side) * axis.x, unit="radians / unit")
    if statistic.name != "power":
        return replace(statistic, axis=axis)
    area, sample = spacing**2, statistic.sample

    def finish(mean: Tensor) -> Tensor:
        return area * sample.finish(mean)

    return replace(
        statistic,
        axis=axis,
        values=area * statistic.values,
        errors=area * statistic.errors,
        unit="[x]^2 unit^2",
        sample=replace(sample, finish=finish),
    )
