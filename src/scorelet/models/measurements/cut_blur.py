"""A blurred image is known that was cut out of a larger one, as every photograph is.

With x as much larger than c as the kernel K reaches, and M the choice of the pixels of c,

    c = M K x + s ζ.

What lies farther outside has no share in c, so it does not matter how K goes on there: K is a
`Blur`, diagonal in the cosine transform, but M K is not. The proximal point is x = f + d with

    (σ² Kᵀ Mᵀ M K + s²) d = σ² Kᵀ Mᵀ (c - M K f),

solved by conjugate gradients on the cosine coefficients of d, where the same without the cut,
σ² K² + s², is diagonal and the preconditioner: the two differ at the edges alone. They start from
what that gives if c - M K f goes on outside as it is at the edges.

A pixel of c at a limit of the sensor, as white, was cut off there: it tells that M K x is at least
as much. Where M K f is beyond a limit such a pixel is left out of M.

References: Almeida, Figueiredo 2013, arXiv 1210.2687 (unknown boundaries).
"""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.denoiser import NoiseLike, noise_level
from scorelet.models.measurements.blur import Blur, checked_kernel
from scorelet.models.measurements.cosines import cosine_transform, inverse_cosine_transform

_FEWEST, _MOST = 4, 100
"""Steps of conjugate gradients."""
_CLIPPED = 16
"""Steps at least where pixels are left out in the middle, too: for the preconditioner they count.
"""
_BESIDE_WHITE = 4 / 255
"""What of a blur can be undone near pixels at a limit depends on what is not known: where less
noise is taken though more was found, of the edges of such pixels, results swing."""
_OF_NOISE = 4 / 255
"""So many steps times s are made: the root of the condition number goes with 1/s. With six times as
many pictures are restored better by 0.1 dB at most."""
_ACCURACY = 1e-5
"""How exact d is where steps end before, in the norm of its equation."""


class CutBlur(Blur):
    """c = M k * x + s ζ: pixels of a blurred image, of whose surroundings nothing is known.

    Gains, signs and coefficients are those of the blur of the whole of x.

    Args:
        size: (height, width) of c; x has half a kernel more at each edge, unless that is mirrored.
        kernel: as of `Blur`, not larger than c.
        noise: s, in the unit of x, above 0.
        limits: least and largest c of the sensor; infinite: there is none.
        mirrored: outside of x it is mirrored, and c is as large as x, as of `Blur`.

    Attributes:
        inside: rows and columns of x that c is of.
        steps: of conjugate gradients, at most.

    Raises:
        InputError: another kernel, or no noise.
    """

    def __init__(
        self,
        size: tuple[int, int],
        kernel: Tensor | np.ndarray,
        *,
        noise: float,
        limits: tuple[float, float] = (-math.inf, math.inf),
        mirrored: bool = False,
    ) -> None:
        if noise == 0:
            raise InputError("The noise of a blur that was cut is 0: it must be positive.")
        kernel = checked_kernel(kernel, size)
        rows, columns = (0 if mirrored else side // 2 for side in kernel.shape)
        self.limits = limits
        self.margin, self.cut = (rows, columns), (int(size[0]), int(size[1]))
        self.inside = slice(rows, rows + self.cut[0]), slice(columns, columns + self.cut[1])
        super().__init__((size[0] + 2 * rows, size[1] + 2 * columns), kernel, noise=noise)
        fewest = _CLIPPED if any(math.isfinite(limit) for limit in limits) else _FEWEST
        self.steps = min(max(fewest, math.ceil(_OF_NOISE / noise)), _MOST)

    def measure(self, x: Image) -> Tensor:
        """Return M k * x, without noise."""
        self._check_size(x)
        rows, columns = self.inside
        return self.blurred(x)[..., rows, columns]

    def read(self, blurred: Image) -> Tensor:
        """Return c: the pixels of a blurred image themselves."""
        self._check_measured(blurred, torch.Size([*blurred.shape[:2], *self.cut]))
        return blurred

    def consistent(self, estimate: Image, measured: Tensor, sigma: NoiseLike) -> Image:
        """Combine an estimate with what was measured: nearly the proximal point.

        Arguments and errors as of `Measurement.consistent`; the memory of some planes of x.
        """
        levels = noise_level(sigma, estimate)
        self._check_size(estimate)
        self._check_measured(measured, torch.Size([*estimate.shape[:2], *self.cut]))
        measured = measured.to(estimate).expand(len(estimate), -1, -1, -1)
        gains = self.spectrum.to(estimate)
        ratios = (levels / self.noise).square().repeat_interleave(estimate.shape[1])
        planes = estimate.reshape(-1, 1, 1, *self.size)
        pixels = measured.reshape(-1, 1, 1, *self.cut)
        found = [
            plane + self._correction(plane, values, gains, ratio)
            for plane, values, ratio in zip(planes, pixels, ratios, strict=True)
        ]
        return torch.cat(found).reshape(estimate.shape)

    def _correction(self, plane: Tensor, pixels: Tensor, gains: Tensor, ratio: Tensor) -> Tensor:
        """Return d of one channel, for σ²/s²."""

        rows, columns = self.inside
        before = inverse_cosine_transform(gains * cosine_transform(plane))[..., rows, columns]
        counts = self._counts(pixels, before)

        def seen(coefficients: Tensor) -> Tensor:
            return counts * inverse_cosine_transform(gains * coefficients)[..., rows, columns]

        def framed(pixels: Tensor, mode: str = "constant") -> Tensor:
            down, across = self.margin
            whole = F.pad(pixels, (across, across, down, down), mode=mode)
            return ratio * gains * cosine_transform(whole)

        diagonal = 1 + ratio * gains**2
        missed = counts * (pixels - before)
        found = framed(missed, mode="replicate") / diagonal
        least = _ACCURACY**2 * (found.square() * diagonal).sum()
        rest = framed(missed - seen(found)) - found
        found += _solved(
            lambda turn: turn + framed(seen(turn)), rest, diagonal, steps=self.steps, least=least
        )
        return inverse_cosine_transform(found)

    def _counts(self, pixels: Tensor, before: Tensor) -> Tensor:
        """Return 1 for pixels of c that say more than M K f does, and 0 for others."""
        low, high = self.limits
        told = (pixels >= high) & (before >= pixels) | (pixels <= low) & (before <= pixels)
        return (~told).to(pixels)

    def noise_in(self, measured: Tensor) -> float:
        """Return the level of the noise of what was measured, as `Blur.noise_in`.

        Pixels fade to their mean at the edges first: what is next to each other when edges are
        mirrored was not blurred together, and would count as noise. So would what a sensor has cut
        off: of more than 4/255 no more is taken than in the largest blocks without such pixels.
        """
        found, blocks = self._noise(measured), self._blocks(measured)
        if found <= _BESIDE_WHITE or blocks is None:
            return found
        return min(found, max(self._noise(blocks), _BESIDE_WHITE))

    def _noise(self, measured: Tensor) -> float:
        size = (measured.shape[-2], measured.shape[-1])
        window, whole = _bell(size[0])[:, None] * _bell(size[1]), Blur(size, self.kernel)
        faded = (measured - measured.mean((-2, -1), keepdim=True)) * window.to(measured)
        return whole.noise_in(whole.read(faded))

    def _blocks(self, measured: Tensor) -> Tensor | None:
        """Return the largest squares without pixels at a limit, (square, 1, side, side), if any."""
        low, high = self.limits
        clipped, side = (measured <= low) | (measured >= high), min(self.cut)
        while side >= max(self.kernel.shape):
            found = _squares(measured, side)[~_squares(clipped, side).any((-2, -1))]
            if len(found):
                return found[:, None]
            side //= 2
        return None


def _squares(x: Tensor, side: int) -> Tensor:
    """Return squares of so many pixels, which overlap by half, (..., row, column, side, side)."""
    step = max(side // 2, 1)
    return x.unfold(-2, side, step).unfold(-2, side, step)


def _solved(
    product: Callable[[Tensor], Tensor],
    rest: Tensor,
    diagonal: Tensor,
    *,
    steps: int,
    least: Tensor,
) -> Tensor:
    """Return x of product(x) = rest by conjugate gradients with a diagonal preconditioner.

    They end after so many steps, or where what is left has an energy of `least`.
    """
    found, turn = torch.zeros_like(rest), rest / diagonal
    off = (rest * turn).sum()
    for _ in range(steps):
        if not off > least:
            break
        image = product(turn)
        step = off / (turn * image).sum()
        found += step * turn
        rest = rest - step * image
        nearer = rest / diagonal
        before, off = off, (rest * nearer).sum()
        turn = nearer + off / before * turn
    return found


def _bell(count: int) -> Tensor:
    """Return Hann's window, with a mean square of 1: white noise under it keeps its power."""
    window = torch.sin(math.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count) ** 2
    return window / window.square().mean().sqrt()
