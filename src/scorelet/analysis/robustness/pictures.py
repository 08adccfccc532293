"""What may be attacked: float pictures in [0, 1] with labels that the classifier knows; logits."""

import math

import torch
from torch import Tensor

from scorelet.analysis.robustness.ball import Norm
from scorelet.core.errors import InputError
from scorelet.core.typing import Labels, Logits
from scorelet.models.classifier import refuse_single

BRIGHT = 5.0
"""No scaling of [0, 1] that is usual goes beyond it: pictures that do are in another unit."""
CLOSE = 1e-5
"""To one, of sums of probabilities: rounding in float32 leaves 5e-6 of 20,000 classes."""
HALVES = ((torch.bfloat16, 2**-7), (torch.float16, 2**-10))
"""And of those that were rounded to half precision."""


def check_pictures(x: Tensor, labels: Tensor) -> None:
    """Refuse pictures and labels that cannot be attacked.

    Args:
        x: (batch, channel, height, width), values in [0, 1].
        labels: (batch,), integers.

    Raises:
        InputError: other shapes or dtypes, values outside [0, 1].
    """
    check_unit(x)
    whole = not labels.is_floating_point() and labels.dtype != torch.bool
    if labels.shape != x.shape[:1] or not whole:
        raise InputError(
            f"The labels have shape {tuple(labels.shape)} and dtype {labels.dtype}: expected "
            f"{len(x)} integers, one for each picture."
        )


def check_unit(x: Tensor, *, space: int = 2) -> None:
    """Refuse what are no pictures (batch, channel, height, width) with values in [0, 1].

    Args:
        x: the pictures.
        space: its axes; 1: these are signals (batch, channel, length), 3: volumes.

    Raises:
        InputError: another shape or dtype, NaN, values outside [0, 1].
    """
    if x.ndim != 2 + space or not x.is_floating_point() or not len(x):
        axes = {1: "length", 2: "height, width", 3: "depth, height, width"}[space]
        raise InputError(
            f"The pictures are {str(x.dtype).removeprefix('torch.')} of shape {tuple(x.shape)}: "
            f"expected floats (batch, channel, {axes}) with values in [0, 1]."
        )
    if bool(x.isnan().any()):
        raise InputError("The pictures hold NaN: fill them first.")
    low, high = float(x.min()), float(x.max())
    if not (low >= 0 and high <= 1):
        hint = "divide pictures of 8 bits by 255" if high > BRIGHT else "let the model scale them"
        raise InputError(
            f"The pictures have values from {low:g} to {high:g}: expected [0, 1]; {hint}."
        )


def check_logits(found: object, count: int) -> None:
    """Refuse what a network made of `count` pictures where it is no logits (batch, classes).

    Raises:
        InputError: no tensor of floats, one of another shape, or with one class or none.
    """
    if not isinstance(found, Tensor):
        got = f"an object of class {type(found).__name__}"
    elif found.is_floating_point() and found.ndim == 2 and found.shape[1] and len(found) == count:
        refuse_single(found)
        return
    else:
        got = f"{str(found.dtype).removeprefix('torch.')} of shape {tuple(found.shape)}"
    raise InputError(
        f"The model made {got} of {count} pictures: expected logits, floats (batch, classes); give "
        "a module that returns these alone."
    )


def check_unnormalised(logits: Logits) -> None:
    """Refuse probabilities in the place of logits.

    Raises:
        InputError: nothing is negative, and the classes of each picture add up to one.
    """
    rounded = (close for dtype, close in HALVES if torch.equal(logits.to(dtype).to(logits), logits))
    close = next(rounded, CLOSE)
    if bool((logits >= 0).all()) and bool(((logits.double().sum(1) - 1).abs() <= close).all()):
        raise InputError(
            "The model returns probabilities, and logits are expected, whose softmax they are: "
            "leave its softmax out, or give the log of what it returns."
        )


def is_wrong(logits: Logits, labels: Labels) -> Tensor:
    """Return where logits have another label, or are not finite and have none, (batch,)."""
    return (logits.argmax(1) != labels) | ~logits.isfinite().all(1)


def check_labels(labels: Tensor, classes: int) -> None:
    """Refuse labels that are none of the classes, 0 to `classes` - 1.

    Raises:
        InputError: there is one.
    """
    least, most = int(labels.min()), int(labels.max())
    if least < 0 or most >= classes:
        wrong = least if least < 0 else most
        raise InputError(
            f"A label is {wrong}, and the classifier knows {classes} classes: expected 0 to "
            f"{classes - 1}."
        )


def check_level(name: str, sigma: int | float) -> None:
    """Refuse a noise level that is not positive, or more than that of any picture.

    Raises:
        InputError: such a one; `name` is what it is called there.
    """
    if not 0 < sigma < math.inf:
        raise InputError(
            f"{name} is {sigma:g}: it must be positive, in the unit of pictures with values in "
            "[0, 1]; write 25/255 for 25 in 8-bit units."
        )
    if sigma > 1:
        raise InputError(
            f"{name} is {sigma:g}: pictures have values in [0, 1], and nothing is seen in so much "
            f"noise; write {sigma:g}/255 for {sigma:g} in 8-bit units."
        )


def check_radius(eps: int | float, norm: Norm) -> None:
    """Refuse a radius that is negative or not finite, or in linf one that holds every picture.

    Raises:
        InputError: such a one.
    """
    if norm == "linf" and 1 < eps < math.inf:
        raise InputError(
            f"eps is {eps:g}: pictures have values in [0, 1], and every picture is within 1 of "
            f"every other; write {eps:g}/255 for {eps:g} in 8-bit units."
        )
    if not (math.isfinite(eps) and eps >= 0):
        raise InputError(
            f"eps is {eps:g}: it must be 0 or more, in the unit of pictures with values in [0, 1]; "
            "write 2/255 for two steps of 8 bits."
        )
