"""Quantiles of pixels of samples made those of the fields, where a transform is fitted.

An energy of few terms leaves the tails of pixels somewhat too light, and the inverse of an asinh or
a logarithm makes much of it: a convergence map may lose a fifth of its power. Samples are drawn, z
in units of the transform, and a broken line G takes quantiles of the fields to those of the
samples, at the levels of the normal law with

    t = -3, -2.5, ..., 3

as far as there are pixels beyond. Samples are then T^-1(G^-1(z)). Where the law is even, so is
that of both, and G is odd.
"""

import torch
from torch import Tensor

from scorelet.core.progress import Progress
from scorelet.models.field_energy import ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.field_model.drawing import draw, run_of
from scorelet.tasks.field_model.scale import preparation_of

_PIXELS = 1 << 18
_COUNTS = 16, 200
_SEED = 27182
_BEYOND = 100  # pixels, in both sets, without which a quantile is not used


def match_quantiles(
    model: Multiscale[ConditionalEnergy], steps: int, z: Tensor, progress: Progress | None = None
) -> dict[str, list[float]] | None:
    """Return quantiles of fields and of samples, for `QuantileMatched`; None for too few pixels.

    Args:
        model: with a record, whose samples are drawn.
        steps: of the chain of each band.
        z: pixels of the transformed fields, of any shape.
        progress: is told how many samples are drawn.
    """
    field = model.record["field"]
    height, width = field["size"]
    count = max(_COUNTS[0], min(_COUNTS[1], _PIXELS // (height * width)))
    samples = draw(run_of(model, steps), range(count), _SEED, (height, width), progress)
    drawn = preparation_of(field).transform.forward(samples.double())
    return paired_quantiles(z.double().flatten(), drawn.flatten(), even=field["even"])


def paired_quantiles(
    fields: Tensor, drawn: Tensor, *, even: bool = False
) -> dict[str, list[float]] | None:
    """Return quantiles of two sets of pixels at the same levels, those that rise in both.

    Args:
        fields, drawn: pixels, flat.
        even: both laws are known to be even.
    """
    if even:
        fields, drawn = torch.cat([fields, -fields]), torch.cat([drawn, -drawn])
    levels = torch.special.ndtr(torch.arange(-6, 7, dtype=torch.float64) / 2)
    beyond = torch.minimum(levels, 1 - levels) * min(len(fields), len(drawn))
    levels = levels[beyond >= _BEYOND]
    pairs = list(zip(_quantiles(fields, levels), _quantiles(drawn, levels), strict=True))
    rising = pairs[:1]
    for one, other in pairs[1:]:
        if one > rising[-1][0] and other > rising[-1][1]:
            rising.append((one, other))
    if len(rising) < 2:
        return None
    return {"fields": [pair[0] for pair in rising], "drawn": [pair[1] for pair in rising]}


def _quantiles(x: Tensor, levels: Tensor) -> list[float]:
    """`torch.quantile` takes 16 million numbers at most."""
    x = x.sort().values
    place = levels * (len(x) - 1)
    below = place.long()
    return torch.lerp(x[below], x[(below + 1).clamp(max=len(x) - 1)], place - below).tolist()
