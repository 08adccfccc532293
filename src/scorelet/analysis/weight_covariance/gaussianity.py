"""Are the weights of a layer Gaussian, given their covariance?

Symbols: W (n, d) rows, C their covariance (of these or of more aligned networks), G = W E λ^-½ the
whitened rows in the basis of the eigenvectors. If the rows are Gaussian, entries of G are
independent N(0, 1), and the eigenvalues of Gᴴ G / n lie within the Marchenko-Pastur bulk.

A column of G is a sum of all entries of a row, so that of independent ones of any law (Laplace, ±1)
is Gaussian, too: the tests see heavy tails that a whole row shares, and columns that differ from
Gaussian ones, not the law of single weights. Where C is that of the same rows, columns have power 1
exactly, and p-values are too large: fewer than a part α of Gaussian weights have p < α.

Reference: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, section 3.3, figures 7, 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.analysis.weight_covariance.learned import bulk_edges
from scorelet.analysis.weight_covariance.spectrum import Spectrum, coordinates
from scorelet.core.errors import InputError


@dataclass(frozen=True)
class Marginal:
    """A Kolmogorov-Smirnov test of one whitened coordinate against N(0, 1).

    Attributes:
        rank: of the eigenvector, from 0.
        statistic: largest distance of the distribution functions.
        p_value: how often Gaussian weights would differ as much.
    """

    rank: int
    statistic: float
    p_value: float


def whitened(rows: Tensor, spectrum: Spectrum) -> Tensor:
    """Return G, (n, r), float64 or complex128.

    Raises:
        InputError: an eigenvalue is 0, along which nothing can be whitened.
    """
    if not bool((spectrum.values > 0).all()):
        raise InputError("Some eigenvalues are 0: keep the positive ones only.")
    return coordinates(rows, spectrum.vectors) / spectrum.values.sqrt()


def marginal_tests(white: Tensor, ranks: Sequence[int] = (0, 9, 99)) -> list[Marginal]:
    """Test coordinates of whitened rows (n, r); ranks that are not there are passed over.

    Complex numbers are tested by real and imaginary parts together, times √2.
    """
    from scipy.stats import kstest

    found = []
    for rank in ranks:
        if rank < white.shape[1]:
            column = white[:, rank]
            parts = torch.view_as_real(column).flatten() * 2**0.5 if white.is_complex() else column
            test = kstest(parts.numpy(), "norm")
            found.append(Marginal(rank, float(test.statistic), float(test.pvalue)))
    return found


def share_outside_bulk(rows: Tensor) -> float:
    """Return the share of eigenvalues of Wᴴ W / n outside [(1 - √γ)², (1 + √γ)²], γ = d / n.

    Rows must have unit variance if they are white. Eigenvalues that are 0 for want of neurons do
    not count.
    """
    neurons, inputs = rows.shape
    low, high = bulk_edges(inputs / neurons)
    values = torch.linalg.svdvals(rows.to(torch.complex128 if rows.is_complex() else torch.double))
    values = values.square() / neurons
    return float(((values < low) | (values > high)).double().mean())
