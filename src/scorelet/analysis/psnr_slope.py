"""How fast a denoiser gains as noise vanishes: the slope of output PSNR over input PSNR.

For images whose sorted coefficients in the best basis fall as c_k² ~ k^-(α+1), the error of the
best denoiser falls as σ^(2α/(α+1)): a slope of α/(α+1). Slopes depend on the window, because images
of pixels drift to slope 1 at high PSNR; so the window belongs to the result.

References: Kadkhodaie et al. 2024, arXiv 2310.02557, eq. 13.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorelet.core.errors import InputError

Level = float | int
Values = Sequence[Level] | np.ndarray

_FEWEST = 3


@dataclass(frozen=True)
class PsnrSlope:
    """A line output = intercept + slope · input, fitted by least squares.

    Attributes:
        slope: of the line; its standard error by the residuals is `error`.
        intercept: in dB, at an input PSNR of 0.
        window: lowest and highest input PSNR that were used, in dB.
        points: how many.
    """

    slope: float
    error: float
    intercept: float
    window: tuple[Level, Level]
    points: int


def psnr_slope(noisy: Values, denoised: Values, window: tuple[Level, Level] = (0, 25)) -> PsnrSlope:
    """Fit the slope within a window of input PSNR.

    Args:
        noisy: input PSNR in dB, -20 log10 σ for images in [0, 1].
        denoised: output PSNR in dB, as many.
        window: lowest and highest input PSNR that count, in dB.

    Raises:
        InputError: what is no list of real numbers, lengths that differ, an input or a window that
            is NaN, or fewer than three points within the window.

    Outputs that are not finite, as of an exact answer, are left out.
    """
    x, y = _levels(noisy, "noisy"), _levels(denoised, "denoised")
    if x.shape != y.shape or x.ndim != 1:
        raise InputError(f"There are {x.size} input and {y.size} output values: expected as many.")
    low, high = window
    if np.isnan([*x, low, high]).any():
        raise InputError("An input PSNR, or an end of the window, is NaN: leave such levels out.")
    inside = (x >= low) & (x <= high) & np.isfinite(y)
    x, y = x[inside], y[inside]
    if len(np.unique(x)) < _FEWEST:
        raise InputError(
            f"{len(np.unique(x))} noise levels lie between {low:g} and {high:g} dB: at least "
            f"{_FEWEST} are needed; widen the window."
        )
    centred = x - x.mean()
    power = float(centred @ centred)
    slope = float(centred @ y) / power
    residual = y - y.mean() - slope * centred
    error = float(np.sqrt(residual @ residual / max(1, len(x) - 2) / power))
    return PsnrSlope(slope, error, float(y.mean() - slope * x.mean()), window, len(x))


def _levels(values: Values, name: str) -> np.ndarray:
    found = np.asarray(values)
    if found.dtype.kind not in "fiu":
        raise InputError(f"{name} holds {found.dtype}: expected real numbers, PSNR in dB.")
    return found.astype(float)
