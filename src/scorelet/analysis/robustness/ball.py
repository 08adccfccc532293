"""The ball around a picture that an attack may not leave, within the box of pictures.

Symbols: x picture in [0, 1]^d, x' attacked picture, ε radius in the unit of pixels.

    linf    max_i |x'_i - x_i| ≤ ε            l2    (Σ_i (x'_i - x_i)²)^(1/2) ≤ ε
"""

from typing import Literal, get_args

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, PerSample

Norm = Literal["linf", "l2"]


def known_norm(norm: str) -> Norm:
    """Return one of `Norm`.

    Raises:
        InputError: another name.
    """
    for name in get_args(Norm):
        if norm == name:
            return name
    raise InputError(f"norm is {norm!r}: use {' or '.join(get_args(Norm))}.")


def size(perturbation: Tensor, norm: Norm) -> PerSample:
    """Return the norm of each perturbation (batch, ...), (batch,)."""
    flat = perturbation.flatten(1)
    return flat.abs().amax(1) if norm == "linf" else flat.square().sum(1).sqrt()


def inside(attacked: Image, x: Image, eps: int | float, norm: Norm) -> Image:
    """Bring attacked pictures into the ball of radius `eps` around `x`, and into [0, 1].

    The box contains `x`, so that bringing a picture into it never leads out of the ball. Values
    that are not finite become those of `x`.
    """
    change = (attacked - x).nan_to_num(0, 0, 0)
    if norm == "linf":
        change = change.clamp(-eps, eps)
    else:
        length = size(change, norm)[:, None, None, None]
        change = change * (eps / length.clamp(min=1e-30)).clamp(max=1)
    return (x + change).clamp(0, 1)


def widest(norm: Norm, dimension: int) -> float:
    """Return the least ε whose ball holds the gray picture of value 1/2, whatever x is.

    At that radius no classifier is right for pictures of two classes: of all pictures the gray one
    has a single label.
    """
    return 0.5 if norm == "linf" else 0.5 * dimension**0.5


def farthest(norm: Norm, dimension: int) -> float:
    """Return the least ε whose ball holds every picture, whatever x is."""
    return 2 * widest(norm, dimension)
