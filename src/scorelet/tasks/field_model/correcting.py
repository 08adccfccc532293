"""Samples of transformed fields are brought to quantiles, and nearer to powers, of the fields."""

import math
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics.fields import SMALLEST
from scorelet.core.progress import Progress
from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.pointwise import QuantileMatched
from scorelet.data.fields.radial_filter import RadialFilter
from scorelet.models.field_energy import ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.field_model.drawing import draw_grids, run_of
from scorelet.tasks.field_model.powers import PowerRatios, power_ratios
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.quantiles import paired_quantiles
from scorelet.tasks.field_model.scale import preparation_of

_PIXELS, _MOST_PIXELS = 1 << 18, 1 << 20
_COUNTS = 16, 300
_ERROR = 0.04  # of the mean of samples, in deviations of a pixel, with which no more are drawn
_ROUNDS = 6
_TIMES = 2.0  # the kurtosis of samples, beyond which that of fields is one of points
_SEED = 27182


def correct(
    model: Multiscale[ConditionalEnergy], steps: int, z: Fields, progress: Progress | None = None
) -> dict[str, Any]:
    """Return what samples of a model go through: quantiles, and powers if fields are prewhitened.

    Args:
        model: with a record, whose samples are drawn.
        steps: of the chain of each band.
        z: transformed fields (n, h, w).
        progress: is told how many samples are drawn.

    Returns:
        Entries of the record of fields; none where there are too few pixels.
    """
    field = model.record["field"]
    preparation = preparation_of(field)
    amplified = _drawn(model, steps, preparation, progress)
    drawn = preparation.prewhitening.undo(amplified)
    line = _line(preparation, z, drawn, even=field["even"])
    if line is None:
        return {}
    found = replace(preparation, transform=line)
    if preparation.prewhitening and _can_be_filtered(field, amplified):
        found = _nearer(found, z, drawn, even=field["even"])
    return _entries(found)


def _can_be_filtered(field: dict[str, Any], amplified: OtherFields) -> bool:
    """Whether powers say what samples lack: not of points on a smooth ground, which are rare."""
    y = (amplified - field["mean"]) / field["deviation"]
    kurtosis = float(y.pow(4).mean() / y.square().mean().square())
    return min(field["size"]) >= SMALLEST and field["kurtosis"] <= _TIMES * kurtosis


def _nearer(found: Preparation, z: Fields, drawn: OtherFields, *, even: bool) -> Preparation:
    """Return the preparation with the filter under which powers are nearest; none if none helps.

    A step that leads away is halved: quantiles are brought back after each, and move powers, too.
    """
    ratios, share = _ratios(found, z, drawn), 1.0
    for _ in range(_ROUNDS):
        filtered = _as_wide(found, ratios.added_to(found.powers, share), drawn)
        line = _line(filtered, z, drawn, even=even)
        if line is None:
            break
        trial = replace(filtered, transform=line)
        new = _ratios(trial, z, drawn)
        if new.off < ratios.off:
            found, ratios = trial, new
        else:
            share /= 2
    return found


def _as_wide(found: Preparation, powers: RadialFilter, drawn: OtherFields) -> Preparation:
    """Return the preparation with a filter that keeps the deviation: tails are beyond the line."""
    old, new = (float(p.apply(drawn).std()) for p in (found.powers, powers))
    kept = tuple(gain + math.log(old / new) for gain in powers.gains)
    return replace(found, powers=replace(powers, gains=kept))


def _ratios(preparation: Preparation, z: Fields, drawn: OtherFields) -> PowerRatios:
    line = preparation.transform
    assert isinstance(line, QuantileMatched)
    y = line.inverse(_own(preparation, drawn, z))
    return power_ratios(line.inner.inverse(z.double()), y, cut_out=preparation.cut_out)


def _line(
    preparation: Preparation, z: Fields, drawn: OtherFields, *, even: bool
) -> QuantileMatched | None:
    """Return the transform with the quantiles of fields and samples; None for too few pixels."""
    transform = preparation.transform
    inner = transform.inner if isinstance(transform, QuantileMatched) else transform
    own = _own(preparation, drawn, z)
    pairs = paired_quantiles(z.double().flatten(), own.flatten(), even=even)
    if pairs is None:
        return None
    return QuantileMatched(inner, tuple(pairs["fields"]), tuple(pairs["drawn"]))


def _own(preparation: Preparation, drawn: OtherFields, z: Fields) -> Tensor:
    """Return samples of the size of the fields, after their filter."""
    return preparation.powers.apply(drawn)[:, : z.shape[1], : z.shape[2]]


def _entries(found: Preparation) -> dict[str, Any]:
    line = found.transform
    assert isinstance(line, QuantileMatched)
    quantiles = {"fields": list(line.fields), "drawn": list(line.drawn)}
    if not found.powers:
        return {"quantiles": quantiles}
    return {"quantiles": quantiles, "powers": {k: list(v) for k, v in asdict(found.powers).items()}}


def _drawn(
    model: Multiscale[ConditionalEnergy],
    steps: int,
    preparation: Preparation,
    progress: Progress | None,
) -> Fields:
    """Return samples as the model has them, amplified, on its grid.

    Patches whose means differ say little of quantiles each: then more of them are drawn.
    """
    field, run = model.record["field"], run_of(model, steps)
    height, width = field["size"]
    low, high = _COUNTS
    least, most = (max(low, min(high, n // (height * width))) for n in (_PIXELS, _MOST_PIXELS))

    def some(numbers: range) -> Fields:
        pieces: list[Tensor] = []
        for x in draw_grids(run, numbers, _SEED, (height, width)):
            pieces.append(field["mean"] + field["deviation"] * x[:, 0])
            if progress:
                progress(numbers.start + sum(map(len, pieces)), numbers.stop)
        return torch.cat(pieces)

    first = some(range(least))
    z = preparation.prewhitening.undo(first)[:, :height, :width]
    wanted = min(most, int((z.mean((1, 2)).std() / (_ERROR * z.std())).square().nan_to_num()))
    return torch.cat([first, some(range(least, wanted))]) if wanted > least else first
