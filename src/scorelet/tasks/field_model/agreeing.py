"""Samples brought to quantiles, and to powers, of the fields where a transform is fitted."""

from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from scorelet.core.progress import Progress
from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.pointwise import QuantileMatched
from scorelet.models.field_energy import ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.field_model.drawing import draw_grids, run_of
from scorelet.tasks.field_model.powers import match_powers
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.quantiles import paired_quantiles
from scorelet.tasks.field_model.scale import preparation_of

_PIXELS, _MOST_PIXELS = 1 << 18, 1 << 20
_COUNTS = 16, 300
_ERROR = 0.04  # of the mean of samples, in deviations of a pixel, with which no more are drawn
_SEED = 27182


def agree(
    model: Multiscale[ConditionalEnergy], steps: int, z: Fields, progress: Progress | None = None
) -> dict[str, Any]:
    """Return what brings samples of a model to its fields: quantiles, and a prewhitening.

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
    drawn = _drawn(model, steps, preparation, progress)
    found = _matched(preparation, z, drawn, even=field["even"])
    if found is None or not preparation.prewhitening:
        return {} if found is None else {"quantiles": _quantiles(found)}
    refined = replace(match_powers(found, z, drawn), transform=preparation.transform)
    again = _matched(refined, z, drawn, even=field["even"]) or found
    return {"quantiles": _quantiles(again), "prewhitening": asdict(again.prewhitening)}


def _matched(
    preparation: Preparation, z: Fields, drawn: OtherFields, *, even: bool
) -> Preparation | None:
    """Return the preparation with the quantiles of fields and samples; None for too few pixels."""
    height, width = z.shape[1:]
    own = preparation.prewhitening.undo(drawn)[:, :height, :width]
    pairs = paired_quantiles(z.double().flatten(), own.flatten(), even=even)
    if pairs is None:
        return None
    line = QuantileMatched(preparation.transform, tuple(pairs["fields"]), tuple(pairs["drawn"]))
    return replace(preparation, transform=line)


def _quantiles(preparation: Preparation) -> dict[str, list[float]]:
    line = preparation.transform
    assert isinstance(line, QuantileMatched)
    return {"fields": list(line.fields), "drawn": list(line.drawn)}


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
    wanted = min(most, int((z.mean((1, 2)).std() / (_ERROR * z.std())).square()))
    return torch.cat([first, some(range(least, wanted))]) if wanted > least else first
