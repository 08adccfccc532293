"""Are two sets of fields in one unit? Deviations say it, as far as they can."""

import torch
from torch import Tensor

FAR = 20.0
"""Times by which deviations of two sets differ that are hardly in one unit."""
_MOST = 0.9  # of the values of pictures lie in [0, 1], of samples that are not clipped, too


def deviation(x: Tensor) -> float:
    """Return the standard deviation of all values of a set, in its unit."""
    return float(x.std(correction=0))


def far_apart(one: float, other: float) -> bool:
    """Whether one deviation is more than `FAR` times the other."""
    less, more = sorted((one, other))
    return more > FAR * less


def are_eight_bits(x: Tensor, unit: Tensor) -> bool:
    """Whether x, whole numbers from 0 to 255, are pictures beside others in [0, 1].

    Counts and masks, which deviate as the others do, are none.
    """
    if not deviation(x) > FAR * deviation(unit):
        return False
    least, most = x.aminmax()
    inside = int(((unit >= 0) & (unit <= 1)).sum())
    whole = bool(least >= 0 and most <= 255) and torch.equal(x, x.round())
    return whole and inside > _MOST * unit.numel()
