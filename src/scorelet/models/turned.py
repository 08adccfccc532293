"""Mean of a denoiser's answers to an image in the eight orientations of a square.

Symbols: g_k the symmetries of the square, k = 0 to 7: k mod 4 quarter turns, then from 4 on a
mirror; f a denoiser.

    F(y) = 1/8 Σ_k g_k⁻¹ f(g_k y),    F(g_k y) = g_k F(y)

Where noise and pictures are as likely in every orientation, the minimiser of the squared error
commutes with the g_k. A network does so only about: the squared error of F is the mean of those of
the eight answers, less their variance.

References: Timofte, Rothe, Van Gool 2016, Seven ways to improve example-based single image super
resolution, CVPR, arXiv 1511.02228 (enhanced prediction).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from scorelet.core.mirroring import mirrored_to_multiple
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.averaged import AveragedDenoiser
from scorelet.models.denoiser import Denoiser

TURNS = 8
_UPRIGHT = (0, 2, 4, 6)
"""Turns that keep height and width."""


def turned(y: Tensor, k: int) -> Tensor:
    """Return g_k y of images (..., height, width)."""
    y = torch.rot90(y, k % 4, (-2, -1))
    return y.flip(-1) if k >= TURNS // 2 else y


def turned_back(y: Tensor, k: int) -> Tensor:
    """Return g_k⁻¹ y."""
    y = y.flip(-1) if k >= TURNS // 2 else y
    return torch.rot90(y, -k % 4, (-2, -1))


def mean_over_turns(
    f: Callable[[Image, int], Image], y: Image, turns: Sequence[int] = range(TURNS)
) -> Image:
    """Return the mean of g_k⁻¹ f(g_k y, k) over some k."""
    total = torch.zeros_like(y)
    for k in turns:
        total = total + turned_back(f(turned(y, k).contiguous(), k), k)
    return total / len(turns)


class TurnedDenoiser(AveragedDenoiser):
    """F of a denoiser: eight answers for one, and equal in all orientations.

    The symmetries of the square permute pixels, so that white noise stays white, and F is a
    denoiser of the same noise. If f has learnt images of one size that is not square, the mean is
    over the four turns that keep it. If the tiles of f keep to a grid, the last rows and columns
    are mirrored up to it first, so that the grid stays where it is; F commutes with turns of images
    that fit it.

    Args:
        denoiser: f, of any kind; conditions are turned with the images.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__(denoiser)
        height, width = denoiser.learnt or (1, 1)
        self.turns = range(TURNS) if height == width else _UPRIGHT

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        level = None if self.blind else sigma
        height, width = y.shape[-2:]
        y, cond = self._on_grid(y), None if cond is None else self._on_grid(cond)

        def answer(image: Image, k: int) -> Image:
            told = None if cond is None else turned(cond, k).contiguous()
            return self.denoiser(image, level, cond=told, label=label)

        return mean_over_turns(answer, y, self.turns)[..., :height, :width]

    def _on_grid(self, y: Tensor) -> Tensor:
        radius, multiple = self.locality
        return y if radius is None else mirrored_to_multiple(y, multiple)
