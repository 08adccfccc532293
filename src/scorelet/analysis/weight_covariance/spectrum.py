"""Eigenvalues and eigenvectors of the covariance of a layer's weights, by thin factors.

Symbols: W (n, d) the weights of n neurons with d inputs, C = Wᴴ W / (n v) their covariance about
zero in units of the variance v that they started with, γ = d / n, λ_k and e_k eigenvalues and
eigenvectors of C. If the population covariance is the identity, eigenvalues fill the
Marchenko-Pastur law between (1 - √γ)² and (1 + √γ)²; d - n of them are 0 where n < d.

References: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, eq. 16; Guth, Ménard 2024,
arXiv 2409.19460, eq. 3.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.options import checked

_INDEPENDENT = 1e-6  # smallest eigenvalue by the largest; above it W Wᴴ is exact to ten digits
_ROUNDING = 1e-14  # of the largest eigenvalue; below it a Gram matrix holds nothing


@dataclass(frozen=True, repr=False)
class Spectrum(Brief):
    """A covariance as V diag(λ) Vᴴ.

    Attributes:
        values: λ, (r,), float64, descending, not negative.
        vectors: V, (d, r), orthonormal columns, float64 or complex128.
        neurons: n, how many rows it was estimated from.
    """

    values: Tensor
    vectors: Tensor
    neurons: int

    @property
    def inputs(self) -> int:
        """d."""
        return self.vectors.shape[0]

    @property
    def gamma(self) -> float:
        """d / n: above 1 there are fewer neurons than inputs."""
        return self.inputs / self.neurons

    @property
    def trace(self) -> Tensor:
        """tr C."""
        return self.values.sum()

    def first(self, rank: int) -> "Spectrum":
        """Return the spectrum with its `rank` largest eigenvalues only."""
        return Spectrum(self.values[:rank], self.vectors[:, :rank], self.neurons)

    def matrix(self) -> Tensor:
        """Return C itself, (d, d)."""
        return (self.vectors * self.values) @ self.vectors.mH


@checked
def weight_spectrum(rows: Tensor, *, variance: float | int = 1.0, by: str = "auto") -> Spectrum:
    """Return the spectrum of Wᴴ W / (n v).

    Args:
        rows: W, (n, d), real or complex; rows of several aligned networks may lie below each other.
        variance: v, of a weight before training.
        by: "rows" takes singular values of W, "gram" eigenvalues of Wᴴ W, "neurons" those of W Wᴴ
            (rows must be independent); "auto" the first where n < d, else the second; "fast" is
            auto, but takes the neurons where n < d and rows are far from dependent.

    Raises:
        InputError: no matrix, numbers that are not finite, a variance that is not positive, or
            another name.
    """
    if by not in ("auto", "fast", "rows", "gram", "neurons"):
        raise InputError(f"by is {by!r}: it must be auto, fast, rows, gram or neurons.")
    if rows.ndim != 2 or not rows.numel():
        raise InputError(f"Weights have shape {tuple(rows.shape)}: expected (neurons, inputs).")
    if not bool(rows.isfinite().all()):
        raise InputError("Some weights are NaN or infinite: fetch or copy the file again.")
    if not variance > 0:
        raise InputError(f"The variance of a weight is {variance}: it must be positive.")
    neurons, inputs = rows.shape
    wide = rows.to(torch.complex128 if rows.is_complex() else torch.float64)
    scaled = wide / (neurons * variance) ** 0.5
    wider = neurons < inputs
    if by == "neurons" or (by == "fast" and wider):
        values, neurons_of = torch.linalg.eigh(scaled @ scaled.mH)
        if by == "neurons" or values[0] > _INDEPENDENT * values[-1]:
            vectors = scaled.mH @ neurons_of / values.sqrt()
            return Spectrum(values.flip(0), vectors.flip(1), neurons)
    if by == "rows" or (by != "gram" and wider):
        _, roots, adjoint = torch.linalg.svd(scaled, full_matrices=False)
        return Spectrum(roots.square(), adjoint.mH, neurons)
    values, vectors = torch.linalg.eigh(scaled.mH @ scaled)
    values, vectors = values.flip(0), vectors.flip(1)
    values = torch.where(values > _ROUNDING * values[0], values, 0.0)
    return Spectrum(values, vectors, neurons)


def coordinates(rows: Tensor, basis: Tensor) -> Tensor:
    """Return the coefficients (n, r) of rows (n, d) in an orthonormal basis (d, r)."""
    return rows.to(basis) @ basis


def clipped(rows: Tensor, basis: Tensor) -> Tensor:
    """Project rows (n, d) on the columns of a basis (d, r): W E Eᴴ; r = 0 gives zeros."""
    return (coordinates(rows, basis) @ basis.mH).to(rows)


def eigenvector_cosines(first: Spectrum, second: Spectrum) -> Tensor:
    """Return |<e_i, e'_j>|, (r, r'); two unrelated vectors have about 1/√d."""
    if first.inputs != second.inputs:
        raise InputError(
            f"Eigenvectors have {first.inputs} and {second.inputs} entries: bring the weights of "
            "one network into the coordinates of the other first."
        )
    return (first.vectors.mH @ second.vectors.to(first.vectors)).abs()
