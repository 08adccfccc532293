"""Directions that neurons of unequal norms show though they point everywhere alike.

Symbols: w_i rows of n neurons with d inputs, t_i = |w_i|²/d up to a factor, of mean 1. If all rows
are uniform on spheres of those radii, eigenvalues of Σ t_i u_i u_iᵀ, u_i of variance 1, reach up to

    (1/n) min over x > max t of x (d + Σ t_i / (x - t_i)),

which is (1 + √γ)², γ = d / n, for equal norms. Norms of random rows differ by chance, too: of
normal ones t_i has a variance of 2/(d + 2) E t², by so much of which the t_i are drawn together.

References: Silverstein, Choi, Journal of Multivariate Analysis 1995 (the edge); Johnstone, Annals
of Statistics 2001.
"""

import torch
from torch import Tensor

from scorelet.analysis.weight_covariance.learned import bulk_edges, largest_of_noise
from scorelet.analysis.weight_covariance.spectrum import Spectrum, coordinates

_STEPS = 200


def edge_of_norms(squares: Tensor, inputs: int, *, is_complex: bool = False) -> float:
    """Return the edge of noise whose rows have these norms, by that of rows of equal norms.

    Args:
        squares: |w_i|², (n,); their scale does not matter.
        inputs: d.
        is_complex: rows are complex, whose norms differ half as much by chance.
    """
    n, d = len(squares), inputs
    t = squares.double() / squares.double().mean()
    degrees = d if is_complex else d / 2
    chance = t.square().mean() / (degrees + 1)
    spread = t.var(correction=0)
    t = 1 + (t - 1) * ((spread - chance).clamp_min(0) / spread.clamp_min(1e-300)).sqrt()
    top = t.max()
    apart = torch.logspace(-6, 3, _STEPS, dtype=torch.float64)[:, None]
    x = top * (1 + apart)
    reached = x[:, 0] * (d + (t / (x - t)).sum(1)) / n
    return float(reached.min() / bulk_edges(d / n)[1])


def seen_beyond_norms(rows: Tensor, spectrum: Spectrum, kept: int, *, known: bool) -> int:
    """Return how many of the first `kept` directions of rows are no matter of unequal norms.

    The first is one if its eigenvalue is above the edge of noise with the norms of the rows, and
    each further one if it is above that of the rows without the directions before.

    Args:
        rows: W, (n, d).
        spectrum: of them, in units of the variance of noise.
        kept: eigenvalues above the edge for equal norms.
        known: the variance of noise is; else it is that of the bulk, whose median is below the mean
            where norms differ: then noise is what is left without the directions before.
    """
    n, d = rows.shape
    along = coordinates(rows, spectrum.vectors[:, :kept]).abs().double().square()
    squares = rows.abs().double().square().sum(1)
    for k in range(kept):
        left = (squares - along[:, :k].sum(1)).clamp_min(0)
        edge = largest_of_noise(n, d) * edge_of_norms(left, d - k, is_complex=rows.is_complex())
        if not known:
            edge *= max(1.0, float(spectrum.values[k:].sum()) / (d - k))
        if spectrum.values[k] <= edge:
            return k
    return kept


def mostly_norms(kept: int, beyond: int) -> bool:
    """Return whether so many directions are a matter of norms that it is worth a word.

    All of them are, or a fifth and more than one.

    Args:
        kept: directions above the edge of noise for equal norms.
        beyond: those of them that `seen_beyond_norms` leaves.
    """
    gone = kept - beyond
    return gone > 0 and (not beyond or (gone > 1 and gone >= 0.2 * kept))
