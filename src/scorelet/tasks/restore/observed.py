"""From a picture and a task to an observation: what is known of the picture that is sought."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.paths import as_path
from scorelet.data import Picture, read_picture, to_unit
from scorelet.data.pictures.gaps import filled
from scorelet.models.measurements import (
    BlockMeans,
    Blur,
    KnownPixels,
    Observation,
    gaussian_kernel,
)
from scorelet.tasks.restore.settings import RestoreSettings

Pixels = np.ndarray


def observe(picture: Picture, settings: RestoreSettings) -> tuple[Observation, Tensor]:
    """Return the observation and a first guess, (1, channel, height, width).

    Raises:
        InputError: a mask or kernel that does not fit the picture.
        ImageFileError: a mask that cannot be read.
    """
    valid = known(picture, settings)
    _check_unit(picture, valid)
    pixels = np.where(valid[..., None], to_unit(picture.pixels), 0.5)
    x = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))[None]
    height, width = pixels.shape[:2]
    if settings.task == "superres":
        factor = 2 if settings.factor is None else settings.factor
        size = height * factor, width * factor
        means = BlockMeans(size, factor, noise=settings.sigma)
        return Observation(means, x), F.interpolate(x, size, mode="bicubic", antialias=False)
    if settings.task == "inpaint":
        pixels_known = KnownPixels(torch.from_numpy(valid), noise=settings.sigma)
        guess = filled(pixels.astype(np.float32), valid).transpose(2, 0, 1)
        near = torch.from_numpy(np.ascontiguousarray(guess, np.float32))[None]
        return Observation(pixels_known, pixels_known.coefficients(x)), near
    blur = Blur((height, width), _kernel(settings), noise=max(settings.sigma, _LEAST_NOISE))
    return Observation(blur, blur.read(x)), x


_LEAST_NOISE = 0.5 / 255
"""Rounding to 8 bits; a blur without any noise cannot be undone in floating point."""


def _check_unit(picture: Picture, valid: np.ndarray) -> None:
    """Refuse floats that are plainly not in [0, 1], where the noise levels have their meaning."""
    values = picture.pixels[valid]
    low, high = float(values.min()), float(values.max())
    if picture.pixels.dtype.kind == "f" and not (low >= -0.5 and high <= 1.5):
        raise InputError(
            f"The values go from {low:.4g} to {high:.4g}: floats must lie in [0, 1]; bring "
            "them there."
        )


def known(picture: Picture, settings: RestoreSettings) -> np.ndarray:
    """Return where pixels are known, (height, width)."""
    shape = picture.pixels.shape[:2]
    valid = np.ones(shape, bool) if picture.mask is None else picture.mask
    if settings.task != "inpaint":
        if not valid.all():
            raise InputError(
                f"{int((~valid).sum())} pixels have no data: fill them first, by the task inpaint."
            )
        return valid
    if settings.mask is not None:
        valid = valid & _mask(settings.mask, shape)
    elif picture.alpha is not None:
        valid = valid & (picture.alpha > 0)
    if valid.all():
        raise InputError(
            "All pixels are known: give a mask, white where they are, black elsewhere."
        )
    if not valid.any():
        raise InputError("The mask has no known pixel: there is nothing to start from.")
    return valid


def _mask(given: str | Path | np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if isinstance(given, np.ndarray):
        known = given.astype(bool)
    else:
        mask = read_picture(as_path(given, name="mask"))
        known = to_unit(mask.pixels).mean(-1) > 0.5
    if known.shape != shape:
        raise InputError(
            f"The mask has {'x'.join(map(str, known.shape))} pixels, the picture "
            f"{shape[0]}x{shape[1]}: they must be of one size."
        )
    return known


def _kernel(settings: RestoreSettings) -> Tensor:
    if settings.blur is not None:
        return gaussian_kernel(settings.blur)
    given = settings.kernel
    if not isinstance(given, np.ndarray):
        path = as_path(str(given), name="kernel")
        try:
            given = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read as an .npy file with a kernel.") from error
    if not isinstance(given, np.ndarray) or given.dtype.kind not in "fiu":
        raise InputError("The kernel is no array of real numbers: expected (rows, columns).")
    if not np.isfinite(given).all() or given.sum() == 0:
        raise InputError("The kernel holds NaN, or its sum is 0: expected weights of sum 1.")
    return torch.from_numpy(given.astype(np.float64))
