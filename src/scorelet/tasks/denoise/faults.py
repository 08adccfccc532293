"""Noise that is not white in another way than grain is, and what to do before denoising.

A sentence is as in `remarks`. None is said of photographs, with and without white noise.
"""

import numpy as np

from scorelet.analysis.banding import banding
from scorelet.analysis.outliers import outliers
from scorelet.tasks.denoise.remarks import number, unit
from scorelet.tasks.denoise.shown.view import View
from scorelet.tasks.denoise.shown.window import central

IS_UNEVEN = "the noise is uneven"
"""Kind of that remark."""
UNEVEN, FAINT = 2.0, 5 / 255
"""Ratio of noise from which it is uneven, and the level below which texture may be taken for it."""
FAR, FAR_IN_SIGMA = 40 / 255, 6.0
"""Least distance of an outlier from its neighbours, of white, and in noise levels."""
FEWEST_FAR = 0.002
"""Share of the pixels that are outliers upwards, and downwards: dots of text are of one kind."""


def faults(
    view: View, sigma: float, ends: tuple[float, float] | None, *, floats: bool, bounded: bool
) -> tuple[str, ...]:
    """Return what is to be said of outliers, of banding, and of noise that is uneven.

    Args:
        view: what was shown of a page.
        sigma: noise level that was found or given, in the unit of the page.
        ends: more than the noise at the quietest places, and less than that at the noisiest, in
            that unit; None: nothing is to be said of it.
        floats: whether the page has a unit of its own.
        bounded: whether black and white are at 0 and 1 in what was shown.
    """
    plane = view.shown(*central(view.pixels.shape))[0].mean(2)
    span = float(np.subtract(*np.quantile(plane, (0.99, 0.01)))) if not bounded else 1.0
    white = span or 1.0
    said = (
        ends and _uneven(*ends, white * view.unit, floats=floats),
        _outliers(plane, max(FAR * white, FAR_IN_SIGMA * sigma / view.unit)),
        _banding(plane, white, view.unit, floats=floats),
    )
    return tuple(text for text in said if text)


def _uneven(low: float, high: float, white: float, *, floats: bool) -> str | None:
    """Say whether the noise is far stronger at some places than at others."""
    if not 0 < UNEVEN * low < high or high < FAINT * white:
        return None
    return (
        f"{IS_UNEVEN}: sigma is at most {number(low, floats=floats)} at the quietest tenth "
        f"of the places and at least {number(high, floats=floats)} at the noisiest"
        f"{unit(floats=floats)}, and one level says little of it"
    )


def _outliers(plane: np.ndarray, least: float) -> str | None:
    """Say whether pixels are far above and below their neighbours, here and there."""
    high, low = outliers(plane, least)
    if min(high, low) < FEWEST_FAR:
        return None
    return (
        f"isolated outliers: {100 * (high + low):.1f} % of the pixels are far from all around, as "
        "salt and pepper and faulty pixels are, which models of noise leave in; a median filter of "
        "3x3 pixels takes them out before"
    )


def _banding(plane: np.ndarray, white: float, shown: float, *, floats: bool) -> str | None:
    """Say whether whole rows or columns are brighter or darker than those beside."""
    found = {"rows": banding(plane, white), "columns": banding(plane.T, white)}
    name = max(found, key=found.__getitem__)
    if not found[name]:
        return None
    return (
        f"{name} differ as wholes: their offsets have sigma "
        f"{number(found[name] * shown, floats=floats)}{unit(floats=floats)}, and models of noise "
        f"that is independent from pixel to pixel leave them in; take the offsets of {name} away "
        "before"
    )
