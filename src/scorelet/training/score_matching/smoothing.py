"""How far potentials may be from quadratic ones, decided by fields that are left out in turn.

Symbols: H θ = g normal equations, H_b θ = g_b those of the group b of fields; w_k values of v'' at
the knots of a spline; λ weight of

    θ^T P θ = sum_k (w_(k+1) - w_k)^2 · mean diag H / mean diag P,  over the weights of v,

which is 0 for a quadratic potential. A map of the sky that is cut into fifty fields has long waves
in fifty copies only: pixels are many, but what v'' is at places where the long waves are high rests
on few fields. Each λ of a grid is fitted without group b, and the loss of that group measured:

    cv(λ) = sum_b n_b / n (θ_(b)^T H_b θ_(b) / 2 - θ_(b)^T g_b),   (H_(b) + λ P) θ_(b) = g_(b)

The heaviest λ is taken whose cv is within one standard error, over groups, of the least. Where
fields are many, it is 0 or next to it. Forces of fields that are left out say little of places
where fields are rare, and an energy that is too low there draws all samples to them: who sees that
takes a `heavier` λ.

References: Eilers, Marx 1996, Statistical Science 11 (differences of spline weights as a penalty);
Stone 1974, J. R. Stat. Soc. B 36 (the choice by parts that are left out); Breiman,
Friedman, Olshen, Stone 1984 (the simplest within one standard error).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from scorelet.training.score_matching.normal_equations import BandMoments, Equations
from scorelet.training.score_matching.solve import solve_each, total_of

GRID = (0.0, *(10.0**k for k in range(-4, 5)))
"""λ. The last one leaves a quadratic potential."""
_FEWEST = 2  # groups
_LEAP = 3  # places of the grid: each try costs chains


def smoothed(
    moments: BandMoments,
    groups: Sequence[Equations],
    *,
    ridge: float,
    weight: float | None = None,
) -> tuple[Sequence[Equations], float, Tensor | None]:
    """Return the equations with the penalty that was chosen, λ, and λ P, None where that is 0.

    Args:
        moments: what has made the equations; potentials that are no splines have no penalty.
        groups: of disjoint groups of fields; a single one leaves nothing to choose by.
        ridge: see `solve`.
        weight: λ, if it is not to be chosen.
    """
    if not can_be_smoothed(moments, groups):
        return groups, 0.0, None
    penalty = roughness(moments, total_of(groups))
    if weight is None:
        weight = GRID[_heaviest(left_out_losses(groups, penalty, ridge=ridge))]
    if not weight:
        return groups, 0.0, None
    added = weight * penalty
    return [replace(g, matrix=g.matrix + added) for g in groups], weight, added


def can_be_smoothed(moments: BandMoments, groups: Sequence[Equations]) -> bool:
    """Whether potentials have a penalty, and there are groups to choose its weight by."""
    return moments.potential.quadratic and len(groups) >= _FEWEST


def heavier(weight: float) -> float | None:
    """Return the λ of the grid `_LEAP` places on, or the last; None above that.

    That is a thousand times heavier, or 0.01 after 0.
    """
    place = GRID.index(weight)
    return GRID[min(place + _LEAP, len(GRID) - 1)] if place < len(GRID) - 1 else None


def roughness(moments: BandMoments, total: Equations) -> Tensor:
    """Return P, in units of H."""
    first, count = len(moments.shifts), moments.knots
    weights = torch.stack([moments.weights_of(unit) for unit in torch.eye(count).double()], 1)
    steps = weights.diff(dim=0)
    own = slice(first, first + count)
    penalty = torch.zeros_like(total.matrix)
    penalty[own, own] = steps.T @ steps
    return penalty * (total.matrix.diagonal()[own].mean() / penalty.diagonal()[own].mean())


def _heaviest(losses: Tensor) -> int:
    """Return which λ is taken, of the terms of cv (λ, group); the first if all are singular."""
    total = losses.sum(1).nan_to_num(nan=math.inf)  # singular
    if not bool(total.isfinite().any()):
        return 0
    worse = losses - losses[int(total.argmin())]
    error = worse.std(1) * worse.shape[1] ** 0.5
    return int((worse.sum(1) <= error).nonzero().max())


def left_out_losses(groups: Sequence[Equations], penalty: Tensor, *, ridge: float) -> Tensor:
    """Return the terms of cv(λ), (λ of the grid, group)."""
    total = total_of(groups)
    rest = [total - g for g in groups]
    matrices = torch.stack([g.matrix for g in groups])
    right = torch.stack([g.right for g in groups])
    shares = torch.tensor([g.count / total.count for g in groups], dtype=torch.float64)
    others = torch.stack([g.matrix for g in rest])
    wanted, present = torch.stack([g.right for g in rest]), total.matrix.diagonal()
    losses = []
    for weight in GRID:
        theta = solve_each(others + weight * penalty, wanted, ridge, present)[0]
        loss = (theta * torch.einsum("bst,bt->bs", matrices, theta)).sum(1) / 2
        losses.append(shares * (loss - (theta * right).sum(1)))
    return torch.stack(losses)
