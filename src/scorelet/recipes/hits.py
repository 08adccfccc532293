"""Which test pictures a classifier got right, and accuracies with errors that know of pairs.

Symbols: h_{s,i} = 1 if the classifier of seed s is right about picture i, else 0; n pictures, S
seeds. Two classifiers that met the same pictures are compared picture by picture:

    d = mean of d_{s,i},    error² = var_i(mean_s d_{s,i}) / n + var_s(mean_i d_{s,i}) / S,

d_{s,i} the difference of their hits. The second part, of one seed, is not known and left out; a
difference that is small has to come from several seeds, see `contrasts`. Of two classifiers with
different numbers of seeds the first seeds of both are compared. Where the spread of three seeds
leads, chance exceeds two errors in one case of seven, not of twenty.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.recipes.claims import Measured

Hits = Float[Tensor, "seed picture"]
Seeds = Float[Tensor, "_ picture"]
"""Hits of classifiers that may have different numbers of seeds."""


def packed(hits: Float[Tensor, " picture"]) -> str:
    """Write hits as a hexadecimal number with a leading 1, for JSON."""
    return hex(int("1" + "".join(str(int(hit)) for hit in hits), 2))


def unpacked(text: str) -> Float[Tensor, " picture"]:
    """Return what `packed` was given."""
    return torch.tensor([float(digit) for digit in bin(int(text, 16))[3:]], dtype=torch.float64)


def accuracy(hits: Hits) -> Measured:
    """Return the accuracy in percent."""
    return mean_of(100 * hits)


def gain(a: Seeds, b: Seeds) -> Measured:
    """Return the accuracy of a less that of b, in points."""
    return mean_of(100 * sum_of([a], [b]))


def sum_of(plus: Sequence[Seeds], minus: Sequence[Seeds]) -> Float[Tensor, "seed picture"]:
    """Return the sum of `plus` less that of `minus`, of the seeds that all of them have."""
    seeds = min(len(hits) for hits in (*plus, *minus))
    parts = [hits[:seeds] for hits in plus] + [-hits[:seeds] for hits in minus]
    return torch.stack(parts).sum(0)


def error_factor(a: Seeds, b: Seeds) -> Measured:
    """Return the error of b over the error of a."""
    seeds = min(len(a), len(b))
    return quotient(1 - b[:seeds], 1 - a[:seeds])


def quotient(a: Float[Tensor, "seed item"], b: Float[Tensor, "seed item"]) -> Measured:
    """Return mean(a) / mean(b) with its error to first order; nan where mean(b) is no more than 0.

    Where a few items are most of both means, as of classes that are almost certain, the error is
    too small.

    Args:
        a, b: of the same seeds and the same independent items: pictures, or parts of a test set.
    """
    below = b.mean()
    if below <= 0:
        return Measured(float("nan"))
    factor = a.mean() / below
    spread = mean_of((a - factor * b) / below)
    return Measured(float(factor), spread.error, spread.note)


def mean_of(values: Float[Tensor, "seed item"]) -> Measured:
    """Return the mean, with the error of items and seeds, see the top; nan of one item."""
    seeds, items = values.shape
    variance = values.mean(0).var() / items if items > 1 else values.new_tensor(torch.nan)
    if seeds > 1:
        variance = variance + values.mean(1).var() / seeds
    note = "one seed" if seeds == 1 else f"{seeds} seeds"
    return Measured(float(values.mean()), float(variance.sqrt()), note)


def mean_of_all(values: Float[Tensor, " item"]) -> Measured:
    """Return the mean of independent values with its error, s / √n; of one, without."""
    mean = float(values.mean())
    if len(values) < 2:
        return Measured(mean)
    return Measured(mean, float(values.std()) / len(values) ** 0.5)
