"""What a camera's noise reduction leaves of the noise, as if it spared the picture.

Symbols: r noise of the developed picture; Y, C_b, C_r brightness and colours of JPEG; g_s Gaussian
of standard deviation s with unit 2-norm; t weight of the slow part. Kernels have unit 2-norm, so
that white noise keeps its variance, but for borders, where mirror images make it larger.

    Y -> l_Y k(s_Y, t_Y) * Y,   C -> l_C k(s_C, t_C) * C
    k(s, t) = (g_s + t g_3s) / |g_s + t g_3s|

Cameras smooth the colours by far more than the brightness: their noise comes in blotches of about
ten pixels. Real grain has no single size: the power of its brightness still grows towards slow
waves, where a Gaussian's has ended to grow. Hence the slow part.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.typing import Image
from scorelet.data.camera.settings import CameraSettings

_SLOWER = 3
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def reduced(noise: Image, settings: CameraSettings) -> Tensor:
    """Return what is left of the noise (batch, 3, height, width); borders are mirrored."""
    matrix = torch.tensor(_TO_YCC, dtype=torch.float64)
    ycc = (matrix.to(noise) @ noise.flatten(2)).reshape(noise.shape)
    brightness = _grain(ycc[:, :1], settings.brightness_blur, settings.brightness_tail)
    colours = _grain(ycc[:, 1:], settings.colour_blur, settings.colour_tail)
    left = torch.cat([settings.brightness_left * brightness, settings.colour_left * colours], 1)
    return (matrix.inverse().to(noise) @ left.flatten(2)).reshape(noise.shape)


def _grain(x: Image, deviation: float, tail: float) -> Tensor:
    """Return k(s, t) * x."""
    longest = min(x.shape[2:]) - 1
    fine, slow = (gaussian_line(s, longest=longest) for s in (deviation, _SLOWER * deviation))
    fine, slow = fine / fine.norm(), slow / slow.norm()
    if not tail:
        return blurred(x, fine)
    margin = (len(slow) - len(fine)) // 2
    product = float(F.pad(fine, (margin, margin)) @ slow)  # of the lines; of the kernels its square
    norm = math.sqrt(1 + 2 * tail * product**2 + tail**2)
    return (blurred(x, fine) + tail * blurred(x, slow)) / norm


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
