"""The largest eigenvalues of a symmetric S by products S v, with all copies of equal ones.

The search is ARPACK's, by `scipy.sparse.linalg`: implicitly restarted Lanczos. From one start it
meets one vector of each eigenspace, others by rounding only, and maps with symmetries, as blurs,
have many equal eigenvalues. So looks from new random starts outside of the vectors found follow,
until what they meet is no larger than the least that was found.

References: Lehoucq, Sorensen, Yang 1998.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from scorelet.core.errors import InputError

Product = Callable[[np.ndarray], np.ndarray]
Draw = Callable[[], np.ndarray]
_MOST_RESTARTS = 300
_STARTS = 10
"""Random starts of one search: in maps with few different eigenvalues some break down."""
_LOOSE = 0.02
"""Residual of what a look meets at most, as a share of the least value found."""


class Pairs(NamedTuple):
    """Eigenvalues, descending, and unit vectors as columns."""

    values: np.ndarray
    columns: np.ndarray


def largest(product: Product, draw: Draw, k: int, tolerance: float) -> Pairs:
    """Return the k largest.

    Where the product is 0 for a random vector it is 0 for all: any will do.

    Args:
        product: v -> S v, of vectors (d,); |S v| is about |v| for random v, as what ARPACK takes
            for converged has a floor, eps^(2/3).
        draw: gives a random start (d,).
        k: how many, less than d.
        tolerance: residuals at most, as shares of the eigenvalues.

    Raises:
        InputError: they do not converge, or searches from several starts break down.
    """
    start, scale = draw(), 0.0

    def noted(v: np.ndarray) -> np.ndarray:
        nonlocal scale
        moved = product(v)
        scale = max(scale, float(np.linalg.norm(moved) / np.linalg.norm(v)))
        return moved

    if not noted(start).any():
        return Pairs(np.zeros(k), np.eye(len(start), k, dtype=start.dtype))
    found = _search(noted, draw, k, tolerance)
    while True:
        top = _met(noted, found, draw, 1, _slack(found, max(_LOOSE, tolerance), scale), scale)
        if top.values[0] <= found.values[-1] + _slack(found, tolerance, scale):
            return found
        count = min(k // 2 + 1, len(start) - 1)
        more = _met(noted, found, draw, count, _slack(found, tolerance, scale), scale)
        found = _merged(found, more)


def _met(
    product: Product, found: Pairs, draw: Draw, k: int, residual: float, scale: float
) -> Pairs:
    """Return the k largest outside of the vectors found, to a residual.

    They are searched of S + 2 scale, with 0 along the vectors found.

    Args:
        product, draw, k: as in `largest`.
        found: the pairs so far.
        residual: at most.
        scale: of S, by the products so far.
    """
    shift = 2 * scale
    down = (found.values + shift)[:, None] * found.columns.T

    def outside(v: np.ndarray) -> np.ndarray:
        return product(v) + shift * v - (found.columns @ (down @ v)).astype(v.dtype)

    met = _search(outside, draw, k, residual / (shift + float(found.values[-1])))
    return Pairs(met.values - shift, met.columns)


def _slack(found: Pairs, share: float, scale: float) -> float:
    """Return a share of the least value found, and what rounding makes of 0 at least."""
    rounding = 100 * float(np.finfo(found.columns.dtype).eps) * scale
    return max(share * abs(float(found.values[-1])), rounding)


def _merged(found: Pairs, more: Pairs) -> Pairs:
    """Return as many as were found: the largest of both, orthonormal."""
    values = np.concatenate([found.values, more.values])
    best = np.argsort(-values)[: len(found.values)]
    columns = np.concatenate([found.columns, more.columns], axis=1)[:, best]
    return Pairs(values[best], np.linalg.qr(columns)[0])


def _search(product: Product, draw: Draw, k: int, tolerance: float) -> Pairs:
    from scipy.sparse.linalg import ArpackError, ArpackNoConvergence

    for _ in range(_STARTS):
        try:
            return _from_start(product, draw(), k, tolerance)
        except ArpackNoConvergence as error:
            raise InputError(
                f"Not all eigenvectors were found within {_MOST_RESTARTS} restarts: give a larger "
                "tolerance, or a smaller k."
            ) from error
        except ArpackError as error:
            broken = error
    raise InputError(
        f"Searches for {k} eigenvectors broke down from each of {_STARTS} random starts, as "
        "happens where a map has few different factors: give a smaller k, or take the method full "
        "for a small y."
    ) from broken


def _from_start(product: Product, start: np.ndarray, k: int, tolerance: float) -> Pairs:
    from scipy.sparse.linalg import LinearOperator, eigsh

    class Operator(LinearOperator):
        def _matvec(self, x: np.ndarray) -> np.ndarray:
            return product(x.reshape(-1))

    operator = Operator(start.dtype, (len(start), len(start)))
    values, columns = eigsh(
        operator, k, which="LA", v0=start, tol=tolerance, maxiter=_MOST_RESTARTS
    )
    return Pairs(values[::-1], columns[:, ::-1])
