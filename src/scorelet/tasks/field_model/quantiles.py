"""Quantiles of pixels of samples made those of the fields, where a transform is fitted.

An energy of few terms leaves the tails of pixels somewhat too light, and the inverse of an asinh or
a logarithm makes much of it: a convergence map may lose a fifth of its power. Of samples z, in
units of the transform, a broken line G takes quantiles of the fields to those of the samples, at
the levels of the normal law with

    t = -3, -2.5, ..., 3

as far as there are pixels beyond. Samples are then T^-1(G^-1(z)). Where the law is even, so is
that of both, and G is odd.
"""

from dataclasses import replace

import torch
from torch import Tensor

from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.pointwise import QuantileMatched
from scorelet.tasks.field_model.preparation import Preparation

_BEYOND = 100  # pixels, in both sets, without which a quantile is not used


def match_quantiles(
    preparation: Preparation, z: Fields, drawn: OtherFields, *, even: bool
) -> Preparation | None:
    """Return the preparation whose transform takes quantiles of fields to those of samples.

    Args:
        preparation: whose filter samples go through first; a line of before is replaced.
        z: transformed fields (n, h, w).
        drawn: samples of z, on the grid of the model.
        even: the law is known to be even.

    Returns:
        None if there are too few pixels for two quantiles that rise.
    """
    own, inner = preparation.filtered(drawn, z.shape[1:]), preparation.transform
    if isinstance(inner, QuantileMatched):
        inner = inner.inner
    pairs = paired_quantiles(z.double().flatten(), own.flatten(), even=even)
    if pairs is None:
        return None
    line = QuantileMatched(inner, tuple(pairs["fields"]), tuple(pairs["drawn"]))
    return replace(preparation, transform=line)


def paired_quantiles(
    fields: Tensor, drawn: Tensor, *, even: bool = False
) -> dict[str, list[float]] | None:
    """Return quantiles of two sets of pixels at the same levels, those that rise in both.

    Args:
        fields, drawn: pixels, flat.
        even: both laws are known to be even.

    Returns:
        Those of the fields and of the samples; None if fewer than two have pixels enough and rise.
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
