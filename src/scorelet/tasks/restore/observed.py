"""From a picture and a task to an observation: what is known of the picture that is sought."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.paths import as_path
from scorelet.data import Picture, to_unit
from scorelet.data.pictures.gaps import filled
from scorelet.models.measurements import (
    BlockMeans,
    Blur,
    CutBlur,
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
    """Return the observation and a simple first guess, (1, channel, height, width).

    Both are of the result; where what lies outside of a blurred picture is unknown they are larger,
    by as much at opposite edges. The guess of missing pixels is means of the known ones around; see
    `smooth_guess` for a better one. A level of the noise that is not known yet, see `noise_found`,
    counts as 0, or of a blurred picture as `LEAST_NOISE`.

    Raises:
        InputError: a mask or kernel that does not fit the picture.
        ImageFileError: a mask that cannot be read.
    """
    valid = known(picture, settings).measured
    return _TASKS[settings.task](_whole(picture, valid), valid, settings)


def size_sought(picture: Picture, settings: RestoreSettings) -> tuple[int, ...]:
    """Return (height, width) of what is sought, see `observe`."""
    size = tuple(settings.enlarges * side for side in picture.pixels.shape[:2])
    if settings.task != "deblur" or settings.edges == "mirrored":
        return size
    return tuple(side + k - 1 for side, k in zip(size, _kernel(settings).shape, strict=True))


def noise_found(picture: Picture, settings: RestoreSettings) -> float:
    """Return the level of the noise that a blurred picture is taken to have.

    It is read off the frequencies that the blur left next to nothing of, and is no less than what
    rounding and the steps of a JPEG do to the others, which in those may be rounded to 0.

    Raises:
        InputError: as `observe`.
    """
    x = _whole(picture, known(picture, settings).measured)
    blur = _blur(x, settings)
    jpeg = picture.metadata.jpeg
    step = None if jpeg is None else jpeg.median_step
    return max(blur.noise_in(blur.read(x)), least_noise(picture), OF_STEP * (step or 0.0))


def least_noise(picture: Picture) -> float:
    """Return the least level that a blurred picture is taken to have: floats have no rounding."""
    return LEAST_NOISE if picture.pixels.dtype == np.uint8 else FINER


def _whole(picture: Picture, valid: np.ndarray) -> Tensor:
    """Return samples (1, channel, height, width), with others where they are not known."""
    _check_unit(picture, valid)
    pixels = to_unit(picture.pixels)
    pixels = pixels if valid.all() else filled(pixels, valid)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))[None]


def _noise(settings: RestoreSettings) -> float:
    return settings.sigma or 0.0


def _superres(
    x: Tensor, _valid: np.ndarray, settings: RestoreSettings
) -> tuple[Observation, Tensor]:
    factor = settings.enlarges
    size = x.shape[-2] * factor, x.shape[-1] * factor
    means = BlockMeans(size, factor, noise=_noise(settings))
    return Observation(means, x), F.interpolate(x, size, mode="bicubic", antialias=False)


def _inpaint(x: Tensor, valid: np.ndarray, settings: RestoreSettings) -> tuple[Observation, Tensor]:
    pixels = KnownPixels(torch.from_numpy(valid), noise=_noise(settings))
    return Observation(pixels, pixels.coefficients(x)), x


def _deblur(x: Tensor, _valid: np.ndarray, settings: RestoreSettings) -> tuple[Observation, Tensor]:
    blur = _blur(x, settings)
    rows, columns = ((large - n) // 2 for large, n in zip(blur.size, x.shape[2:], strict=True))
    guess = F.pad(x, (columns, columns, rows, rows), mode="replicate")
    return Observation(blur, blur.read(x)), guess


def _blur(x: Tensor, settings: RestoreSettings) -> Blur:
    """Return how a picture was blurred, of a level that is not known yet as with `LEAST_NOISE`."""
    how = Blur if settings.edges == "mirrored" else CutBlur
    size = x.shape[-2], x.shape[-1]
    return how(size, _kernel(settings), noise=_noise(settings) or LEAST_NOISE)


def _sensing(
    x: Tensor, _valid: np.ndarray, settings: RestoreSettings
) -> tuple[Observation, Tensor]:
    assert settings.ratio is not None
    size, seed = (x.shape[-2], x.shape[-1]), settings.projections or 0
    sensing = RandomSensing(size, settings.ratio, seed=seed, noise=_noise(settings))
    return _used(sensing, x, torch.full_like(x, 0.5))


def _spectral(
    x: Tensor, _valid: np.ndarray, settings: RestoreSettings
) -> tuple[Observation, Tensor]:
    assert settings.share is not None
    low = LowFrequencies((x.shape[-2], x.shape[-1]), settings.share, noise=_noise(settings))
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

LEAST_NOISE, FINER = 0.5 / 255, 0.1 / 255
"""Rounding to 8 bits; and of 16 bits and floats what a blur can be undone with in floating point,
where results are as good as with less."""
OF_STEP = 1 / 6
"""Error of a JPEG over its median step: half of what is evenly spread within steps has, because
most coefficients of a blurred picture are far smaller than a step."""


def _check_unit(picture: Picture, valid: np.ndarray) -> None:
    """Refuse floats that are plainly not in [0, 1], where the noise levels have their meaning."""
    values = picture.pixels[valid]
    low, high = float(values.min()), float(values.max())
    if picture.pixels.dtype.kind == "f" and not (low >= -0.5 and high <= 1.5):
        raise InputError(
            f"The values go from {low:.4g} to {high:.4g}: floats must lie in [0, 1]; bring "
            "them there, pixels of 8 bits by dividing them by 255."
        )


def _kernel(settings: RestoreSettings) -> Tensor:
    if settings.blur is not None:
        return gaussian_kernel(settings.blur)
    given = settings.kernel
    array = _read(given) if isinstance(given, str | Path) else plain_array(given, what="kernel")
    if array.dtype.kind not in "fiu":
        raise InputError("The kernel is no array of real numbers: expected (rows, columns).")
    if not np.isfinite(array).all() or array.sum() == 0:
        raise InputError("The kernel holds NaN, or its sum is 0: expected weights of sum 1.")
    return torch.from_numpy(array.astype(np.float64))


def _read(kernel: str | Path) -> np.ndarray:
    path = as_path(str(kernel), name="kernel")
    if not path.is_file():
        raise InputError(
            f"There is no file {path}: kernel names an .npy file; of a Gaussian blur give its "
            "standard deviation in pixels, as blur."
        )
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as an .npy file with a kernel.") from error
    if not isinstance(found, np.ndarray):
        found.close()
        raise InputError(f"{path} may hold several arrays: save the kernel alone, as an .npy file.")
    return found
