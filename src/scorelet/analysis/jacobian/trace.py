"""Traces of a Jacobian and its distance from a symmetric matrix, exact or by probes."""

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


class Traces(NamedTuple):
    """What is known of J without its eigenvectors.

    Attributes:
        trace: tr J.
        diagonal: of J, as y; by probes it is unbiased, and rough at one pixel.
        of_square: tr J².
        asymmetry: ‖J - Jᵀ‖ / ‖J‖ in Frobenius norms.
    """

    trace: Estimate
    diagonal: Tensor
    of_square: float
    asymmetry: float


def traces(products: JacobianProducts, found: Decomposition, probes: int, rng: Generator) -> Traces:
    """Return the traces of J and J², and how far J is from a symmetric matrix.

    Without the matrix all come from the same random signs v, one product with J and one with Jᵀ
    for each. The part of the trace within the span of the vectors found is exact, and the rest is
    the mean of wᵀ J w, w being v with that span taken out; J w follows from J v and from what J
    makes of the span. Norms are E |A v|² = ‖A‖², and tr J² is E <Jᵀ v, J v>.

    References: Hutchinson 1990; Meyer, Musco, Musco, Woodruff 2021, arXiv 2010.09649 (deflation).
    """
    if found.matrix is not None:
        matrix = found.matrix.double()
        gap = (matrix - matrix.mT).norm() / matrix.norm().clamp(min=1e-300)
        diagonal, square = matrix.diagonal().reshape(products.shape), (matrix * matrix.mT).sum()
        return Traces(Estimate(float(matrix.trace())), diagonal, float(square), float(gap))
    assert found.moved is not None
    basis, images = found.vectors.flatten(1), found.moved.flatten(1)
    rest = torch.zeros(probes, dtype=torch.float64)
    diagonal = (basis * images).sum(0)
    above = below = square = 0.0
    for number, v in enumerate(signs(probes, products.value, rng)):
        forth, back = products.forward(v[None]).detach(), products.transposed(v[None]).detach()
        above += float((forth - back).double().square().sum())
        below += float(forth.double().square().sum() + back.double().square().sum()) / 2
        square += float(inner(back, forth)) / probes
        within = basis @ v.flatten()
        w, moved = v.flatten() - within @ basis, forth.flatten() - within @ images
        rest[number] = inner(w[None], moved[None])[0]
        diagonal = diagonal + v.flatten() * moved / probes
    exact = float(inner(basis, images).sum())
    error = float(rest.std()) / math.sqrt(probes)
    trace = Estimate(exact + float(rest.mean()), error)
    gap = math.sqrt(above / below) if below else 0.0
    return Traces(trace, diagonal.reshape(products.shape), square, gap)
