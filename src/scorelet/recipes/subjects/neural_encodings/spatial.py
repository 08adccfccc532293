"""Spatial filters of networks that learn them: are they those of other layers, data and labels?"""

from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.subspaces import principal_cosines
from scorelet.analysis.weight_covariance import spatial_covariance, spatial_eigenvectors
from scorelet.networks.hermite_gaussian import hermite_gaussians
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import mean_of_all

LEADING = 3
"""Dimensions that are compared; of nearly equal eigenvalues the order is chance."""

Rows = list[dict[str, Any]]


def spatial_rows(net: nn.Module, filters: int) -> Rows:
    """Return for each convolution of a network: its leading filters, and shares of its variance.

    `share` is what its leading filters hold of the variance. `formula` is what as many
    Hermite-Gaussian functions hold of that, both less what filters of white noise hold: with F the
    functions, λ the eigenvalues and c = (filters / k²) tr K, (tr F K Fᵀ - c)/(Σ_i λ_i - c).
    """
    rows = []
    for module in net.modules():
        if not isinstance(module, nn.Conv2d):
            continue
        covariance = spatial_covariance(module.weight)
        values, vectors = spatial_eigenvectors(covariance)
        formula = hermite_gaussians(module.kernel_size[0]).flatten(1)
        whole = float(values.sum())
        chance = filters / len(values) * whole
        leading = float(values[:filters].sum())
        caught = float((formula @ covariance * formula).sum())
        rows.append(
            {
                "layer": len(rows) + 1,
                "share": leading / whole,
                "formula": (caught - chance) / (leading - chance),
                "filters": vectors[:, :filters].mT.tolist(),
            }
        )
    return rows


def leading_subspace(row: dict[str, Any]) -> Tensor:
    """Return a basis (k², 3) of the leading subspace of a layer."""
    return torch.tensor(row["filters"], dtype=torch.float64)[:LEADING].mT


def alike(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return the mean cosine of the principal angles between leading subspaces of two layers."""
    return float(principal_cosines(leading_subspace(one), leading_subspace(other)).mean())


def across_layers(rows: Rows, layers: tuple[int, int]) -> Measured:
    """Return the mean over all pairs of layers."""
    pairs = combinations(rows[layers[0] - 1 : layers[1]], 2)
    return _mean([alike(one, other) for one, other in pairs])


def across_networks(rows: Rows, others: Rows, layers: tuple[int, int]) -> Measured:
    """Return the mean over layers, of each with the same one of another network."""
    chosen = slice(layers[0] - 1, layers[1])
    pairs = zip(rows[chosen], others[chosen], strict=True)
    return _mean([alike(one, other) for one, other in pairs])


def measured(found: dict[str, Rows], layers: tuple[int, int]) -> dict[str, Measured]:
    """Return what claims are about.

    Args:
        found: `spatial_rows` by set: all, beside, random-a.
        layers: first and last.
    """
    rows = found["all"]
    chosen = rows[layers[0] - 1 : layers[1]]
    return {
        "layers alike": across_layers(rows, layers),
        "share of five": _mean([row["share"] for row in chosen]),
        "share of the formula": _mean([row["formula"] for row in chosen]),
        "data alike": across_networks(rows, found["beside"], layers),
        "labels alike": across_networks(rows, found["random-a"], layers),
    }


def _mean(values: list[float]) -> Measured:
    """Return the mean with the error that layers, or pairs of them, give it."""
    return mean_of_all(torch.tensor(values, dtype=torch.float64))
