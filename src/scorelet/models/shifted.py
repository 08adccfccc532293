"""Mean of a denoiser's answers to an image that is moved by single pixels: cycle spinning.

Symbols: u place; t = (down, right) a shift by no or one pixel; S_t y the image y moved by t, whose
first row and column are then mirror images; f a denoiser; T(u) the shifts that keep u inside.

    F(y)(u) = 1/|T(u)| Σ_{t in T(u)} f(S_t y)(u + t)

A wavelet transform that halves its bands sees even and odd places in different ways, and so does a
denoiser of its bands. Over the four shifts, which are all places of the finest grid, the squared
error of F is the mean of those of the answers, less their variance. At the border there is less of
that: the last row and column have two answers, their corner one, and a row that is mirrored brings
its noise with it a second time.

References: Coifman, Donoho 1995, Translation-invariant de-noising, Lecture Notes in Statistics 103.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.averaged import AveragedDenoiser
from scorelet.models.denoiser import Denoiser, Locality

SHIFTS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Down and right."""


class ShiftedDenoiser(AveragedDenoiser):
    """F of a denoiser: four answers for one, by the formula above.

    Args:
        denoiser: f, of any kind; conditions are moved with the images.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__(denoiser)
        radius, multiple = denoiser.locality
        self.locality = Locality(None if radius is None else radius + 1, multiple)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        level = None if self.blind else sigma
        total, count = torch.zeros_like(y), torch.zeros_like(y[:1, :1])
        for down, right in SHIFTS:
            told = None if cond is None else moved(cond, down, right)
            answer = self.denoiser(moved(y, down, right), level, cond=told, label=label)
            back = answer[..., down:, right:]
            total = total + F.pad(back, (0, right, 0, down))
            count = count + F.pad(torch.ones_like(back[:1, :1]), (0, right, 0, down))
        return total / count


def moved(y: Tensor, down: int, right: int) -> Tensor:
    """Return S_t y of images (..., height, width): a row that enters repeats the first one."""
    height, width = y.shape[-2:]
    return F.pad(y, (right, 0, down, 0), mode="replicate")[..., :height, :width]
