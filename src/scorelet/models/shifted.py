"""Mean of a denoiser's answers to an image that is moved by single pixels: cycle spinning.

Symbols: u place; t = (down, right) a shift in pixels; S_t y the image y moved by t, whose first
rows and columns are then mirror images; f a denoiser; T(u) the shifts of a set that keep u inside.

    F(y)(u) = 1/|T(u)| Σ_{t in T(u)} f(S_t y)(u + t)

A wavelet transform that halves its bands sees even and odd places in different ways, and so does a
denoiser of its bands. Over the four shifts of the finest grid the squared error of F is the mean of
those of the answers, less their variance.

References: Coifman, Donoho 1995, Translation-invariant de-noising, Lecture Notes in Statistics 103.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.averaged import AveragedDenoiser
from scorelet.models.denoiser import Denoiser, Locality

Shift = tuple[int, int]
FINEST: tuple[Shift, ...] = ((0, 0), (0, 1), (1, 0), (1, 1))
"""All shifts of a grid of every second row and column."""


class ShiftedDenoiser(AveragedDenoiser):
    """F of a denoiser: as many answers for one as there are shifts.

    Args:
        denoiser: f, of any kind; conditions are moved with the images.
        shifts: of rows down and columns to the right, none negative, (0, 0) among them.
    """

    def __init__(self, denoiser: Denoiser, shifts: Sequence[Shift] = FINEST) -> None:
        super().__init__(denoiser)
        self.shifts = tuple(shifts)
        radius, multiple = denoiser.locality
        most = max(max(shift) for shift in self.shifts)
        self.locality = Locality(None if radius is None else radius + most, multiple)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        level = None if self.blind else sigma
        height, width = y.shape[-2:]
        total, count = torch.zeros_like(y), torch.zeros_like(y[:1, :1])
        for down, right in self.shifts:
            told = None if cond is None else moved(cond, down, right)
            answer = self.denoiser(moved(y, down, right), level, cond=told, label=label)
            total[..., : height - down, : width - right] += answer[..., down:, right:]
            count[..., : height - down, : width - right] += 1
        return total / count


def moved(y: Tensor, down: int, right: int) -> Tensor:
    """Return S_t y of images (..., height, width): the rows and columns that enter are mirrored."""
    height, width = y.shape[-2:]
    rows, columns = (_mirrored(n, t, y) for n, t in ((height, down), (width, right)))
    return y.index_select(-2, rows).index_select(-1, columns)


def _mirrored(size: int, shift: int, y: Tensor) -> Tensor:
    """Return -1 - place before the first place, that is the edge pixel first."""
    places = torch.arange(size, device=y.device) - shift
    return torch.where(places < 0, -1 - places, places)
