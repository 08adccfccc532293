"""Linear classification by least squares with a penalty, in closed form, from moments only.

Symbols: x features, (d), standardised: z = (x - mean) / deviation; y = +1 for the class of x and
-1 for the others, (k); n examples; W, b:

    minimise  sum ‖W z + b - y‖² + n λ ‖W‖²      W = Y Zᵀ (Z Zᵀ + n λ I)⁻¹,    b = mean of y

Moments are sums over examples, so a set of any size is read in pieces and needs d² numbers, not
n d. There is no iteration, hence no seed, no rate and no stopping.

Reference: Hoerl, Kennard, Technometrics 1970; with +-1 as targets it is Fisher's discriminant for
two classes (Bishop, Pattern Recognition and Machine Learning, 2006, section 4.1.5).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from scorelet.core.errors import InputError

Features = Float[Tensor, "example feature"]
Labels = Int[Tensor, " example"]

_CONSTANT = 1e-7  # deviation over root mean square: what a constant feature has by rounding


@dataclass(frozen=True)
class LinearHead:
    """A linear classifier.

    Attributes:
        weight: (class, feature), float64.
        bias: (class), float64.
    """

    weight: Float[Tensor, "label feature"]
    bias: Float[Tensor, " label"]

    def scores(self, x: Features) -> Float[Tensor, "example label"]:
        """Return W z + b of features x, (example, feature)."""
        return x.to(self.weight) @ self.weight.T + self.bias

    def classify(self, x: Features) -> Labels:
        """Return the class of the largest score of each example."""
        return self.scores(x).argmax(1)


class RidgeMoments:
    """Sums over labelled examples, from which a classifier is solved for.

    Args:
        features: d.
        classes: k, at least 2.
    """

    def __init__(self, features: int, classes: int) -> None:
        self.count = 0
        self._sum = torch.zeros(features, dtype=torch.float64)
        self._products = torch.zeros(features, features, dtype=torch.float64)
        self._by_class = torch.zeros(classes, features, dtype=torch.float64)
        self._counts = torch.zeros(classes, dtype=torch.float64)

    def add(self, x: Features, y: Labels) -> None:
        """Take examples in.

        Args:
            x: (example, feature).
            y: their classes, 0 to k - 1.

        Raises:
            InputError: a label out of range, or features that are not finite.
        """
        if y.numel() and not 0 <= int(y.min()) <= int(y.max()) < len(self._counts):
            raise InputError(
                f"Labels are {int(y.min())} to {int(y.max())}: expected 0 to "
                f"{len(self._counts) - 1}."
            )
        if not bool(x.isfinite().all()):
            raise InputError("Some features are not finite: expected finite numbers.")
        values = x.double()
        self.count += len(x)
        self._sum += values.sum(0)
        self._products.addmm_(values.T, values)
        self._by_class.index_add_(0, y, values)
        self._counts += torch.bincount(y, minlength=len(self._counts))

    def solve(self, penalties: Iterable[int | float]) -> list[LinearHead]:
        """Return one classifier for each penalty λ > 0.

        Raises:
            InputError: fewer than two examples, or a penalty that is not positive.
        """
        if self.count < 2:
            raise InputError(f"Got {self.count} examples: a classifier needs at least 2.")
        mean = self._sum / self.count
        covariance = (self._products / self.count).addr_(mean, mean, alpha=-1)
        deviation = covariance.diagonal().clamp(min=0).sqrt()
        size = (self._products.diagonal() / self.count).sqrt()
        scale = torch.where(deviation > _CONSTANT * size, 1 / deviation, 0)
        covariance.mul_(scale).mul_(scale[:, None])  # of z
        bias = 2 * self._counts / self.count - 1  # mean of y
        target = 2 * (self._by_class - self._counts[:, None] * mean) / self.count * scale
        return [_solved(covariance, target, mean, scale, bias, value) for value in penalties]


def _solved(
    covariance: Tensor,
    target: Tensor,
    mean: Tensor,
    scale: Tensor,
    bias: Tensor,
    penalty: int | float,
) -> LinearHead:
    if not penalty > 0:
        raise InputError(f"The penalty is {penalty}: expected a positive number.")
    matrix = covariance.clone()
    matrix.diagonal().add_(penalty)
    weight = torch.cholesky_solve(target.T, torch.linalg.cholesky(matrix)).T * scale
    return LinearHead(weight, bias - weight @ mean)
