"""The control of a comparison: Gaussian fields with the second moments of the data.

Symbols: x_j, n fields; O, an orthogonal matrix (n, n) with O 1 = 1, drawn uniformly.

Periodic fields get new phases. Fields that were cut out jump at their border: the jump is power of
|X(k)|, which new phases spread over the field, where no taper takes it away. They are mixed,

    y_i = sum_j O_ij x_j,      sum_i y_i = sum_j x_j,      sum_i y_i(u) y_i(v) = sum_j x_j(u) x_j(v)

so mean and power, however tapered, are those of the data exactly. Independent Gaussian fields of
one law have the law of their mixtures. Others become nearly Gaussian, as sums of many are: of
skewness and excess kurtosis about 3 / n is left.
"""

import torch
from torch import Generator, Tensor

from scorelet.analysis.field_statistics.fields import prepare
from scorelet.analysis.field_statistics.spectra import phase_randomized
from scorelet.core.random import randn
from scorelet.core.typing import Fields

_MOST = 256  # fields that are mixed with each other: a matrix of more costs more than it gives


def control_fields(x: Tensor, *, window: str, rng: Generator) -> Fields:
    """Return as many fields of the same power as x, with nothing else of x, see above.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        window: none draws new phases, hann mixes.
        rng: draws.
    """
    return phase_randomized(x, rng=rng) if window == "none" else mixtures(x, rng=rng)


def mixtures(x: Tensor, *, rng: Generator) -> Fields:
    """Return y_i = sum_j O_ij x_j, see above; of more than 256 fields parts are mixed.

    A part has every second field, or every third and so on, so that neighbours in a Markov chain
    or on a map are not all that is mixed.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w), periodic or not. One or two give themselves, in
            either order.
        rng: draws O.
    """
    fields = prepare(x, "hann")  # whether they are periodic does not matter here
    mixed, parts = torch.empty_like(fields), -(-len(fields) // _MOST)
    for k in range(parts):
        part = fields[k::parts].double()
        mixed[k::parts] = torch.tensordot(_orthogonal(part, rng), part, 1).to(fields.dtype)
    return mixed


def _orthogonal(x: Fields, rng: Generator) -> Tensor:
    """Return O: the polar factor of normal numbers is uniform, here on what is orthogonal to 1."""
    n = len(x)
    noise = randn((n, n), rng=rng, like=x)
    noise = noise - noise.mean(0) - noise.mean(1, keepdim=True) + noise.mean() + 1 / n
    left, _, right = torch.linalg.svd(noise)
    return left @ right
