"""The trace of a Jacobian and its distance from a symmetric matrix, exact or by probes."""

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from scorelet.analysis.jacobian.eigenvectors import Decomposition
from scorelet.analysis.jacobian.products import JacobianProducts, inner, signs


class Estimate(NamedTuple):
    """A value and its standard error, 0 if it is exact."""

    value: float
    error: float = 0.0


def trace(
    products: JacobianProducts, found: Decomposition, probes: int, rng: Generator
) -> Estimate:
    """Return tr J.

    Without the matrix the part within the span of the vectors found is exact, and the rest is the
    mean of vᵀ J v over random signs v from which that span is taken out.

    References: Hutchinson 1990; Meyer, Musco, Musco, Woodruff 2021, arXiv 2010.09649 (deflation).
    """
    if found.matrix is not None:
        return Estimate(float(found.matrix.double().trace()))
    basis = found.vectors.flatten(1)
    within = float(inner(found.vectors, _applied(products, found.vectors)).sum())
    drawn = _without(signs(probes, products.value, rng), basis)
    rest = inner(drawn, _applied(products, drawn))
    return Estimate(within + float(rest.mean()), float(rest.std()) / math.sqrt(probes))


def asymmetry(
    products: JacobianProducts, found: Decomposition, probes: int, rng: Generator
) -> float:
    """Return ‖J - Jᵀ‖ / ‖J‖ in Frobenius norms, by E |A v|² = ‖A‖² for random signs v."""
    if found.matrix is not None:
        matrix = found.matrix.double()
        return float((matrix - matrix.mT).norm() / matrix.norm().clamp(min=1e-300))
    above = below = 0.0
    for v in signs(probes, products.value, rng):
        forth, back = products.forward(v[None]), products.transposed(v[None])
        above += float((forth - back).double().square().sum())
        below += float(forth.double().square().sum() + back.double().square().sum()) / 2
    return math.sqrt(above / below) if below else 0.0


def _applied(products: JacobianProducts, vectors: Tensor) -> Tensor:
    return torch.cat([products.forward(v[None]).detach() for v in vectors])


def _without(vectors: Tensor, basis: Tensor) -> Tensor:
    """Take the span of orthonormal rows out of each of (count, *shape) vectors."""
    flat = vectors.flatten(1)
    return (flat - (flat @ basis.mT) @ basis).reshape(vectors.shape)
