"""From a picture and a task to an observation: what is known of the picture that is sought."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.paths import as_path
from scorelet.data import Picture, to_unit
from scorelet.data.pictures.gaps import filled
from scorelet.models.measurements import (
    BlockMeans,
    Blur,
    KnownPixels,
    LowFrequencies,
    Measurement,
    Observation,
    RandomSensing,
    gaussian_kernel,
)
from scorelet.tasks.restore.known import known
from scorelet.tasks.restore.settings import RestoreSettings

Pixels = np.ndarray


def observe(picture: Picture, settings: RestoreSettings) -> tuple[Observation, Tensor]:
    """Return the observation and a first guess, (1, channel, height, width).

    Raises:
        InputError: a mask or kernel that does not fit the picture.
        ImageFileError: a mask that cannot be read.
    """
    valid = known(picture, settings).measured
    _check_unit(picture, valid)
    pixels = to_unit(picture.pixels)
    pixels = pixels if valid.all() else filled(pixels, valid)
    x = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))[None]
    return _TASKS[settings.task](x, valid, settings)


def _superres(
    x: Tensor, _valid: np.ndarray, settings: RestoreSettings
) -> tuple[Observation, Tensor]:
    factor = settings.enlarges
    size = x.shape[-2] * factor, x.shape[-1] * factor
    means = BlockMeans(size, factor, noise=settings.sigma)
    return Observation(means, x), F.interpolate(x, size, mode="bicubic", antialias=False)


def _inpaint(x: Tensor, valid: np.ndarray, settings: RestoreSettings) -> tuple[Observation, Tensor]:
    pixels = KnownPixels(torch.from_numpy(valid), noise=settings.sigma)
    return Observation(pixels, pixels.coefficients(x)), x


def _deblur(x: Tensor, _valid: np.ndarray, settings: RestoreSettings) -> tuple[Observation, Tensor]:
    noise = max(settings.sigma, _LEAST_NOISE)
    blur = Blur((x.shape[-2], x.shape[-1]), _kernel(settings), noise=noise)
    return Observation(blur, blur.read(x)), x


def _sensing(
    x: Tensor, _valid: np.ndarray, settings: RestoreSettings
) -> tuple[Observation, Tensor]:
    assert settings.ratio is not None
    size, seed = (x.shape[-2], x.shape[-1]), settings.projections or 0
    sensing = RandomSensing(size, settings.ratio, seed=seed, noise=settings.sigma)
    return _used(sensing, x, torch.full_like(x, 0.5))


def _spectral(
    x: Tensor, _valid: np.ndarray, settings: RestoreSettings
) -> tuple[Observation, Tensor]:
    assert settings.share is not None
    low = LowFrequencies((x.shape[-2], x.shape[-1]), settings.share, noise=settings.sigma)
    return _used(low, x, torch.full_like(x, 0.5))


def _used(measurement: Measurement, x: Tensor, rest: Tensor) -> tuple[Observation, Tensor]:
    """Take of a picture what is measured, and another in the place of the rest."""
    measured = measurement.coefficients(x)
    guess = rest + measurement.image(measured - measurement.coefficients(rest))
    return Observation(measurement, measured), guess


_TASKS = {
    "superres": _superres,
    "inpaint": _inpaint,
    "deblur": _deblur,
    "sensing": _sensing,
    "spectral": _spectral,
}
"""What makes of pixels (1, channel, height, width), and where they are known, an observation."""

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
