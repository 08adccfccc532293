"""How good a classifier is: accuracy and its error, confusion, likelihood, calibration.

Symbols: n pictures, K classes, z logits (n, K), p = softmax(z), y true classes (n,).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Labels, Logits


def accuracy(logits: Logits, labels: Labels) -> float:
    """Return the share of pictures whose largest logit is that of their class, in [0, 1].

    Raises:
        InputError: no pictures, or labels that are none of the K classes.
    """
    labels = _checked(logits, labels)
    return float((logits.argmax(1) == labels).double().mean())


def binomial_error(share: float, count: int) -> float:
    """Return the standard error √(a (1 - a) / n) of a share `a` of `count` independent trials.

    At 0 and 1 the formula would claim certainty; there it is taken at the share (c + 1/2)/(n + 1),
    which adds half a trial of each kind.
    """
    if count < 1:
        raise InputError(f"A share of {count} trials has no error: give at least one.")
    if share in (0.0, 1.0):
        share = (share * count + 0.5) / (count + 1)
    return math.sqrt(share * (1 - share) / count)


def top_accuracy(logits: Logits, labels: Labels, *, k: int) -> float:
    """Return the share of pictures whose class is among their `k` largest logits, in [0, 1].

    Raises:
        InputError: as `accuracy`, or k not between 1 and K.
    """
    labels = _checked(logits, labels)
    if not 1 <= k <= logits.shape[1]:
        raise InputError(f"k is {k}: it must lie between 1 and {logits.shape[1]}, the classes.")
    return float((logits.topk(k, 1).indices == labels[:, None]).any(1).double().mean())


def confusion(logits: Logits, labels: Labels) -> Int[Tensor, "classes classes"]:
    """Return how many pictures of class i (row) were taken for class j (column).

    Raises:
        InputError: as `accuracy`.
    """
    labels = _checked(logits, labels)
    classes = logits.shape[1]
    pairs = labels * classes + logits.argmax(1)
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def negative_log_likelihood(logits: Logits, labels: Labels) -> float:
    """Return the mean of -log p_y over the pictures, in nats; log K for a blind guess.

    Raises:
        InputError: as `accuracy`.
    """
    labels = _checked(logits, labels)
    return float(F.cross_entropy(logits.double(), labels))


@dataclass(frozen=True)
class Bin:
    """Pictures of one interval of confidence, max p.

    Attributes:
        low, high: the interval (low, high]; the first one holds 0, too.
        pictures: how many there are, at least one.
        confidence, accuracy: their means, equal up to chance where a classifier is calibrated.
    """

    low: float
    high: float
    pictures: int
    confidence: float
    accuracy: float


def reliability(logits: Logits, labels: Labels, *, bins: int = 15) -> list[Bin]:
    """Return accuracy by confidence, of `bins` equal intervals those that have pictures.

    Raises:
        InputError: as `accuracy`, or no bins.
    """
    labels = _checked(logits, labels)
    if bins < 1:
        raise InputError(f"bins is {bins}: it must be at least 1.")
    confidence, guess = logits.double().softmax(1).max(1)
    hits = (guess == labels).double()
    place = (confidence * bins).ceil().long().clamp(1, bins) - 1
    found = []
    for number in place.unique().tolist():
        own = place == number
        means = float(confidence[own].mean()), float(hits[own].mean())
        found.append(Bin(number / bins, (number + 1) / bins, int(own.sum()), *means))
    return found


def calibration_error(logits: Logits, labels: Labels, *, bins: int = 15) -> float:
    """Return the expected calibration error Σ_b (n_b/n) |accuracy_b - confidence_b|, in [0, 1].

    Bins are those of `reliability`. For few pictures it is biased upwards: each bin's accuracy has
    an error of its own.

    Raises:
        InputError: as `accuracy`, or no bins.

    References:
        Guo, Pleiss, Sun, Weinberger, ICML 2017, arXiv 1706.04599, equation 3.
    """
    found = reliability(logits, labels, bins=bins)
    return sum(b.pictures * abs(b.accuracy - b.confidence) for b in found) / len(labels)


def _checked(logits: Tensor, labels: Tensor) -> Tensor:
    """Return labels that can be computed with: 256 is none of uint8."""
    if not len(labels):
        raise InputError("There are no pictures to measure a classifier on: give at least one.")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= logits.shape[1]:
        raise InputError(
            f"Labels lie between {low} and {high}, but the classifier knows {logits.shape[1]} "
            f"classes, 0 to {logits.shape[1] - 1}: use data with its classes."
        )
    return labels.long()
