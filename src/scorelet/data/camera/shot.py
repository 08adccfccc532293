"""A shot: light from a clean picture, the sensor's noise, development, JPEG.

Symbols: x developed picture in [0, 1]; l = light on the sensor, by colour; a l + b the variance of
its noise. Development is D = resize o sharpen o tone o matrix o white balance o demosaic; light is
the inverse of tone, matrix and white balance at x, so that without noise D gives x back, but for
what mosaic, sharpening and resizing change. The noisy picture is F(x) + R(B(D(noisy) - D(clean))):
F = resize o sharpen, R is noise reduction, B takes the local mean away. So noise goes through the
mosaic and the picture does not: the two ways to demosaic that are here leave dots at edges, which
real cameras do not. And the clean picture is what the mean of many shots is: noise shifts the
brightness where the tone curve bends or the sensor cuts values off, in each shot alike, and a
denoiser shall not shift it back. At edges, which the local mean crosses, and where the noisy
picture itself is cut off, near black and white, the mean of shots is still another.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.core.typing import Image
from scorelet.data.camera.mosaic import demosaic, mosaic
from scorelet.data.camera.reduction import blurred, gaussian_line, reduced
from scorelet.data.camera.settings import CameraSettings
from scorelet.data.camera.tone import compress, expand, linear_from_srgb, srgb_from_linear
from scorelet.data.pictures.types import to_unit

_LOCAL = 24.0
"""Standard deviation, in pixels, of the Gaussian that a local mean is taken with."""


@dataclass(frozen=True, eq=False)
class Shot:
    """What a camera makes of a picture.

    Attributes:
        noisy, clean: the JPEG as decoded, (height, width, 3) uint8: with noise, and without.
        noisy_file: bytes of the noisy JPEG.
        developed: without noise and before the JPEG, (height, width, 3) float32 in [0, 1].
    """

    noisy: np.ndarray
    clean: np.ndarray
    noisy_file: bytes
    developed: np.ndarray


def take(picture: np.ndarray, settings: CameraSettings, *, seed: int, index: int = 0) -> Shot:
    """Photograph a picture: a function of the picture, the settings, and (seed, index).

    Args:
        picture: clean, (height, width, 3), uint8, uint16 or floats in [0, 1]; at least 8 pixels
            each way.

    Raises:
        InputError: another shape or dtype.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape[:2]) < 8:
        raise InputError(
            f"The picture has shape {picture.shape}: expected (height, width, 3), 8 pixels or more."
        )
    x = torch.from_numpy(np.ascontiguousarray(to_unit(picture).transpose(2, 0, 1), np.float32))[
        None
    ]
    raw = mosaic(light(x, settings), settings.order)
    noisy = expose(raw, settings, rng=generator(seed, index))
    with_noise, without = develop(torch.cat([noisy, raw]), settings).split(1)
    x = finish(x, settings)
    y = (x + reduced(_centred(with_noise - without), settings)).clamp(0, 1)
    files = [encode(one[0], settings.quality, settings.subsampling) for one in (y, x)]
    return Shot(*(decode(file) for file in files), files[0], x[0].permute(1, 2, 0).numpy())


def light(x: Image, settings: CameraSettings) -> Image:
    """Return the light by colour that develops into x: the inverse of tone, matrix and balance.

    Colours that no light gives (below 0) are clipped.
    """
    linear = linear_from_srgb(expand(x, settings.contrast))
    colours = torch.linalg.solve(_matrix(settings).to(x), linear.flatten(2)).reshape(x.shape)
    return (colours / _gains(settings, x)).clamp(0, 1)


def expose(raw: Image, settings: CameraSettings, *, rng: Generator) -> Image:
    """Return a mosaic with noise of variance a l + b, cut off at white."""
    y = raw
    if settings.a:
        y = settings.a * torch.poisson(raw / settings.a, generator=rng)
    return (y + math.sqrt(settings.b) * randn(tuple(raw.shape), rng=rng, like=raw)).clamp(max=1)


def develop(raw: Image, settings: CameraSettings) -> Tensor:
    """Return the picture (batch, 3, height, width) of a mosaic, values in [0, 1]."""
    colours = demosaic(raw, settings.order, method=settings.method) * _gains(settings, raw)
    linear = (_matrix(settings).to(raw) @ colours.flatten(2)).reshape(colours.shape)
    return finish(compress(srgb_from_linear(linear), settings.contrast), settings)


def finish(x: Image, settings: CameraSettings) -> Tensor:
    """Return F(x), x sharpened and resized, values in [0, 1]."""
    x = _sharpened(x, settings)
    if settings.scale != 1:
        size = [max(8, round(side * settings.scale)) for side in x.shape[2:]]
        x = F.interpolate(x, size=size, mode="bicubic", antialias=True, align_corners=False)
    return x.clamp(0, 1)


def encode(x: Tensor, quality: int, subsampling: int) -> bytes:
    """Return the JPEG of a picture (3, height, width) with values in [0, 1]."""
    from PIL import Image as Pillow

    pixels = (x * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=subsampling)
    return stream.getvalue()


def decode(file: bytes) -> np.ndarray:
    """Return the pixels of a JPEG, (height, width, 3) uint8."""
    from PIL import Image as Pillow

    return np.asarray(Pillow.open(io.BytesIO(file)).convert("RGB"))


def _centred(noise: Image) -> Tensor:
    """Return noise less its local mean, of a Gaussian of 24 pixels."""
    line = gaussian_line(_LOCAL, longest=min(noise.shape[2:]) - 1)
    return noise - blurred(noise, line)


def _gains(settings: CameraSettings, like: Tensor) -> Tensor:
    return torch.tensor([settings.red, 1.0, settings.blue]).to(like)[:, None, None]


def _matrix(settings: CameraSettings) -> Tensor:
    """Return (1 + s) I - s/3: gray stays gray."""
    s = settings.saturation
    return (1 + s) * torch.eye(3) - s / 3


def _sharpened(x: Image, settings: CameraSettings) -> Image:
    """Return x + amount (x - G x) with a Gaussian G; a negative amount smooths."""
    if not settings.sharpening:
        return x
    line = gaussian_line(settings.radius, longest=min(x.shape[2:]) - 1)
    return x + settings.sharpening * (x - blurred(x, line))
