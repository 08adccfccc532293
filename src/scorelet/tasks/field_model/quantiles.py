"""Quantiles of pixels of samples made those of the fields, where a transform is fitted.

An energy of few terms leaves the tails of pixels somewhat too light, and the inverse of an asinh or
a logarithm makes much of it: a convergence map may lose a fifth of its power. Of samples z, in
units of the transform, a broken line G takes quantiles of the fields to those of the samples, at
the levels of the normal law with

    t = -3, -2.5, ..., 3

as far as there are pixels beyond. Samples are then T^-1(G^-1(z)). Where the law is even, so is
that of both, and G is odd.
"""

import torch
from torch import Tensor

_BEYOND = 100  # pixels, in both sets, without which a quantile is not used


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
