"""How training has moved weights along the eigenvectors of their final covariance.

Symbols: w_i(t) weights of neuron i, e_r eigenvectors, u_r(t) = (<w_i(t), e_r>)_i.

    a_r = ‖u_r(t)‖ / ‖u_r(0)‖,     c_r = <u_r(t), u_r(0)> / (‖u_r(t)‖ ‖u_r(0)‖)

If W_t = W_0 C^½, training only stretches: c_r = 1 and a_r² = λ_r.

Reference: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, eq. 18.
"""

from typing import NamedTuple

from torch import Tensor

from scorelet.analysis.weight_covariance.spectrum import coordinates
from scorelet.core.errors import InputError


class Movement(NamedTuple):
    """Of each eigenvector, (r,).

    Attributes:
        amplification: a; infinite where weights were 0 at the start, NaN where they stayed 0.
        cosine: c, between -1 and 1; NaN where weights were 0 at either time.
    """

    amplification: Tensor
    cosine: Tensor


def movement(before: Tensor, after: Tensor, basis: Tensor) -> Movement:
    """Return a_r and c_r.

    Args:
        before, after: weights (n, d) of the same neurons.
        basis: eigenvectors (d, r) as columns.

    Raises:
        InputError: other shapes.
    """
    if before.shape != after.shape:
        raise InputError(
            f"Weights have shapes {tuple(before.shape)} and {tuple(after.shape)}: expected the "
            "same neurons at two times."
        )
    start, end = coordinates(before, basis), coordinates(after, basis)
    norms = start.norm(dim=0), end.norm(dim=0)
    inner = (end * start.conj()).sum(0).real
    return Movement(norms[1] / norms[0], inner / (norms[0] * norms[1]))
