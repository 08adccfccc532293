"""Temperature scaling: one number that divides logits, so that confidence is as often right.

Symbols: n pictures, z logits (n, K), y true classes (n,), T temperature, b = 1/T,
p = softmax(b z), E_p and Var_p of z over the classes of one picture.

    L(b)   = mean_i (log Σ_c e^{b z_c} - b z_y)          negative log-likelihood, convex
    L'(b)  = mean_i (E_p z - z_y),    L''(b) = mean_i Var_p z

T is where L' = 0. The order of the classes, and so every label, stays. T > 1: the classifier is
too sure. The error of b is (mean_i (E_p z - z_y)² / n)^(1/2) / L'', whatever the logits are.

References: Guo, Pleiss, Sun, Weinberger, ICML 2017, arXiv 1706.04599, section 4.2.
"""

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from scorelet.analysis.classification import calibration_error, negative_log_likelihood
from scorelet.core.errors import InputError
from scorelet.core.typing import Labels, Logits


@dataclass(frozen=True)
class Temperature:
    """A temperature that was fitted.

    Attributes:
        value: T.
        error: its standard error.
    """

    value: float
    error: float


@dataclass(frozen=True)
class Calibration:
    """Figures of the same pictures at one temperature.

    Attributes:
        negative_log_likelihood, calibration_error: as in `scorelet.analysis.classification`.
    """

    negative_log_likelihood: float
    calibration_error: float


@dataclass(frozen=True)
class Scaling:
    """What a temperature changes of pictures that it was not fitted on.

    Attributes:
        temperature, temperature_error: T, and its standard error.
        fitted, pictures: how many pictures it was fitted on, and how many others are measured.
        before, after: their figures, of logits z and z / T.
        gain, gain_error: likelihood that is gained, nats a picture, and its standard error.
    """

    temperature: float
    temperature_error: float
    fitted: int
    pictures: int
    before: Calibration
    after: Calibration
    gain: float
    gain_error: float


def scaling(logits: Logits, labels: Labels) -> Scaling:
    """Fit a temperature on half of the pictures, and measure what it does to the others.

    Halves are those of `halves`.

    Raises:
        InputError: fewer than four pictures, or as `fit_temperature`.
    """
    if len(labels) < 4:
        raise InputError(
            f"{len(labels)} pictures are too few for a temperature, which is fitted on half of "
            "them and measured on the others: give four at least."
        )
    fitted, others = halves(labels)
    found = fit_temperature(logits[fitted], labels[fitted])
    z, y = logits[others].double(), labels[others].long()
    both = (z, z / found.value)
    losses = [F.cross_entropy(scaled, y, reduction="none") for scaled in both]
    gains = losses[0] - losses[1]
    before, after = (
        Calibration(negative_log_likelihood(scaled, y), calibration_error(scaled, y))
        for scaled in both
    )
    return Scaling(
        temperature=found.value,
        temperature_error=found.error,
        fitted=len(fitted),
        pictures=len(others),
        before=before,
        after=after,
        gain=float(gains.mean()),
        gain_error=float(gains.std()) / math.sqrt(len(others)),
    )


def halves(labels: Labels) -> tuple[Tensor, Tensor]:
    """Return places of two halves: sorted by class, the first picture, the third, and the others.

    So both have as many of each class, but for one picture; what is drawn has no part in it.
    """
    order = labels.argsort(stable=True)
    return order[::2], order[1::2]


def fit_temperature(logits: Logits, labels: Labels) -> Temperature:
    """Return the temperature of the greatest likelihood.

    Raises:
        InputError: no pictures, labels that are none of the classes; or there is none:
            every picture is right, or logits of true classes are no higher than those of others.
    """
    from scipy.optimize import brentq

    negative_log_likelihood(logits, labels)  # refuses what it cannot use
    z, y = logits.double(), labels.long()
    z = z - z.amax(1, keepdim=True)
    own = z.gather(1, y[:, None])[:, 0]

    def slope(b: float) -> float:
        return float(_residuals(z, own, b).mean())

    if slope(0.0) >= 0:
        raise InputError(
            "No temperature is best: logits of the true classes are no higher than those of the "
            "others, and a blind guess is more likely."
        )
    if bool((own == 0).all()):
        raise InputError(
            f"No temperature is best: all {len(y)} pictures that it would be fitted on are right, "
            "and the surer the more likely; give more pictures."
        )
    high = 1 / float(z.abs().max())
    while slope(high) <= 0:
        high *= 2
    b = brentq(slope, 0.0, high, xtol=1e-15 * high, rtol=1e-14)
    p = (b * z).softmax(1)
    curvature = (p * z.square()).sum(1) - (p * z).sum(1).square()
    error = math.sqrt(float(_residuals(z, own, b).square().mean()) / len(y))
    return Temperature(1 / b, error / float(curvature.mean()) / b**2)


def _residuals(z: Tensor, own: Tensor, b: float) -> Tensor:
    """Return E_p z - z_y of each picture."""
    return ((b * z).softmax(1) * z).sum(1) - own
