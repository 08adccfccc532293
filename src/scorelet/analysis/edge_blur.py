"""How wide the blur of a picture is, read off its edges.

Across a step that was blurred by a Gaussian of standard deviation b the slope is a Gaussian, of the
height of the step over b √(2π). Blurred by p its largest slope is one over √(b² + p²), blurred
by q, q² = p² + s², one over √(b² + q²); so their ratio R tells b, whatever the height of the step:

    R² = (b² + q²) / (b² + p²),    b² = s² / (R² - 1) - p².

Pixels are means over their own area, by which every edge has 1/12 more. Not all edges of a picture
were steps: soft ones, and two that are near each other, have a larger b or none; so b is
a quantile of what is found, below the middle; noise makes it smaller still. Where it is wide the
picture is halved first.

Reference: Zhuo, Sim 2011, Defocus map estimation from a single image, Pattern Recognition 44.
"""

import math

import numpy as np
from scipy import ndimage

from scorelet.core.blocks import block_means

_NARROW, _STEP = 1.0, 1.5
"""p and s in pixels: p lets edges have a slope between pixels and noise none, s is as wide as the
blurs that are looked for, where R tells most."""
_WIDE = 2.5
"""b in pixels from which on R is near 1, and the picture is halved."""
_PIXEL = 1 / 12
"""Variance that the area of a pixel adds, in pixels squared."""
_STEEPEST = 0.1
"""Share of the pixels, those with the steepest slopes, among which edges are looked for."""
_QUANTILE = 1 / 3
"""Of b² over all edges."""
_ABOVE_NOISE = 6.0
"""Slopes of edges over those of noise, in standard deviations."""
_FEWEST = 200
"""Edges that are measured, at least."""
_ENDS = 0.02
"""How near black and white, in parts of the range, an edge may be cut off."""
_MARGIN = math.ceil(4 * math.hypot(_NARROW, _STEP))
"""Pixels at the edges of the picture, where what is outside has a share."""
_SMALLEST = 4 * _MARGIN
"""Side of a picture in which edges are looked for."""


def edge_blur(plane: np.ndarray, noise: float = 0.0) -> float | None:
    """Return the standard deviation in pixels of the Gaussian blur that edges have.

    It is that of the whole way to the picture: of the lens and the scene, too. A picture of sharp
    edges, or with some in many places, has 0.

    Args:
        plane: (rows, columns), brightness in any unit.
        noise: standard deviation of its white noise, in that unit.

    Returns:
        b, or None where fewer than 200 pixels of edges rise above the noise.
    """
    if min(plane.shape) < _SMALLEST:
        return None
    variances = _variances(plane.astype(np.float64), noise)
    if len(variances) < _FEWEST:
        return None
    found = math.sqrt(max(float(np.quantile(variances, _QUANTILE)) - _PIXEL, 0.0))
    if found <= _WIDE:
        return found
    coarser = edge_blur(block_means(plane[..., None], 2)[..., 0], noise / 2)
    return found if coarser is None else 2 * coarser


def _variances(plane: np.ndarray, noise: float) -> np.ndarray:
    """Return b² of each edge, infinite where a wider blur does not lower the slope."""
    low, high = float(plane.min()), float(plane.max())
    near = _ENDS * (high - low)
    narrow, wide = _slopes(plane, _NARROW), _slopes(plane, math.hypot(_NARROW, _STEP))
    steep, ridge = np.hypot(*narrow), _on_ridge(narrow)
    least = max(float(np.quantile(steep, 1 - _STEEPEST)), _ABOVE_NOISE * _slope_of(noise))
    edges = ridge & (steep > least) & (plane > low + near) & (plane < high - near)
    inner = np.s_[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    ratio = (steep[inner][edges[inner]] / np.hypot(*wide)[inner][edges[inner]]) ** 2
    with np.errstate(divide="ignore"):
        return np.where(ratio > 1, _STEP**2 / np.maximum(ratio - 1, 0) - _NARROW**2, np.inf)


def _slopes(plane: np.ndarray, blur: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivatives down and across of a picture that was blurred."""
    down = ndimage.gaussian_filter(plane, blur, order=(1, 0))
    return down, ndimage.gaussian_filter(plane, blur, order=(0, 1))


def _slope_of(noise: float) -> float:
    """Return the standard deviation of one derivative of white noise, blurred by p."""
    return noise / (math.sqrt(8 * math.pi) * _NARROW**2)


def _on_ridge(slopes: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return where no neighbour across the edge is steeper, down or across as the edge lies."""
    down, across = slopes
    steep = np.hypot(down, across)
    tops = [steep >= ndimage.maximum_filter1d(steep, 3, axis=axis) for axis in (0, 1)]
    return np.where(np.abs(down) > np.abs(across), tops[0], tops[1])
