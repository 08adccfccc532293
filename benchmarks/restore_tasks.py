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

from scorelet.models.measurements import (
    BlockMeans,
    Blur,
    CutBlur,
    KnownPixels,
    Measurement,
    gaussian_kernel,
)
from scorelet.models.measurements.cosines import cosine_transform, inverse_cosine_transform

FACTOR = 4
MISSING = 0.9
BLUR, NOISE = 2.0, 2 / 255
CUT_OUT, REACH = "deblurring, cut out", gaussian_kernel(BLUR).shape[0] // 2
EXPONENTS = (0.0, 1.0, 2.0, 3.0)
WEIGHTS = np.geomspace(1e-6, 1e2, 33)


@dataclass(frozen=True)
class Problem:
    """What is given of a picture.

    Attributes:
        truth: the picture.
        given: what `restore` is given, (height, width).
        words: its options.
        measurement, measured: what the result is held against.
        plain: what is made of it without a prior.
    """

    truth: Pixels
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
    return Problem(x, _plain(small), words, means, small, _plain(cubic))


def missing(x: Pixels, seed: int) -> Problem:
    """90 % of the pixels are missing, at random; beside the nearest pixel that is known."""
    known = np.random.default_rng(seed).random(x.shape) >= MISSING
    pixels = KnownPixels(torch.from_numpy(known))
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    given = np.where(known, x, 0).astype(np.float32)
    words = {"task": "inpaint", "mask": known}
    return Problem(x, given, words, pixels, pixels.measure(_batch(x)), x[tuple(nearest)])


def deblur(x: Pixels, seed: int) -> Problem:
    """Gaussian blur of 2 pixels with mirrored edges, noise 2/255; beside tuned Wiener filters."""
    blur = Blur((x.shape[0], x.shape[1]), gaussian_kernel(BLUR), noise=NOISE)
    noise = np.random.default_rng(seed).standard_normal(x.shape)
    soft = blur.blurred(_batch(x)) + torch.from_numpy(NOISE * noise).float()[None, None]
    best, settings = _tuned_wiener(soft, blur, x, (slice(None), slice(None)))
    words = {"task": "deblur", "blur": BLUR, "sigma": NOISE, "edges": "mirrored"}
    return Problem(x, _plain(soft), words, blur, blur.read(soft), best, settings)


def deblur_cut_out(scene: Pixels, seed: int) -> Problem:
    """The same of the middle of a scene; Wiener filters continue it by odd reflection.

    The scene has half a kernel more at each edge than what is given. The result is held against the
    pixels that saw nothing from outside of it.
    """
    kernel = gaussian_kernel(BLUR)
    size = tuple(n - k + 1 for n, k in zip(scene.shape, kernel.shape, strict=True))
    cut = CutBlur((size[0], size[1]), kernel, noise=NOISE)
    x = scene[cut.inside]
    noise = np.random.default_rng(seed).standard_normal(x.shape)
    soft = cut.measure(_batch(scene)) + torch.from_numpy(NOISE * noise).float()[None, None]
    margins = [(side, side) for side in cut.margin]
    continued = np.pad(_plain(soft), margins, mode="reflect", reflect_type="odd")
    best, settings = _tuned_wiener(_batch(continued), Blur(cut.size, kernel), x, cut.inside)
    words = {"task": "deblur", "blur": BLUR, "sigma": NOISE}
    rows, columns = cut.margin
    inner = soft[..., rows:-rows, columns:-columns]
    alone = CutBlur((inner.shape[-2], inner.shape[-1]), kernel, noise=NOISE)
    return Problem(x, _plain(soft), words, alone, inner, best, settings)


PROBLEMS: dict[str, Callable[[Pixels, int], Problem]] = {
    "x4 super-resolution": superres,
    "90 % missing": missing,
    "deblurring": deblur,
    CUT_OUT: deblur_cut_out,
}
PLAIN = {
    "x4 super-resolution": "cubics",
    "90 % missing": "nearest pixel",
    "deblurring": "Wiener, tuned with the truth",
    CUT_OUT: "Wiener, continued by odd reflection, tuned with the truth",
}


def clipped_decibels(estimate: Pixels, x: Pixels) -> float:
    """Return the PSNR of an estimate that is clipped to [0, 1]."""
    return decibels(np.clip(estimate, 0, 1), x)


def _tuned_wiener(
    soft: torch.Tensor, blur: Blur, x: Pixels, inside: tuple[slice, slice]
) -> tuple[Pixels, dict[str, float]]:
    """Return h c/(h² + w f^p) with the weight w and the exponent p that are best for this picture.

    f^-p stands for the power of pictures at the frequency f. Of the estimate the part `inside` is
    that of the picture.
    """
    spectrum, h = cosine_transform(soft.double()), blur.spectrum
    rows, columns = (torch.arange(n, dtype=torch.float64) / n for n in soft.shape[2:])
    frequency = (rows[:, None] ** 2 + columns[None] ** 2).sqrt()
    found: tuple[float, Pixels, dict[str, float]] = (-np.inf, x, {})
    for exponent in EXPONENTS:
        power = frequency.clamp_min(float(frequency[0, 1])) ** exponent
        for weight in WEIGHTS:
            estimate = inverse_cosine_transform(spectrum * h / (h**2 + weight * power))
            part = _plain(estimate)[inside]
            quality = clipped_decibels(part, x)
            if quality > found[0]:
                found = quality, part, {"weight": float(weight), "exponent": exponent}
    return found[1], found[2]


def _batch(x: Pixels) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(x, np.float32))[None, None]


def _plain(x: torch.Tensor) -> Pixels:
    return x[0, 0].float().numpy()
