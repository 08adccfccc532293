"""Names → built-in checkpoints and cards; loading by name, path or Hub id."""

from scorelet.zoo.checkpoints import (
    build_network,
    load_calibration,
    load_denoiser,
    load_weights,
    save_denoiser,
)
from scorelet.zoo.registry import card, load, locate_weights, names

__all__ = [
    "build_network",
    "card",
    "load",
    "load_calibration",
    "load_denoiser",
    "load_weights",
    "locate_weights",
    "names",
    "save_denoiser",
]
