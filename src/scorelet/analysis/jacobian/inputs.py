"""What `jacobian_basis` takes: images, maps and options, checked once."""

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.analysis.jacobian.products import Map
from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.models import Denoiser


def as_point(y: Tensor | np.ndarray, f: object) -> Tensor:
    """Return y as a floating point tensor; images of modules get a batch axis."""
    point = _as_tensor(y) if isinstance(y, np.ndarray) else y.detach()
    if point.layout != torch.strided or not point.is_floating_point():
        kind = point.dtype if point.layout == torch.strided else point.layout
        raise InputError(
            f"y holds {kind}: give a dense tensor or array of floats; pictures of 8 bits are "
            "divided by 255."
        )
    if point.numel() < 2:
        raise InputError(f"y must be an image of at least two numbers, got {point.numel()}.")
    if not bool(point.isfinite().all()):
        raise InputError("y holds NaN or infinite numbers: fill them first.")
    if isinstance(f, nn.Module) and point.ndim in (2, 3):
        return point[(None,) * (4 - point.ndim)]
    if isinstance(f, nn.Module) and point.ndim == 4 and len(point) > 1:
        raise InputError(f"y is a batch of {len(point)}: give one image, each has its own basis.")
    return point


def _as_tensor(y: np.ndarray) -> Tensor:
    """Return a copy of y, in the byte order of the machine."""
    if np.ma.is_masked(y):
        raise InputError("y is an array with masked numbers: fill them first.")
    if y.dtype.kind not in "fiub":
        raise InputError(f"y holds {y.dtype}: give an array of floats.")
    kind = np.dtype(np.float64) if y.dtype.itemsize > 8 else y.dtype.newbyteorder("=")
    return torch.from_numpy(np.array(y, kind))


def check_options(
    kind: str, method: str, k: int | None, size: int, tolerance: float, probes: int, seed: int
) -> None:
    """Refuse words and numbers without a meaning, for a y of `size` numbers."""
    if kind not in ("symmetric", "singular"):
        raise InputError(f"kind is {kind!r}: it must be symmetric or singular.")
    if method not in ("auto", "full", "iterative"):
        raise InputError(f"method is {method!r}: it must be auto, full or iterative.")
    if k is not None and (not is_whole(k) or not 1 <= k <= size):
        raise InputError(f"k is {k!r}: it must be between 1 and {size}, the numbers in y.")
    if method == "iterative" and (k is None or k >= size - 1):
        raise InputError(
            f"The iterative method finds at most {size - 2} of {size} vectors: give a smaller k, "
            "or take the full one."
        )
    if not 0 < tolerance < 1:
        raise InputError(f"tolerance is {tolerance!r}: it must lie between 0 and 1.")
    if not is_whole(seed) or seed < 0:
        raise InputError(f"seed is {seed!r}: it must be a whole number, not negative.")
    if not is_whole(probes) or probes < 2:
        raise InputError(f"probes is {probes!r}: at least 2 are needed for an error.")


def checked_level(sigma: float) -> float:
    """Return sigma as a positive number."""
    try:
        level = float(sigma)
    except (TypeError, ValueError) as error:
        raise InputError(f"sigma must be a positive number, got {sigma!r}.") from error
    if not 0 < level < float("inf"):
        raise InputError(f"sigma must be a positive number, got {sigma!r}.")
    return level


def closed(f: Map | Denoiser, sigma: float | None) -> Map:
    """Return y -> f(y, σ) for denoisers, f for others."""
    if not isinstance(f, Denoiser):
        return f
    if sigma is None and not f.blind:
        raise InputError("This denoiser needs the noise level: give sigma, in the unit of y.")
    return lambda y: f(y, sigma)
