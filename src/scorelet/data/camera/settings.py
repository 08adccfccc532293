"""What a simulated camera does, and the ranges from which cameras are drawn."""

from dataclasses import dataclass

import numpy as np

from scorelet.core.errors import InputError
from scorelet.core.random import numpy_generator
from scorelet.data.camera.mosaic import ORDERS, Method

GAIN = (1e-4, 1e-2)
"""a: what a photon adds, white being 1; log-uniform. ISO 100 to 12,800 of usual sensors."""
READING = (0.01, 0.2)
"""b / a: variance of reading in units of a; log-uniform."""
RED, BLUE = (1.4, 2.6), (1.2, 2.4)
"""Gains of white balance; uniform. Green has 1."""
SATURATION = (0.0, 0.35)
"""s of the colour matrix (1 + s) I - s/3 (all ones): how far sensors mix colours; uniform."""
CONTRAST = (0.0, 0.5)
SHARPENING = (-0.6, 0.8)
"""Amount of the unsharp mask; negative values smooth; uniform."""
RADIUS = (0.5, 1.2)
"""Standard deviation of its Gaussian in pixels; uniform."""
SCALE = (0.6, 1.4)
"""Factor of resizing, uniform; half of all pictures keep their size."""
QUALITY = (50, 98)
"""Of the JPEG; uniform."""
BRIGHTNESS_BLUR, COLOUR_BLUR = (0.0, 2.0), (0.0, 7.0)
"""Standard deviations of what noise reduction leaves, in pixels; uniform, 0 in a quarter."""
TAIL = (0.0, 1.0)
"""Weight of a Gaussian that is three times as wide: grain has no single size; uniform, 0 in a
quarter."""
BRIGHTNESS_LEFT, COLOUR_LEFT = (0.3, 1.0), (0.1, 0.8)
"""Shares of the noise that are left; log-uniform."""


@dataclass(frozen=True)
class CameraSettings:
    """One camera and how it is set.

    Args:
        a, b: variance a x + b of the sensor's noise, x light with white at 1.
        order: of the mosaic.
        method: of demosaicing.
        red, blue: gains of white balance.
        saturation: s of the colour matrix.
        contrast: of the tone curve.
        sharpening, radius: amount and width of the unsharp mask.
        scale: factor by which the developed picture is resized.
        quality, subsampling: of the JPEG; 0 is 4:4:4, 2 is 4:2:0.
        brightness_blur, brightness_left, colour_blur, colour_left: noise reduction, see
            `scorelet.data.camera.reduction`; 0 and 1 leave all noise as it is.
        brightness_tail, colour_tail: how much of the grain is slow.

    Raises:
        InputError: a value that is impossible.
    """

    a: float = 1e-3
    b: float = 1e-4
    order: str = "RGGB"
    method: Method = "malvar"
    red: float = 2.0
    blue: float = 1.7
    saturation: float = 0.2
    contrast: float = 0.2
    sharpening: float = 0.3
    radius: float = 0.8
    scale: float = 1.0
    quality: int = 90
    subsampling: int = 2
    brightness_blur: float = 0.0
    brightness_left: float = 1.0
    colour_blur: float = 0.0
    colour_left: float = 1.0
    brightness_tail: float = 0.0
    colour_tail: float = 0.0

    def __post_init__(self) -> None:
        limits = {
            "a": (0, 1),
            "b": (0, 1),
            "red": (1, 8),
            "blue": (1, 8),
            "saturation": (0, 1),
            "contrast": (0, 0.95),
            "sharpening": (-1, 4),
            "radius": (0.1, 8),
            "scale": (0.1, 4),
            "quality": (1, 100),
            "brightness_blur": (0, 8),
            "brightness_left": (0, 4),
            "colour_blur": (0, 32),
            "colour_left": (0, 4),
            "brightness_tail": (0, 4),
            "colour_tail": (0, 4),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} is {value}: it must lie between {low} and {high}.")
        if self.order not in ORDERS or self.subsampling not in (0, 2):
            raise InputError(
                f"order is {self.order!r} and subsampling {self.subsampling}: they must be one of "
                f"{', '.join(ORDERS)}, and 0 (4:4:4) or 2 (4:2:0)."
            )


def draw_settings(seed: int, index: int) -> CameraSettings:
    """Draw a camera from the ranges of this module: a function of (seed, index)."""
    rng = numpy_generator(seed, index)
    a = log_uniform(rng, GAIN)
    return CameraSettings(
        a=a,
        b=a * log_uniform(rng, READING),
        order=ORDERS[rng.integers(4)],
        method="malvar" if rng.random() < 0.7 else "bilinear",
        red=rng.uniform(*RED),
        blue=rng.uniform(*BLUE),
        saturation=rng.uniform(*SATURATION),
        contrast=rng.uniform(*CONTRAST),
        sharpening=rng.uniform(*SHARPENING),
        radius=rng.uniform(*RADIUS),
        scale=rng.uniform(*SCALE) if rng.random() < 0.5 else 1.0,
        quality=int(rng.integers(QUALITY[0], QUALITY[1] + 1)),
        subsampling=2 if rng.random() < 0.5 else 0,
        brightness_blur=_often_none(rng, BRIGHTNESS_BLUR),
        brightness_left=log_uniform(rng, BRIGHTNESS_LEFT),
        colour_blur=_often_none(rng, COLOUR_BLUR),
        colour_left=log_uniform(rng, COLOUR_LEFT),
        brightness_tail=_often_none(rng, TAIL),
        colour_tail=_often_none(rng, TAIL),
    )


def _often_none(rng: np.random.Generator, ends: tuple[float, float]) -> float:
    return 0.0 if rng.random() < 0.25 else rng.uniform(*ends)


def log_uniform(rng: np.random.Generator, ends: tuple[float, float]) -> float:
    """Draw a number whose logarithm is uniform between those of the ends."""
    return float(np.exp(rng.uniform(*np.log(ends))))
