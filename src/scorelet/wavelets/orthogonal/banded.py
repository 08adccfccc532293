"""The transform in plain torch operations: any device, any dtype, and the reference.

One axis is a product of overlapping windows with a small banded matrix: B coarse places need a
window of 2B + n - 2 numbers, and give B of the low and B of the high band.
"""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from scorelet.wavelets.filters import Filters

BLOCK = 16
"""B: small enough that few products are with zeros, large enough for a matrix product."""


class BandedFilters:
    """One level along the last axis, with banded matrices for blocks of at most B coarse places.

    Args:
        filters: of the wavelet.

    Attributes:
        split_matrix: (2B + n - 2, 2, B): window, band, place.
        merge_matrix: (2, B + M - 1 + step, B, 2): band, window, coarse place, even or odd result.
    """

    def __init__(self, filters: Filters) -> None:
        self.filters = filters
        self.taps, self.start = len(filters.low), filters.start
        self.merge_start = min(filters.merge_starts)
        self.split_matrix = _split_matrix(filters)
        self.merge_matrix = _merge_matrix(filters)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the low and the high band along the last axis, of even length."""
        coarse = x.shape[-1] // 2
        block = min(BLOCK, coarse)
        size = 2 * block + self.taps - 2
        windows = _windows(x, self.start, size, 2 * block, -(-coarse // block))
        matrix = self.split_matrix[:size, :, :block].flatten(1).to(x)
        both = _product(windows, matrix).unflatten(-1, (2, block))
        low, high = both.unbind(-2)
        return low.flatten(-2)[..., :coarse], high.flatten(-2)[..., :coarse]

    def merge(self, low: Tensor, high: Tensor) -> Tensor:
        """Return the signal of two bands along the last axis: the adjoint of `split`."""
        coarse = low.shape[-1]
        block = min(BLOCK, coarse)
        size = block + self.merge_matrix.shape[1] - BLOCK
        matrix = self.merge_matrix[:, :size, :block].flatten(2).to(low)
        parts = [
            _product(_windows(band, self.merge_start, size, block, -(-coarse // block)), matrix[k])
            for k, band in enumerate((low, high))
        ]
        return (parts[0] + parts[1]).flatten(-2)[..., : 2 * coarse]


@runtime_checkable
class LevelAxis(Protocol):
    """One level along the last axis."""

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the low and the high band."""
        ...

    def merge(self, low: Tensor, high: Tensor) -> Tensor:
        """Return the signal of two bands."""
        ...


def analyze_levels(x: Tensor, axis: LevelAxis, levels: int, ndim: int) -> list[Tensor]:
    """Return the low band and the details, fine to coarse, of the last `ndim` axes."""
    details = []
    for _ in range(levels):
        x, high = split_axes(x, axis, ndim)
        details.append(high)
    return [x, *details]


def synthesize_levels(low: Tensor, details: list[Tensor], axis: LevelAxis, ndim: int) -> Tensor:
    """Return the signal of a low band and details, fine to coarse."""
    for high in reversed(details):
        low = merge_axes(low, high, axis, ndim)
    return low


def split_axes(x: Tensor, axis: LevelAxis, ndim: int) -> tuple[Tensor, Tensor]:
    """One level: the low band, and the high one or H, V, D stacked in front of the axes."""
    low, high = axis.split(x)
    if ndim == 1:
        return low, high
    both = torch.stack([low, high], -3).mT  # columns are the last axis now
    along, across = axis.split(both)
    a, v = along.mT.unbind(-3)
    h, d = across.mT.unbind(-3)
    return a, torch.stack([h, v, d], -3)


def merge_axes(low: Tensor, high: Tensor, axis: LevelAxis, ndim: int) -> Tensor:
    """One level of synthesis, the adjoint of `split_axes`."""
    if ndim == 1:
        return axis.merge(low, high)
    h, v, d = high.unbind(-3)
    along, across = torch.stack([low, v], -3).mT, torch.stack([h, d], -3).mT
    left, right = axis.merge(along, across).mT.unbind(-3)
    return axis.merge(left, right)


def _split_matrix(filters: Filters) -> Tensor:
    n, taps = len(filters.low), torch.tensor(np.stack([filters.low, filters.high]))
    matrix = torch.zeros(2 * BLOCK + n - 2, 2, BLOCK, dtype=torch.float64)
    for k in range(BLOCK):
        matrix[2 * k : 2 * k + n, :, k] = taps.T
    return matrix


def _merge_matrix(filters: Filters) -> Tensor:
    starts, half = filters.merge_starts, filters.half
    taps = torch.tensor(filters.merge_taps).reshape(2, 2, half)  # result, band, tap
    more = half - 1 + abs(starts[1] - starts[0])
    matrix = torch.zeros(2, BLOCK + more, BLOCK, 2, dtype=torch.float64)
    for k in range(BLOCK):
        for place, start in enumerate(starts):
            first = k + start - min(starts)
            matrix[:, first : first + half, k, place] = taps[place]
    return matrix


def _product(windows: Tensor, matrix: Tensor) -> Tensor:
    """One large matrix product; a batch of small ones would be ten times as slow."""
    return (windows.reshape(-1, windows.shape[-1]) @ matrix).unflatten(0, windows.shape[:-1])


def _windows(x: Tensor, start: int, size: int, step: int, count: int) -> Tensor:
    """Return (..., count, size): windows of the periodic signal x at start + k step."""
    n = x.shape[-1]
    before, after = -start, start + (count - 1) * step + size - n
    if max(before, after) <= n and min(before, after) >= 0:
        padded = torch.cat([x[..., n - before :], x, x[..., :after]], -1)
    else:
        places = torch.arange(start, start + (count - 1) * step + size, device=x.device)
        padded = x.index_select(-1, places.remainder(n))
    return padded.unfold(-1, size, step)
