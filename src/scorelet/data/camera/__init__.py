"""A simulated camera: from a clean picture to its noisy JPEG and its clean JPEG."""

from scorelet.data.camera.mosaic import ORDERS, demosaic, mosaic
from scorelet.data.camera.settings import CameraSettings, draw_settings
from scorelet.data.camera.shot import Shot, take
from scorelet.data.camera.tone import (
    compress,
    expand,
    linear_from_srgb,
    srgb_from_linear,
)

__all__ = [
    "ORDERS",
    "CameraSettings",
    "Shot",
    "compress",
    "demosaic",
    "draw_settings",
    "expand",
    "linear_from_srgb",
    "mosaic",
    "srgb_from_linear",
    "take",
]
