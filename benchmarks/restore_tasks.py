"""What is restored, and what is done without a prior: cubics, nearest pixels, Wiener filters.

A problem is a picture x in [0, 1], its measurement, and the words of `scorelet.restore` for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from decibels import decibels
from measure import Pixels
from scipy import ndimage

from scorelet.models.measurements import BlockMeans, Blur, KnownPixels, Measurement, gaussian_kernel
from scorelet.models.measurements.cosines import cosine_transform, inverse_cosine_transform

FACTOR = 4
MISSING = 0.9
BLUR, NOISE = 2.0, 2 / 255
EXPONENTS = (0.0, 1.0, 2.0, 3.0)
WEIGHTS = np.geomspace(1e-6, 1e2, 33)


@dataclass(frozen=True)
class Problem:
    """What is given of a picture.

    Attributes:
        given: what `restore` is given, (height, width).
        words: its options.
        measurement, measured: what the result is held against.
        plain: what is made of it without a prior.
    """

    given: Pixels
    words: dict[str, Any]
    measurement: Measurement
    measured: torch.Tensor
    plain: Pixels
    settings: dict[str, float] = field(default_factory=dict)


def superres(x: Pixels, _seed: int) -> Problem:
    """x4: means of blocks of 4x4 pixels, not rounded; beside cubics."""
    means = BlockMeans((x.shape[0], x.shape[1]), FACTOR)
    small = means.measure(_batch(x))
    cubic = torch.nn.functional.interpolate(small, x.shape, mode="bicubic", antialias=False)
    words = {"task": "superres", "factor": FACTOR}
    return Problem(_plain(small), words, means, small, _plain(cubic))


def missing(x: Pixels, seed: int) -> Problem:
    """90 % of the pixels are missing, at random; beside the nearest pixel that is known."""
    known = np.random.default_rng(seed).random(x.shape) >= MISSING
    pixels = KnownPixels(torch.from_numpy(known))
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    given = np.where(known, x, 0).astype(np.float32)
    words = {"task": "inpaint", "mask": known}
    return Problem(given, words, pixels, pixels.measure(_batch(x)), x[tuple(nearest)])


def deblur(x: Pixels, seed: int) -> Problem:
    """Gaussian blur of 2 pixels, noise 2/255; beside Wiener filters tuned with the truth."""
    blur = Blur((x.shape[0], x.shape[1]), gaussian_kernel(BLUR), noise=NOISE)
    noise = np.random.default_rng(seed).standard_normal(x.shape)
    soft = blur.blurred(_batch(x)) + torch.from_numpy(NOISE * noise).float()[None, None]
    best, settings = _tuned_wiener(soft, blur, x)
    words = {"task": "deblur", "blur": BLUR, "sigma": NOISE}
    return Problem(_plain(soft), words, blur, blur.read(soft), best, settings)


PROBLEMS: dict[str, Callable[[Pixels, int], Problem]] = {
    "x4 super-resolution": superres,
    "90 % missing": missing,
    "deblurring": deblur,
}
PLAIN = {
    "x4 super-resolution": "cubics",
    "90 % missing": "nearest pixel",
    "deblurring": "Wiener, tuned with the truth",
}


def clipped_decibels(estimate: Pixels, x: Pixels) -> float:
    """Return the PSNR of an estimate that is clipped to [0, 1]."""
    return decibels(np.clip(estimate, 0, 1), x)


def _tuned_wiener(soft: torch.Tensor, blur: Blur, x: Pixels) -> tuple[Pixels, dict[str, float]]:
    """Return h c/(h² + w f^p) with the weight w and the exponent p that are best for this picture.

    f^-p stands for the power of pictures at the frequency f.
    """
    spectrum, h = cosine_transform(soft.double()), blur.spectrum
    rows, columns = (torch.arange(n, dtype=torch.float64) / n for n in x.shape)
    frequency = (rows[:, None] ** 2 + columns[None] ** 2).sqrt()
    found: tuple[float, Pixels, dict[str, float]] = (-np.inf, x, {})
    for exponent in EXPONENTS:
        power = frequency.clamp_min(float(frequency[0, 1])) ** exponent
        for weight in WEIGHTS:
            estimate = inverse_cosine_transform(spectrum * h / (h**2 + weight * power))
            quality = clipped_decibels(_plain(estimate), x)
            if quality > found[0]:
                found = quality, _plain(estimate), {"weight": float(weight), "exponent": exponent}
    return found[1], found[2]


def _batch(x: Pixels) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(x, np.float32))[None, None]


def _plain(x: torch.Tensor) -> Pixels:
    return x[0, 0].float().numpy()
