"""Where a picture ends at black and white: what was beyond them was cut off."""

import math

from torch import Tensor

_CUT_OFF = 1e-3
"""Share of the samples at an end of the range from which on the sensor ended there: of a picture
that is stretched to the range one sample has each end."""


def ends(x: Tensor) -> tuple[float, float]:
    """Return black and white where the picture ends there, else infinite numbers."""
    low, high = (float(at.float().mean()) for at in (x <= 0, x >= 1))
    least, most = (float(value) for value in x.aminmax())
    black, white = low > _CUT_OFF and least == 0, high > _CUT_OFF and most == 1
    return (0.0 if black else -math.inf), (1.0 if white else math.inf)
