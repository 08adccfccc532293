"""Sums over groups of pixels: histograms and rings, for all fields by one `bincount`."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

EXACT_UP_TO = 16
"""Largest radius with a ring of its own; above, the widths of rings grow with the radius."""

_RATIO = 1.1  # outer to inner radius of the wide rings


def group_sums(
    index: Tensor, groups: int, weights: Tensor | None = None
) -> Float[Tensor, "field group"]:
    """Sum `weights` (ones by default) of each field over groups of its pixels.

    Args:
        index: group of every pixel, (field, ...), integers 0 to `groups` - 1; others are left out.
        groups: how many.
        weights: of the shape of `index`.
    """
    count, outside = len(index), (index < 0) | (index >= groups)
    index = torch.where(outside, groups, index).flatten(1)
    shift = (groups + 1) * torch.arange(count, device=index.device)[:, None]
    flat = None if weights is None else weights.double().flatten()
    sums = torch.bincount((index + shift).flatten(), flat, minlength=count * (groups + 1))
    return sums.reshape(count, groups + 1)[:, :groups].double()


def histogram(x: Tensor, edges: Tensor, weights: Tensor | None = None) -> Tensor:
    """Sum over the pixels of each field by value, in bins of equal width; (field, bin).

    Args:
        x: (field, ...).
        edges: (bin + 1), equally spaced. Values beyond them are left out.
        weights: of the shape of x; by default pixels are counted.
    """
    low, width = float(edges[0]), float(edges[1] - edges[0])
    # no value is so far away that its bin number overflows
    number = ((x - low) / width).floor().clamp(-1, len(edges) - 1).long()
    return group_sums(number, len(edges) - 1, weights)


@dataclass(frozen=True)
class Rings:
    """Rings around the origin of a grid of which columns may stand for two.

    Attributes:
        index: ring of every place, (h, columns); the number of rings for places in none.
        weight: how many places it stands for, (h, columns).
        radius: mean radius of the places of each ring, (ring), float64.
    """

    index: Tensor
    weight: Tensor
    radius: Tensor

    def means(self, values: Tensor) -> Float[Tensor, "field ring"]:
        """Return the mean over each ring of (field, h, columns)."""
        groups = len(self.radius)
        index = self.index.to(values.device).expand(values.shape)
        sums = group_sums(index, groups, values * self.weight.to(values))
        total = group_sums(self.index[None], groups, self.weight[None])
        return sums / total.to(sums)


def frequency_rings(height: int, width: int) -> Rings:
    """Rings of the frequencies of `rfft2`, by radius in cycles per shorter side up to its half."""
    side = min(height, width)
    rows = side * torch.fft.fftfreq(height, dtype=torch.float64)
    columns = side * torch.fft.rfftfreq(width, dtype=torch.float64)
    weight = torch.full((height, width // 2 + 1), 2.0, dtype=torch.float64)
    weight[:, 0] = 1
    if width % 2 == 0:
        weight[:, -1] = 1
    return _rings((rows[:, None].square() + columns.square()).sqrt(), weight, side // 2)


def distance_rings(height: int, width: int) -> Rings:
    """Rings of displacements in the order of `fft2`, by length in pixels up to half a side."""
    rows, columns = (n * torch.fft.fftfreq(n, dtype=torch.float64) for n in (height, width))
    radius = (rows[:, None].square() + columns.square()).sqrt()
    return _rings(radius, torch.ones_like(radius), min(height, width) // 2)


def _rings(radius: Tensor, weight: Tensor, largest: int) -> Rings:
    edges = _edges(largest)
    index = torch.bucketize(radius, edges, right=True) - 1
    count = len(edges) - 1
    index[radius >= edges[-1]] = count
    total = group_sums(index[None], count, weight[None])[0]
    mean = group_sums(index[None], count, (radius * weight)[None])[0] / total
    return Rings(index, weight, mean)


def _edges(largest: int) -> Tensor:
    """Edges -1/2, 1/2, 3/2, ... up to 16.5, then by a ratio, up to `largest` + 1/2."""
    edges = [k - 0.5 for k in range(min(largest, EXACT_UP_TO) + 2)]
    top = largest + 0.5
    if top > edges[-1]:
        count = max(1, round(math.log(top / edges[-1]) / math.log(_RATIO)))
        edges += [edges[-1] * (top / edges[-1]) ** ((j + 1) / count) for j in range(count)]
        edges[-1] = top
    return torch.tensor(edges, dtype=torch.float64)
