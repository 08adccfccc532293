"""Denoising on subsampled grids, on which correlated noise is nearly white.

Symbols: y image, r step; phase (i, j) of y is y[i::r, j::r], of which there are r^2.
"""

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.denoiser import Denoiser, Locality


class SubsampledDenoiser(Denoiser):
    """f_r(y): each of the r x r phases of y denoised by itself, and put back in its place.

    Noise whose correlation is c(d) at distance d has c(r d) on a phase: where neighbours are alike
    only, phases have white noise of the same level. What is lost is the correlation of the signal
    between phases. r = 1 is the denoiser itself.

    Args:
        denoiser: of white noise.
        step: r, at least 1.

    Raises:
        InputError: a step below 1; a denoiser that needs a condition.
    """

    def __init__(self, denoiser: Denoiser, step: int) -> None:
        super().__init__()
        if step < 1:
            raise InputError(f"The step is {step}: it must be at least 1.")
        if denoiser.needs_cond:
            raise InputError("This denoiser needs a condition, which phases do not have.")
        self.denoiser, self.step = denoiser, step
        self.blind, self.needs_noise = denoiser.blind, denoiser.needs_noise
        self.homogeneous, self.channels = denoiser.homogeneous, denoiser.channels
        self.know_classes_of(denoiser)
        radius = denoiser.locality.receptive_radius
        self.locality = Locality(
            None if radius is None else step * radius, step * denoiser.locality.multiple
        )

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        clean = y.new_empty(y.shape)
        level = None if bool(sigma.isnan().any()) else sigma
        for row in range(min(self.step, y.shape[2])):
            for column in range(min(self.step, y.shape[3])):
                phase = (..., slice(row, None, self.step), slice(column, None, self.step))
                clean[phase] = self.denoiser(y[phase].contiguous(), level, label=label)
        return clean
