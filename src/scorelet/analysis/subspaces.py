"""How two subspaces, or two sets of directions, lie to each other.

Symbols: U (d, r) and V (d, r') orthonormal columns; the principal cosines are the singular values
of Uᵀ V.
"""

import torch
from torch import Tensor


def principal_cosines(first: Tensor, second: Tensor) -> Tensor:
    """Return the cosines of the principal angles, (min(r, r'),), descending.

    All are 1 for subspaces that contain one another; the order and signs of columns do not matter.
    Two random ones of dimension r in d have about √(r / d) in the root of their mean square.
    """
    return torch.linalg.svdvals(first.mH @ second.to(first)).clamp(max=1)


def matched_cosine(cosines: Tensor) -> float:
    """Return the mean of |cos| between two sets of directions, each with its partner.

    Directions are paired one to one so that the mean is largest: those of nearly equal eigenvalues
    may stand in another order.

    Args:
        cosines: |cos|, (r, r'), r and r' at least 1.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cosines.numpy(), maximize=True)
    return float(cosines[rows, columns].mean())
