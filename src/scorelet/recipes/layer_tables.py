"""A figure of class separation of every layer, with the parts of a test set as repetitions.

The figures of `analysis.fisher` have no error of their own. So test pictures are dealt into parts,
and the figure is taken of each, and of networks of several seeds: a table (seed, part) for every
layer, from which `hits.mean_of` and `hits.quotient` take means and errors.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from scorelet.analysis.fisher_profile import fisher_profile
from scorelet.analysis.layer_probe import LayerSeparation
from scorelet.data.labelled import LabelledImages
from scorelet.recipes.hits import mean_of

LayerTable = Float[Tensor, "seed part layer"]


def layer_table(
    networks: Sequence[nn.Module],
    images: LabelledImages,
    value: Callable[[LayerSeparation], float | None],
    *,
    layers: Sequence[str],
    parts: int,
    dimension: int = 512,
    pool: str = "mean",
) -> LayerTable:
    """Return a figure of each layer, float64; nan where it does not exist.

    Args:
        networks: one for each seed.
        images: pictures with classes.
        value: the figure.
        layers: names of modules.
        parts: into so many parts of one size the pictures are dealt.
        dimension, pool: see `fisher_profile`.
    """
    each = len(images) // parts
    cuts = [slice(k * each, (k + 1) * each) for k in range(parts)]
    rows = [
        [
            [
                value(layer)
                for layer in fisher_profile(
                    network,
                    replace(images, x=images.x[cut], y=images.y[cut]),
                    layers=list(layers),
                    dimension=dimension,
                    pool=pool,
                ).layers
            ]
            for cut in cuts
        ]
        for network in networks
    ]
    numbers = [[[float("nan") if v is None else v for v in part] for part in row] for row in rows]
    return torch.tensor(numbers, dtype=torch.float64)


def values_and_errors(table: LayerTable) -> tuple[list[float], list[float]]:
    """Return the mean of each layer and its standard error, for curves."""
    found = [mean_of(table[..., k]) for k in range(table.shape[-1])]
    return [m.value for m in found], [m.error or 0.0 for m in found]


def fisher_without_bias(layer: LayerSeparation) -> float | None:
    """The Fisher ratio less the bias of finite samples."""
    return layer.fisher.corrected


def trace_ratio(layer: LayerSeparation) -> float:
    """tr Σ_B / tr Σ_W, less the bias of finite samples."""
    return layer.fisher.trace_ratio
