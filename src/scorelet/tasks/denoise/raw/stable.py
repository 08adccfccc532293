"""A mosaic whose noise is white of level 1, and back to light without bias."""

import numpy as np
import torch
from torch import Tensor

from scorelet.data.pictures.sensor import places
from scorelet.models import PoissonGaussianNoise, anscombe, inverse_anscombe

Laws = dict[str, PoissonGaussianNoise]

PHOTONS = 1e-3
"""a / sqrt(b) below which the noise hardly depends on the light, and is only scaled."""


def stabilised(light: np.ndarray, order: str, laws: Laws) -> np.ndarray:
    """Return f(y), (height, width), float32, by the generalised Anscombe transform of each colour.

    Args:
        light: (height, width).
        order: colours of its first 2x2 pixels.
        laws: of the noise, by colour.
    """
    result = np.empty(light.shape, np.float32)
    for place, colour in places(order):
        law = laws[colour]
        y = torch.from_numpy(np.ascontiguousarray(light[place]))
        f = anscombe(y, law) if _depends(law) else y / law.b**0.5
        result[place] = f.numpy()
    return result


def light_of(stable: np.ndarray, order: str, laws: Laws) -> np.ndarray:
    """Return the light x of which E[f(y) | x] is given: the exact unbiased inverse."""
    result = np.empty(stable.shape, np.float32)
    for place, colour in places(order):
        law = laws[colour]
        f: Tensor = torch.from_numpy(np.ascontiguousarray(stable[place]))
        x = inverse_anscombe(f, law) if _depends(law) else f * law.b**0.5
        result[place] = x.numpy()
    return result


def _depends(law: PoissonGaussianNoise) -> bool:
    return law.a > PHOTONS * law.b**0.5
