"""Which test pictures a classifier got right, and accuracies with errors that know of pairs.

Symbols: h_{s,i} = 1 if the classifier of seed s is right about picture i, else 0; n pictures, S
seeds. Two classifiers that met the same pictures are compared picture by picture:

    d = mean of d_{s,i},    error² = var_i(mean_s d_{s,i}) / n + var_s(mean_i d_{s,i}) / S,

d_{s,i} the difference of their hits. The second part, of one seed, is not known and left out.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.recipes.claims import Measured

Hits = Float[Tensor, "seed picture"]


def packed(hits: Float[Tensor, " picture"]) -> str:
    """Write hits as a hexadecimal number with a leading 1, for JSON."""
    return hex(int("1" + "".join(str(int(hit)) for hit in hits), 2))


def unpacked(text: str) -> Float[Tensor, " picture"]:
    """Return what `packed` was given."""
    return torch.tensor([float(digit) for digit in bin(int(text, 16))[3:]], dtype=torch.float64)


def accuracy(hits: Hits) -> Measured:
    """Return the accuracy in percent."""
    return _mean(100 * hits)


def gain(a: Hits, b: Hits) -> Measured:
    """Return the accuracy of a less that of b, in points."""
    return _mean(100 * (a - b))


def error_factor(a: Hits, b: Hits) -> Measured:
    """Return the error of b over the error of a, with its error to first order."""
    wrong_a, wrong_b = 1 - a.mean(0), 1 - b.mean(0)
    mean_a = wrong_a.mean()
    if not mean_a:
        return Measured(float("nan"))
    factor = wrong_b.mean() / mean_a
    spread = (wrong_b - factor * wrong_a).std() / mean_a / len(wrong_a) ** 0.5
    return Measured(float(factor), float(spread))


def _mean(values: Float[Tensor, "seed picture"]) -> Measured:
    seeds, pictures = values.shape
    variance = values.mean(0).var() / pictures
    if seeds > 1:
        variance = variance + values.mean(1).var() / seeds
    return Measured(float(values.mean()), float(variance.sqrt()))
