"""A filter of samples under which their power spectrum has the shape of that of the fields.

Samples of transformed fields z = T(x) have powers near those of z. The powers of x are others:
bright parts add most to them, and may vary more than T says (samples of a map of dust have half of
its power at the smallest scales). So samples of z are filtered by half of what `powers` finds
missing, which is a logarithm of amplitudes, before T is undone. Quantiles are brought back after
each step, and move powers, too, so that several steps are taken, until one leads away or what is
left may be chance.
"""

import math
from dataclasses import replace

from torch import Tensor

from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.pointwise import QuantileMatched
from scorelet.data.fields.radial_filter import RadialFilter
from scorelet.tasks.field_model.powers import ShapeDifference, shape_difference
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.quantiles import match_quantiles

_STEPS = 6
_MOST = 0.75  # of a log amplitude in a step: the inverse of a transform makes much of little
_CHANCE = 0.01  # probability from which on a difference may be chance


def filter_towards(
    preparation: Preparation, z: Fields, drawn: OtherFields, *, even: bool
) -> Preparation:
    """Return the preparation with the filter that was found in at most six steps, if one helps.

    Each is kept only if logarithms of ratios of powers are smaller in mean square afterwards: the
    shape is looked at for a step, and all powers together afterwards.

    Args:
        preparation: whose transform has the quantiles of fields and samples.
        z: transformed fields (n, h, w).
        drawn: samples of z, on the grid of the model.
        even: the law is known to be even.
    """
    found, off = preparation, _off(preparation, z, drawn)
    for _ in range(_STEPS):
        if off is None or not off.chance <= _CHANCE:
            break
        trial = match_quantiles(_filtered(found, off, drawn), z, drawn, even=even)
        if trial is None:
            break
        left = _off(trial, z, drawn)
        if left is None or not left.mean_square < off.mean_square:
            break
        found, off = trial, left
    return found


def _filtered(found: Preparation, off: ShapeDifference, drawn: OtherFields) -> Preparation:
    """Return the preparation whose samples have that difference less, as far as a step goes.

    All log amplitudes are moved by what keeps the variance of samples about their means: the line
    through quantiles has the slope 1 beyond the last, and would hand a factor on to the tails.
    """
    steps = (off.shrunk / 2).clamp(-_MOST, _MOST)
    old = found.samples_filter
    gains = steps + steps.new_tensor(old.log_gains) if old else steps
    new = RadialFilter(off.frequencies, tuple(gains.tolist()))
    wider = math.log(_spread(new.apply(drawn)) / _spread(old.apply(drawn)))
    gains = gains - wider
    return replace(found, samples_filter=replace(new, log_gains=tuple(gains.tolist())))


def _spread(x: Tensor) -> float:
    """Return the standard deviation of pixels about the means of their fields."""
    return float((x - x.mean((1, 2), keepdim=True)).square().mean().sqrt())


def _off(preparation: Preparation, z: Fields, drawn: OtherFields) -> ShapeDifference | None:
    """Return the difference in the unit of the data; None if samples are beyond all numbers."""
    line = preparation.transform
    assert isinstance(line, QuantileMatched)
    x = line.inner.inverse(z.double())
    y = line.inverse(preparation.filtered(drawn, z.shape[1:]))
    centre, unit = x.mean(), x.std()  # a small signal on a large level is no constant
    x, y = ((u - centre) / unit for u in (x, y))
    if not bool(unit.isfinite() and x.isfinite().all() and y.isfinite().all()):
        return None
    return shape_difference(x, y, cut_out=preparation.cut_out)
