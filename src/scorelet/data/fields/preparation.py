"""From maps to training fields: cut, averaged, turned, scaled, with noise.

All functions take and return fields (n, h, w).
"""

import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import randn
from scorelet.core.typing import Fields, OtherFields


def centre_crop(x: Fields, size: int) -> OtherFields:
    """Cut the middle `size` x `size` pixels out of every field.

    Raises:
        InputError: the fields are smaller.
    """
    _check_fits(x, size)
    top, left = ((n - size) // 2 for n in x.shape[1:])
    return x[:, top : top + size, left : left + size]


def patches(x: Fields, size: int) -> OtherFields:
    """Cut fields into squares of `size` pixels that do not overlap, row by row.

    What is left at the right and at the bottom is dropped.

    Raises:
        InputError: the fields are smaller.
    """
    _check_fits(x, size)
    rows, columns = (n // size for n in x.shape[1:])
    grid = x[:, : rows * size, : columns * size].unflatten(2, (columns, size))
    return grid.unflatten(1, (rows, size)).transpose(2, 3).reshape(-1, size, size)


def block_average(x: Fields, factor: int) -> OtherFields:
    """Replace blocks of `factor` x `factor` pixels by their mean.

    Unlike bicubic interpolation it makes no negative tails beside sharp peaks.

    Raises:
        InputError: a side is no multiple of `factor`.
    """
    if factor < 1 or any(n % factor for n in x.shape[1:]):
        raise InputError(
            f"Fields of {x.shape[1]}x{x.shape[2]} pixels cannot be averaged by {factor}: expected "
            "sides that are multiples of it; crop them first."
        )
    rows, columns = (n // factor for n in x.shape[1:])
    return x.reshape(len(x), rows, factor, columns, factor).mean((2, 4))


def symmetries(x: Fields) -> OtherFields:
    """Return all 8 turned and mirrored copies of square fields, (8 n, h, h).

    Raises:
        InputError: the fields are not square.
    """
    if x.shape[1] != x.shape[2]:
        raise InputError(f"Fields have {x.shape[1]}x{x.shape[2]} pixels: expected square ones.")
    turned = [torch.rot90(x, k, (1, 2)) for k in range(4)]
    return torch.cat([*turned, *(u.flip(2) for u in turned)])


def standardized(x: Fields) -> tuple[Fields, Tensor]:
    """Subtract one mean from all pixels of all fields and divide by one standard deviation.

    Scaling each field by itself would destroy the law of its mean.

    Returns:
        The fields, and (mean, deviation), (2) in float64, such that x = mean + deviation * fields.

    Raises:
        InputError: all pixels are equal.
    """
    scale = torch.stack([x.double().mean(), x.double().std(correction=0)])
    if not scale[1] > 0:
        raise InputError(f"All pixels are {float(scale[0]):g}: expected fields that vary.")
    return ((x.double() - scale[0]) / scale[1]).to(x), scale


def shape_noise(
    x: Fields, *, ellipticity: float, density: float, area: float, rng: Generator
) -> Fields:
    """Add the white noise of a lensing survey, of deviation sigma_e / sqrt(2 n A).

    Args:
        x: convergence.
        ellipticity: sigma_e, intrinsic dispersion of both components together.
        density: n, galaxies per square arc minute.
        area: A of a pixel, in square arc minutes.
        rng: draws the noise.
    """
    if not (ellipticity >= 0 and density > 0 and area > 0):
        raise InputError(
            f"ellipticity {ellipticity:g}, density {density:g}, area {area:g}: expected positive "
            "numbers."
        )
    deviation = ellipticity / (2 * density * area) ** 0.5
    return x + deviation * randn(tuple(x.shape), rng=rng, like=x)


def _check_fits(x: Fields, size: int) -> None:
    if not 1 <= size <= min(x.shape[1:]):
        raise InputError(
            f"Fields have {x.shape[1]}x{x.shape[2]} pixels: expected a size of 1 to "
            f"{min(x.shape[1:])}, got {size}."
        )
