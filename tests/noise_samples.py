"""Pictures of the repository with noise of several kinds."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scorelet.data.camera import CameraSettings, demosaic, mosaic, take

CLEAN = Path(__file__).parents[1] / "examples" / "clean"
NAMES = ("camera", "chelsea")  # gray values on a tripod; hair everywhere
TELEPHONE = CameraSettings(
    a=4e-3,
    b=4e-4,
    method="bilinear",
    sharpening=-0.5,
    radius=1.2,
    brightness_blur=0.9,
    colour_blur=4.0,
    colour_left=0.5,
)
"""A camera that smooths what it develops."""


def clean(name):
    """(height, width, 3) of bytes."""
    return np.asarray(Image.open(CLEAN / f"{name}.png").convert("RGB"))


def white(x, sigma, seed=0):
    """White noise of `sigma` (8-bit units), as bytes."""
    y = x + sigma * np.random.default_rng(seed).standard_normal(x.shape)
    return np.uint8(np.rint(y.clip(0, 255)))


def counts(x, peak, seed=0):
    """Photons, so many where the picture is white."""
    return np.random.default_rng(seed).poisson(peak * (x / 255.0))


def shot(x, **changes):
    """The JPEG of a simulated camera, decoded."""
    return take(x, replace(TELEPHONE, **changes), seed=0).noisy


def faint_shot(x):
    """The same with about the grain of a real camera at ISO 1600."""
    return shot(x, a=2e-4, b=2e-5)


def demosaiced(noise):
    """Noise of a sensor's colours, each linear between its own pixels."""
    raw = mosaic(torch.from_numpy(noise).permute(2, 0, 1)[None])
    return demosaic(raw, method="bilinear")[0].permute(1, 2, 0).numpy()


def jpeg(x, quality):
    """A picture after JPEG, decoded."""
    stream = io.BytesIO()
    Image.fromarray(x).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))
