"""How much scattering coefficients change when pictures are shifted, dilated or warped.

For a deformation T: the mean over pictures of |S T x - S x| / |S x|, and the same of pixels.
Pictures are resampled by bicubic interpolation, mirrored at their borders.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.random import generator
from scorelet.core.typing import Image
from scorelet.wavelets import Scattering2d

COLUMNS = ("pixels", "J=2", "J=3", "J=3, pooled")
"""What is compared: pixels, coefficients of J = 2 and 3, and means over space of the latter."""
SHIFTS, DILATIONS, WARPS = (1, 2, 4), (0.02, 0.05, 0.10), (0.5, 1.0, 2.0)
ELSEWHERE: dict[str, tuple[float, float, float, float]] = {
    "shift by 1": (0.373, 0.162, 0.107, 0.046),
    "shift by 2": (0.582, 0.307, 0.202, 0.083),
    "shift by 4": (0.766, 0.516, 0.364, 0.144),
    "dilation by 2 %": (0.102, 0.058, 0.045, 0.031),
    "dilation by 5 %": (0.233, 0.119, 0.092, 0.064),
    "dilation by 10 %": (0.421, 0.210, 0.160, 0.112),
    "warp by 0.5": (0.271, 0.125, 0.090, 0.046),
    "warp by 1": (0.457, 0.234, 0.164, 0.083),
    "warp by 2": (0.658, 0.403, 0.291, 0.157),
}
"""What another implementation found for 90 test images of CIFAR-10, in the order of `COLUMNS`."""
ENERGIES: dict[str, tuple[float, float, float, float]] = {
    "J=2": (0.842, 0.151, 0.007, 0.92),
    "J=3": (0.706, 0.270, 0.024, 0.91),
}
"""Of the same: shares of orders 0, 1 and 2, and the energy of all, times 4^J, over that of x."""
_CONTROL = 4  # points a side of the grid of random displacements


def instabilities(
    x: Image, seed: int, *, L: int, engine: Literal["auto", "torch"]
) -> dict[str, list[float]]:
    """Return the relative changes of `COLUMNS` for each deformation, by its name.

    Args:
        x: square pictures, (n, channel, side, side), at least 8 pixels a side.
        seed: of random warps.
        L, engine: of the scattering transforms.
    """
    x, transforms = _standardised(x), [Scattering2d(J, L, engine=engine) for J in (2, 3)]
    with torch.no_grad():
        before = _seen(x, transforms)
        return {
            name: [_change(a, b) for a, b in zip(before, _seen(y, transforms), strict=True)]
            for name, y in _deformed(x, seed)
        }


def energies(x: Image, *, L: int, engine: Literal["auto", "torch"]) -> dict[str, list[float]]:
    """Return what `ENERGIES` has; arguments as in `instabilities`."""
    x, found = _standardised(x), {}
    for J in (2, 3):
        transform = Scattering2d(J, L, engine=engine)
        with torch.no_grad():
            energy = transform(x).square().sum((0, 1, 3, 4)).double()
        orders = torch.tensor([path.order for path in transform.paths])
        shares = [float(energy[orders == q].sum() / energy.sum()) for q in range(3)]
        found[f"J={J}"] = [*shares, float(energy.sum() * 4**J / x.square().sum())]
    return found


def deviation(
    found: Mapping[str, Sequence[float]], expected: Mapping[str, Sequence[float]], kind: str = ""
) -> float:
    """Return the largest relative difference of the rows whose names begin with `kind`."""
    return max(
        abs(a / b - 1)
        for name, row in expected.items()
        if name.startswith(kind)
        for a, b in zip(found[name], row, strict=True)
    )


def warped(x: Image, rows: Tensor, columns: Tensor) -> Image:
    """Return x(u + τ(u)), τ = (rows, columns) in pixels, (h, w) or one for each picture."""
    height, width = x.shape[-2:]
    down, across = (torch.arange(n, dtype=torch.float64) for n in (height, width))
    at = 2 * (down[:, None] + rows) / (height - 1) - 1
    beside = 2 * (across + columns) / (width - 1) - 1
    shape = (len(x), height, width)
    grid = torch.stack([beside.expand(shape), at.expand(shape)], -1).to(x)
    return F.grid_sample(x, grid, mode="bicubic", padding_mode="reflection", align_corners=True)


def _deformed(x: Image, seed: int) -> Iterator[tuple[str, Image]]:
    """Yield the name of each deformation, and the pictures that it makes."""
    side = x.shape[-1]
    centred = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    nothing = torch.zeros(side, side, dtype=torch.float64)
    for pixels in SHIFTS:
        yield f"shift by {pixels}", warped(x, nothing, nothing + pixels)
    for share in DILATIONS:
        yield (
            f"dilation by {100 * share:g} %",
            warped(x, -share * centred[:, None], -share * centred),
        )
    rng = generator(seed, 6)
    for size in WARPS:
        coarse = torch.randn(len(x), 2, _CONTROL, _CONTROL, generator=rng)
        tau = F.interpolate(coarse, (side, side), mode="bicubic", align_corners=True).double()
        tau = size * tau / tau.square().mean((2, 3), keepdim=True).sqrt()
        yield f"warp by {size:g}", warped(x, tau[:, 0], tau[:, 1])


def _standardised(x: Image) -> Image:
    return (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), keepdim=True)


def _seen(x: Image, transforms: list[Scattering2d]) -> list[Tensor]:
    coarse, coarser = (transform(x) for transform in transforms)
    return [x.flatten(1), coarse.flatten(1), coarser.flatten(1), coarser.mean((-2, -1)).flatten(1)]


def _change(before: Tensor, after: Tensor) -> float:
    return float(((after - before).norm(dim=1) / before.norm(dim=1)).mean())
