"""What a camera's noise reduction leaves of the noise, as if it spared the picture.

Symbols: r noise of the developed picture; Y, C_b, C_r brightness and colours of JPEG; g_s Gaussian
of standard deviation s with unit 2-norm, so that white noise keeps its variance.

    Y -> l_Y g_s(Y) * Y,   C -> l_C g_s(C) * C

Cameras smooth the colours by far more than the brightness: their noise comes in blotches of about
ten pixels.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.typing import Image
from scorelet.data.camera.settings import CameraSettings

_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def reduced(noise: Image, settings: CameraSettings) -> Tensor:
    """Return what is left of the noise (batch, 3, height, width); borders are mirrored."""
    matrix = torch.tensor(_TO_YCC, dtype=torch.float64)
    ycc = (matrix.to(noise) @ noise.flatten(2)).reshape(noise.shape)
    brightness = settings.brightness_left * _grain(ycc[:, :1], settings.brightness_blur)
    colours = settings.colour_left * _grain(ycc[:, 1:], settings.colour_blur)
    left = torch.cat([brightness, colours], 1)
    return (matrix.inverse().to(noise) @ left.flatten(2)).reshape(noise.shape)


def _grain(x: Image, deviation: float) -> Tensor:
    line = gaussian_line(deviation, longest=min(x.shape[2:]) - 1)
    return blurred(x, line / line.norm())


def gaussian_line(deviation: float, *, longest: int) -> Tensor:
    """Return a sampled Gaussian of sum 1 with three deviations to each side, float64.

    Args:
        deviation: in pixels; 0 is a single one.
        longest: most samples to each side.
    """
    reach = min(math.ceil(3 * deviation), longest)
    places = torch.arange(-reach, reach + 1, dtype=torch.float64)
    line = torch.exp(-((places / max(deviation, 1e-9)) ** 2) / 2)
    return line / line.sum()


def blurred(x: Image, line: Tensor) -> Tensor:
    """Convolve rows and columns with a line of odd length, borders mirrored."""
    reach, channels = len(line) // 2, x.shape[1]
    row = line.to(x).expand(channels, 1, 1, -1)
    x = F.conv2d(F.pad(x, (reach, reach, 0, 0), mode="reflect"), row, groups=channels)
    x = F.pad(x, (0, 0, reach, reach), mode="reflect")
    return F.conv2d(x, row.transpose(2, 3), groups=channels)
