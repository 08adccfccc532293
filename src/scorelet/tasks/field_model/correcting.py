"""Samples of transformed fields are brought to quantiles, and nearer to powers, of the fields."""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics.fields import SMALLEST
from scorelet.core.progress import Progress
from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.pointwise import QuantileMatched
from scorelet.models.field_energy import ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.field_model.drawing import draw_grids, run_of
from scorelet.tasks.field_model.filtering import filter_towards
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.quantiles import match_quantiles
from scorelet.tasks.field_model.scale import preparation_of

_PIXELS, _MOST_PIXELS = 1 << 18, 1 << 20  # of samples: 64, and 256, of 64x64
_COUNTS = 16, 300  # samples at least, however large, and at most, however small
_ERROR = 0.04  # standard error of their mean, in deviations of a pixel, that is enough
_POINTS = 2.0  # so many times the kurtosis of samples have fields with rare, bright points
_SEED = 27182


def correct(
    model: Multiscale[ConditionalEnergy], steps: int, z: Fields, progress: Progress | None = None
) -> dict[str, Any]:
    """Return what samples go through: quantiles, and a filter of prewhitened fields if one helps.

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
    found = match_quantiles(preparation, z, drawn, even=field["even"])
    if found is None:
        return {}
    if preparation.prewhitening and _can_be_filtered(field, amplified):
        found = filter_towards(found, z, drawn, even=field["even"])
    return _entries(found)


def _can_be_filtered(field: dict[str, Any], amplified: OtherFields) -> bool:
    """Whether a filter can help.

    The power of rare points would be spread over all pixels, and most power of long fields is at
    waves that are longer than their short side, which no ring of frequencies sees.
    """
    y = (amplified - field["mean"]) / field["deviation"]
    kurtosis = float(y.pow(4).mean() / y.square().mean().square())
    short, long = sorted(field["size"])
    return long <= 2 * short >= 2 * SMALLEST and field["kurtosis"] <= _POINTS * kurtosis


def _entries(found: Preparation) -> dict[str, Any]:
    line = found.transform
    assert isinstance(line, QuantileMatched)
    quantiles = {"fields": list(line.fields), "drawn": list(line.drawn)}
    if not found.samples_filter:
        return {"quantiles": quantiles}
    numbers = {key: list(values) for key, values in asdict(found.samples_filter).items()}
    return {"quantiles": quantiles, "samples_filter": numbers}


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
