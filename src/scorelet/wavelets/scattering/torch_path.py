"""The scattering cascade in torch: the reference, for every device, dtype and transform.

Symbols as in `morlet`; B, number of pictures; U[j1, ..., jq], moduli after q wavelets, a tensor
(B, L^q, height / 2^jq, width / 2^jq). A band-pass filter is a product in Fourier, and subsampling
by k there is the mean over the k x k aliases (folding), before the inverse transform. Both together
are one small matrix for each frequency of the result, k² aliases to L angles: the products, k²
times as many numbers as are left of them, are never stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scorelet.wavelets.morlet.bank import MorletBank
from scorelet.wavelets.morlet.filtering import filtered, folding
from scorelet.wavelets.morlet.grid import Grid, crop_spectrum
from scorelet.wavelets.paths import Path, groups

Group = tuple[int, ...]


@dataclass(frozen=True)
class GridFilters:
    """GridFilters of one grid, dtype and device.

    Attributes:
        bands: (scale of the input, j) → ψ̂_j for `filtered`.
        averages: scale → the two matrices of `Grid.averages`.
        pixels: which row and which column of the picture each row and column of the grid shows.
    """

    bands: dict[tuple[int, int], Tensor]
    averages: dict[int, tuple[Tensor, Tensor]]
    pixels: tuple[Tensor, Tensor]


def filters(grid: Grid, bank: MorletBank, *, order: int, like: Tensor) -> GridFilters:
    """Return what `maps` and `averaged` need up to `order`, in the dtype and device of `like`."""

    def put(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(like.device, like.dtype)

    scales = range(grid.scales)
    bands = {}
    for j in scales:
        for k in range(max(j, 1) if order > 1 else 1):
            response = np.stack([crop_spectrum(band, k) for band in bank.bands[j]])
            bands[k, j] = put(folding(response, 2 ** (j - k)))
    averages = {}
    for j in {0, *scales}:
        rows, columns = grid.averages(j)
        averages[j] = put(rows), put(columns)
    rows, columns = (torch.from_numpy(index).to(like.device) for index in grid.pixels())
    return GridFilters(bands, averages, (rows, columns))


def pad(x: Tensor, filters: GridFilters) -> Tensor:
    """Extend pictures (..., height, width) to the grid."""
    rows, columns = filters.pixels
    return x.index_select(-2, rows).index_select(-1, columns)


def maps(
    x: Tensor, filters: GridFilters, *, scales: int, order: int
) -> Iterator[tuple[Group, Tensor]]:
    """Yield (scales, U) for orders 0 to `order`.

    Args:
        x: padded pictures (B, height, width).
        filters: from `filters`.
        scales: J.
        order: of the longest paths.
    """
    yield (), x[:, None]
    yield from _deeper((), x[:, None], filters, scales, order)


def averaged(u: Tensor, filters: GridFilters, scale: int) -> Tensor:
    """Return u ∗ φ_J at the output points, for maps subsampled by 2^scale."""
    rows, columns = filters.averages[scale]
    return rows @ u @ columns.mT


def in_order(paths: tuple[Path, ...], scales: int, angles: int, order: int) -> list[int]:
    """Return where each path stands among the maps, one group after the other."""
    first: dict[Group, int] = {(): 0}
    start = 1
    for group in groups(scales, order):
        first[group] = start
        start += angles ** len(group)
    return [first[path.scales] + _number(path.angles, angles) for path in paths]


def _number(turns: tuple[int, ...], angles: int) -> int:
    number = 0
    for turn in turns:
        number = number * angles + turn
    return number


def _deeper(
    group: Group, u: Tensor, filters: GridFilters, scales: int, order: int
) -> Iterator[tuple[Group, Tensor]]:
    """Yield the maps of this group's continuations, level by level."""
    level = [(group, u)]
    for _ in range(order):
        following = []
        for group, u in level:
            scale = group[-1] if group else 0
            if (group[-1] if group else -1) == scales - 1:
                continue
            spectrum = torch.fft.fft2(u)
            for j in range(group[-1] + 1 if group else 0, scales):
                z = filtered(spectrum, filters.bands[scale, j])
                following.append(((*group, j), z.abs().flatten(1, 2)))
        level = sorted(following, key=lambda item: item[0])
        yield from level
