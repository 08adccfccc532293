"""A denoiser that takes out no more than the noise: a bound for white noise of known level.

Symbols: y = x + sigma z, f(y) a denoiser's estimate, m = f(y) - y its move, v the mean of m^2 in a
window around a pixel.

By Stein's identity, E[-m . sigma z] = sigma^2 (N - E[div f]) <= N sigma^2 for N pixels where f
shrinks, so the mean square error of y + k m, sigma^2 - 2 k E[-m . sigma z] / N + k^2 E[m^2] / N,
is least at a k <= sigma^2 / v. A move that is larger than the noise takes signal out, and is
shortened to that bound.
"""

import torch.nn.functional as F
from torch import Tensor

from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.denoiser import Denoiser, Locality

REACH = 4.0
"""How far a pixel may move, in sigma."""
RADIUS = 8
"""Of the window, in pixels: 17x17, in which v has an error of 8 %."""


class VarianceBoundDenoiser(Denoiser):
    """y + k m with k = min(1, sigma^2 / v), m cut off at 4 sigma.

    Args:
        denoiser: of white noise, blind or not. A blind one may take fine texture for noise.

    References: Stein 1981, Estimation of the mean of a multivariate normal distribution, Annals of
    Statistics 9, lemma 1.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.channels = denoiser.channels
        self.know_classes_of(denoiser)
        self.conditional, self.needs_cond = denoiser.conditional, denoiser.needs_cond
        radius, multiple = denoiser.locality
        self.locality = Locality(None if radius is None else radius + RADIUS, multiple)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        level = sigma[:, None, None, None]
        move = self.denoiser(y, sigma, cond=cond, label=label) - y
        move = move.clamp(-REACH * level, REACH * level)
        power = _window_means(move.square().mean(1, keepdim=True))
        return y + move * (level.square() / power.clamp(min=1e-30)).clamp(max=1)


def _window_means(values: Tensor) -> Tensor:
    """Return the means of windows around pixels; at the border, of what lies inside."""
    return F.avg_pool2d(values, 2 * RADIUS + 1, 1, RADIUS, count_include_pad=False)
