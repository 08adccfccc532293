"""A denoiser of pictures of one size, on larger ones: it sees windows of that size.

What lies outside of a picture that was blurred or made small is sought, too, so that what is sought
is larger than the result. A prior that has learnt pictures of the size of the result alone would
be shown pictures that it knows nothing of, or refuse them.
"""

import math
from itertools import product

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models import Denoiser

Size = tuple[int, ...]
"""(height, width)."""


class WindowsDenoiser(Denoiser):
    """The answers of a denoiser to as few windows as cover an image; their mean where they overlap.

    Args:
        denoiser: of pictures of one size.
        size: (height, width) of the windows; images are at least as large.
    """

    def __init__(self, denoiser: Denoiser, size: Size) -> None:
        super().__init__()
        self.denoiser, self.size = denoiser, size
        self.blind = denoiser.blind
        self.know_classes_of(denoiser)
        self.channels, self.needs_noise = denoiser.channels, denoiser.needs_noise

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        total, count = torch.zeros_like(y), torch.zeros_like(y[:1, :1])
        level = None if self.blind else sigma
        for window in self._windows(y.shape[-2:]):
            total[window] += self.denoiser(y[window], level, label=label)
            count[window] += 1
        return total / count

    def _windows(self, whole: Size) -> list[tuple]:
        """Return windows at even distances, the first and the last one in the corners."""
        starts = [_starts(*sides) for sides in zip(whole, self.size, strict=True)]
        height, width = self.size
        return [
            (..., slice(top, top + height), slice(left, left + width))
            for top, left in product(*starts)
        ]


def _starts(side: int, own: int) -> list[int]:
    """Return where windows of `own` pixels begin, in a side of them.

    >>> _starts(92, 80), _starts(80, 80), _starts(25, 10)
    ([0, 12], [0], [0, 8, 15])
    """
    gaps = math.ceil(side / own) - 1
    return [round(step * (side - own) / gaps) for step in range(gaps + 1)] if gaps else [0]


def seeing(denoiser: Denoiser, sought: Size, size: Size, *, enlarges: int = 1) -> Denoiser:
    """Return a denoiser of what is sought: the same one, or one that sees windows of the result.

    Args:
        denoiser: the prior.
        sought: size of what is sought.
        size: of the result, which is in its middle.
        enlarges: how often larger than the picture the result is.

    Raises:
        InputError: the denoiser takes pictures of another size only.
    """
    if denoiser.takes_size(sought) and (denoiser.knows(sought) or not denoiser.knows(size)):
        return denoiser
    if denoiser.takes_size(size):
        return WindowsDenoiser(denoiser, size)
    assert denoiser.takes is not None
    raise InputError(
        f"The result would be {size[0]}x{size[1]} (height x width), and the model takes "
        f"{denoiser.takes[0]}x{denoiser.takes[1]} only: {_advice(denoiser.takes, enlarges)}take "
        "another model, such as photo (model, --model)."
    )


def _advice(taken: Size, enlarges: int) -> str:
    if any(side % enlarges for side in taken):
        return ""
    height, width = (side // enlarges for side in taken)
    return f"give a picture of {height}x{width}, or "
