"""How a picture was made small by a whole factor, as a kernel of `PeriodicBlur`.

Programs take a mean of the pixels around the middle of each block, with the weights w(t / factor)
at a distance t, made to the sum 1: what `PIL.Image.resize` computes, away from the edges.

- bilinear: w(t) = 1 - |t| up to 1;
- bicubic: of pieces of third degree up to 2, the slope at 1 being -1/2;
- lanczos: w(t) = sinc(t) sinc(t / 3) up to 3.

References: Keys 1981, IEEE ASSP 29(6) (cubic).
"""

from collections.abc import Callable

import torch
from torch import Tensor


def shrink_kernel(name: str, factor: int) -> Tensor:
    """Return the kernel of a name in `SHRINKS`, both directions alike."""
    reach, weight = SHRINKS[name]
    side = 2 * reach * factor - factor % 2  # as even as the factor: no weight at the ends
    distance = (torch.arange(side, dtype=torch.float64) - (side - 1) / 2).abs() / factor
    profile = weight(distance)
    profile = profile / profile.sum()
    return profile.outer(profile)


def _bilinear(t: Tensor) -> Tensor:
    return 1 - t


def _bicubic(t: Tensor) -> Tensor:
    near, far = 1.5 * t**3 - 2.5 * t**2 + 1, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return torch.where(t < 1, near, far)


def _lanczos(t: Tensor) -> Tensor:
    return torch.sinc(t) * torch.sinc(t / 3)


SHRINKS: dict[str, tuple[int, Callable[[Tensor], Tensor]]] = {
    "bicubic": (2, _bicubic),
    "bilinear": (1, _bilinear),
    "lanczos": (3, _lanczos),
}
"""How far weights reach, and what they are by distance, in pixels of the small picture."""
