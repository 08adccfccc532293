"""Are fields copies? Distances to the nearest field of a training set.

Symbols: d(y, A) = min over x in A of |y - x| / sqrt(N). If fields y are new draws from the law of
the training set A, their d(y, A) are like the d(x, A without x).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.field_statistics.fields import prepare
from scorelet.core.errors import InputError
from scorelet.core.typing import Fields


@dataclass(frozen=True)
class NearestNeighbours:
    """Root-mean-square distances per pixel, in the unit of the fields.

    Attributes:
        to_data: from each field that is examined to the nearest of the data, (m).
        among_data: from each field of the data to the nearest other one, (n).
        pairs: all distances, (n + m, n + m), data first.
    """

    to_data: Float[Tensor, " m"]
    among_data: Float[Tensor, " n"]
    pairs: Float[Tensor, "all all"]

    @property
    def ratio(self) -> float:
        """Median distance to the data over the median distance among the data."""
        return float(self.to_data.median() / self.among_data.median())

    @property
    def copies(self) -> int:
        """How many examined fields lie within half the least distance among the data."""
        return int((self.to_data < self.among_data.min() / 2).sum())


def nearest_neighbours(fields: Tensor, data: Tensor) -> NearestNeighbours:
    """Measure how far `fields` lie from `data`.

    Args:
        fields: what may be copies, (m, h, w) or (m, 1, h, w).
        data: what may have been copied, at least two fields of the same size.

    Raises:
        InputError: different sizes, or a single field of data.
    """
    made, data = prepare(fields, "hann"), prepare(data, "hann")
    if made.shape[1:] != data.shape[1:]:
        raise InputError(
            f"Fields have {made.shape[1]}x{made.shape[2]} pixels, data {data.shape[1]}x"
            f"{data.shape[2]}: expected one size; crop or average the larger ones."
        )
    if len(data) < 2:
        raise InputError("There is one field of data: expected at least two to compare among them.")
    pairs = _distances(torch.cat([data, made.to(data)]))
    n = len(data)
    among = pairs[:n, :n].clone().fill_diagonal_(torch.inf)
    return NearestNeighbours(pairs[n:, :n].min(1).values, among.min(1).values, pairs)


def _distances(x: Fields) -> Tensor:
    """Root-mean-square distances; exact near zero, where a difference of products is not."""
    rows = x.flatten(1).double()  # squares of float32 may be out of range
    rows = rows - rows.mean()
    squares = rows.square().sum(1)
    pairs = squares[:, None] + squares[None, :] - 2 * (rows @ rows.T)
    for i, j in (pairs < 1e-4 * squares.mean()).triu(1).nonzero().tolist():
        pairs[i, j] = pairs[j, i] = (rows[i] - rows[j]).square().sum()
    return (pairs.clamp(min=0).fill_diagonal_(0) / rows.shape[1]).sqrt().cpu()
