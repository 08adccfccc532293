"""The largest eigenvalues of S = (J + Jᵀ)/2 or singular values of J, dense or by Lanczos."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from scorelet.analysis.jacobian.largest import largest
from scorelet.analysis.jacobian.products import INFINITE, JacobianProducts, norms, signs
from scorelet.core.errors import InputError
from scorelet.core.progress import Progress
from scorelet.core.random import randn


@dataclass(frozen=True)
class Decomposition:
    """Values descending, with unit vectors (k, *shape).

    Attributes:
        values, vectors, left, residuals: see `JacobianBasis`.
        matrix: J, where it was computed.
        moved: J v for the vectors, where it was not.
    """

    values: Tensor
    vectors: Tensor
    left: Tensor | None
    residuals: Tensor
    matrix: Tensor | None = None
    moved: Tensor | None = None


def dense(
    matrix: Tensor, shape: tuple[int, ...], k: int | None, *, singular: bool
) -> Decomposition:
    """Decompose the whole matrix J, (d, d)."""
    if not bool(matrix.isfinite().all()):
        raise InputError(INFINITE)
    count = len(matrix) if k is None else k
    left = None
    if singular:
        u, values, v = torch.linalg.svd(matrix)
        vectors, left = v[:count], u.mT[:count]
        residuals = norms(vectors @ matrix.mT - values[:count, None] * left)
        left = left.reshape(-1, *shape)
    else:
        symmetric = (matrix + matrix.mT) / 2
        values, columns = torch.linalg.eigh(symmetric)
        values, vectors = values.flip(0), columns.mT.flip(0)[:count]
        residuals = norms(vectors @ symmetric - values[:count, None] * vectors)
    return Decomposition(
        values[:count], vectors.reshape(-1, *shape), left, residuals.to(values), matrix
    )


def iterative(
    products: JacobianProducts,
    k: int,
    *,
    singular: bool,
    tolerance: float,
    rng: Generator,
    progress: Progress | None,
) -> Decomposition:
    """Find the k largest by products only, from a random start."""
    map_ = _normal if singular else _symmetric
    scale = _scale(products, rng)

    def product(v: np.ndarray) -> np.ndarray:
        vector = torch.from_numpy(np.ascontiguousarray(v)).to(products.value)
        found = map_(products, vector.reshape(1, *products.shape), scale)
        if progress:
            progress(products.count, 0)
        if not bool(found.isfinite().all()):
            raise InputError(INFINITE)
        return found.detach().flatten().cpu().numpy()

    def draw() -> np.ndarray:
        return randn((products.size,), rng=rng, like=products.value).cpu().numpy()

    columns = largest(product, draw, k, tolerance).columns
    vectors = torch.from_numpy(columns.T.copy()).to(products.value).reshape(k, *products.shape)
    return _pairs(products, vectors) if singular else _ordered(products, vectors)


def _scale(products: JacobianProducts, rng: Generator) -> float:
    """Return |J v| / |v| of a random v, about the root mean square of the singular values."""
    v = signs(1, products.value, rng)
    scale = float(norms(products.forward(v).detach()) / products.size**0.5)
    return scale or 1.0


def _symmetric(products: JacobianProducts, vectors: Tensor, scale: float) -> Tensor:
    """S v / scale."""
    return products.symmetric(vectors) / scale


def _normal(products: JacobianProducts, vectors: Tensor, scale: float) -> Tensor:
    """JᵀJ v / scale², whose eigenvectors are the singular vectors of J on the side of y."""
    return products.transposed(products.forward(vectors) / scale) / scale


def _ordered(products: JacobianProducts, vectors: Tensor) -> Decomposition:
    """Return Rayleigh quotients, descending, and residuals."""
    forth = _one_by_one(products.forward, vectors)
    moved = (forth + _one_by_one(products.transposed, vectors)) / 2
    values = (vectors * moved).flatten(1).sum(1)
    order = values.argsort(descending=True)
    values, vectors, moved = values[order], vectors[order], moved[order]
    residuals = norms(moved.flatten(1) - values[:, None] * vectors.flatten(1))
    return Decomposition(values, vectors, None, residuals.to(values), moved=forth[order])


def _pairs(products: JacobianProducts, vectors: Tensor) -> Decomposition:
    """Return singular values |J v|, descending, and the vectors on both sides.

    Those of values that are 0 up to rounding are rounding on the other side: they are set to 0.
    """
    moved = _one_by_one(products.forward, vectors)
    values = norms(moved).to(moved)
    order = values.argsort(descending=True)
    values, vectors, moved = values[order], vectors[order], moved[order]
    rounding = torch.finfo(values.dtype).eps ** 0.5 * values[0]  # they are roots of eigenvalues
    inverse = torch.where(values > rounding, 1 / values, 0)
    left = moved * inverse.reshape(-1, *(1 for _ in products.shape))
    back = _one_by_one(products.transposed, left)
    residuals = norms(back.flatten(1) - values[:, None] * vectors.flatten(1))
    return Decomposition(values, vectors, left, residuals.to(values), moved=moved)


def _one_by_one(product, vectors: Tensor) -> Tensor:  # noqa: ANN001 - a method of products
    """Products of large images in turn: a batch of them would take the memory of all."""
    return torch.cat([product(vector[None]).detach() for vector in vectors])
