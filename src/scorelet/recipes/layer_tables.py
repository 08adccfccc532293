"""A figure of class separation of every layer, with the parts of a test set as repetitions.

The figures of `analysis.fisher` have no error of their own. So test pictures are dealt into parts,
and the figure is taken of each, and of networks of several seeds: a table (seed, part) for every
layer, from which `hits.mean_of` and `hits.quotient` take means and errors.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from scorelet.analysis.fisher_profile import fisher_profile
from scorelet.analysis.layer_probe import LayerSeparation
from scorelet.core.numbers import finite_or_none
from scorelet.data.labelled import LabelledImages
from scorelet.recipes.hits import mean_of
from scorelet.recipes.steps import Steps

LayerTable = Float[Tensor, "seed part layer"]
Value = Callable[[LayerSeparation], float | None]
"""A figure of a layer."""


def layer_tables(
    networks: Sequence[nn.Module],
    images: LabelledImages,
    values: Mapping[str, Value],
    *,
    layers: Sequence[str],
    parts: int,
    dimension: int = 512,
    pool: str = "mean",
) -> dict[str, LayerTable]:
    """Return figures of each layer by their names, float64; nan where one does not exist.

    Args:
        networks: one for each seed.
        images: pictures with classes.
        values: the figures.
        layers: names of modules.
        parts: into so many parts of one size the pictures are dealt.
        dimension, pool: see `fisher_profile`.
    """
    each = len(images) // parts
    cuts = [slice(k * each, (k + 1) * each) for k in range(parts)]
    dealt = [replace(images, x=images.x[cut], y=images.y[cut]) for cut in cuts]
    found = [
        [
            fisher_profile(net, part, layers=list(layers), dimension=dimension, pool=pool).layers
            for part in dealt
        ]
        for net in networks
    ]
    return {name: _table(found, value) for name, value in values.items()}


def kept_tables(
    steps: Steps, name: str, work: Callable[[], Mapping[str, LayerTable]]
) -> dict[str, LayerTable]:
    """Return what `layer_tables` returns, as a step of the run."""
    found = steps(name, lambda: {key: _listed(table.tolist()) for key, table in work().items()})
    return {key: _tensor(rows) for key, rows in found.items()}


def _table(found: Sequence[Sequence[Sequence[LayerSeparation]]], value: Value) -> LayerTable:
    return _tensor([[[value(layer) for layer in part] for part in row] for row in found])


def _tensor(rows: list[Any]) -> LayerTable:
    numbers = [[[math.nan if v is None else v for v in part] for part in row] for row in rows]
    return torch.tensor(numbers, dtype=torch.float64)


def _listed(rows: list[Any]) -> list[Any]:
    """JSON has no name for what is not finite."""
    return [[[v if math.isfinite(v) else None for v in part] for part in row] for row in rows]


def rows_by_layer(found: Mapping[str, LayerTable]) -> list[dict[str, Any]]:
    """Return a row for each block: its number, the mean of every table there and its error."""
    curves = {name: values_and_errors(table) for name, table in found.items()}
    depth = max(len(values) for values, _ in curves.values())
    return [
        {"block": k + 1}
        | {name: _number(values[k]) for name, (values, _) in curves.items()}
        | {f"{name}_error": _number(errors[k]) for name, (_, errors) in curves.items()}
        for k in range(depth)
    ]


def _number(value: float) -> float | None:
    return finite_or_none(round(value, 5))


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
