"""Energies that confine: tails of splines that are convex enough, whatever few pixels there say.

Symbols: S(q) symbol of B K B^T; w_1, w_N outer weights of the spline, v'' in its tails. Far out, in
any direction of details,

    E / |d|^2  ->  at least (min_q λ_min(S(q)) + min(w_1, w_N)) / 2,

so exp(-E) has an integral if that is positive. The outer weights rest on few pixels, and score
matching may put them anywhere. Where they are too low they are held at

    w = margin - min_q λ_min(S(q)),      margin = max(SHARE · c, PRIOR / (PRIOR + n) · a),

with n fields, c = tr Π / E |Π x|^2, the curvature of a Gaussian whose details have one variance,
and a the least curvature of the Gaussian of the family: that of its couplings and a quadratic v.
In its softest directions a steep spectrum has far less than c, and tails of more than a would take
power from fields that are Gaussian. All other parameters are solved for again. In narrow bands
couplings and the quadratic part of v are nearly one and the same, so that S falls as tails rise:
after some tries tails alone are raised.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from scorelet.models.certificates import coupling_symbol
from scorelet.models.field_energy import ConditionalEnergy
from scorelet.training.score_matching.normal_equations import BandMoments, Equations
from scorelet.training.score_matching.solve import Solution, solve

SHARE = 0.05
PRIOR = 50  # fields of a Gaussian law, as if they had been seen, too
_TRIES = 4


def solve_confined(
    moments: BandMoments, groups: Sequence[Equations], *, ridge: float
) -> tuple[Solution, float, bool]:
    """Return the solution whose energy confines, by which margin, and whether tails were held.

    Args:
        moments: what has made the equations.
        groups: of disjoint groups of fields.
        ridge: see `solve`.

    Raises:
        InputError: singular equations.
    """
    solution = solve(groups, ridge=ridge)
    held: dict[int, float] = {}
    margin = least_margin(moments, groups, ridge=ridge)
    for _ in range(_TRIES):
        low = least_tail(moments, solution.theta, margin)
        least = low - margin / 2  # the symbol, too, moves when tails are held
        below = {i: low for i in tail_terms(moments) if float(solution.theta[i]) < least}
        if not below:
            return solution, margin, bool(held)
        held |= below
        solution = _solve_holding(groups, held, ridge)
    return solution.moved_to(confine(moments, solution.theta, margin)), margin, True


def least_margin(moments: BandMoments, groups: Sequence[Equations], *, ridge: float) -> float:
    """Return by how much energies confine at least."""
    margin = SHARE * gaussian_curvature(moments, groups)
    if not moments.potential.quadratic:
        return margin
    few = PRIOR / (PRIOR + sum(g.count for g in groups))
    return max(margin, few * softest_curvature(moments, groups, ridge=ridge))


def confine(moments: BandMoments, theta: Tensor, margin: float) -> Tensor:
    """Return θ with its tails raised to where the energy confines."""
    low, theta = least_tail(moments, theta, margin), theta.clone()
    for i in tail_terms(moments):
        theta[i] = max(float(theta[i]), low)
    return theta


def least_tail(moments: BandMoments, theta: Tensor, margin: float) -> float:
    """Return the least outer weight with which the energy confines by `margin`."""
    factor = ConditionalEnergy(moments.energy(theta), moments.band)
    return margin - float(torch.linalg.eigvalsh(coupling_symbol(factor, moments.size)).min())


def tail_terms(moments: BandMoments) -> list[int]:
    """Return the numbers of the outer weights among the parameters; none without tails."""
    if not moments.potential.quadratic:
        return []  # fields are confined to a window
    first = len(moments.shifts)
    return [first] if moments.even else [first, first + moments.knots - 1]


def unit_curvature(moments: BandMoments) -> Tensor:
    """Return the θ of |x|^2 / 2: equal weights of all knots are a quadratic term."""
    first, count = len(moments.shifts), moments.knots
    unit = torch.zeros(first + moments.terms, dtype=torch.float64)
    unit[first : first + count] = 1
    if moments.even and len(moments.potential.knots) % 2:
        unit[first + count - 1] = 0.5  # it stands for two halves of the middle weight
    return unit


def gaussian_curvature(moments: BandMoments, groups: Sequence[Equations]) -> float:
    """Return tr Π / E |Π x|^2, the curvature of a Gaussian with the variance of the details."""
    unit = unit_curvature(moments)
    total = sum(float(unit @ g.matrix @ unit) * g.count for g in groups)
    return sum(float(unit @ g.right) * g.count for g in groups) / total


def softest_curvature(moments: BandMoments, groups: Sequence[Equations], *, ridge: float) -> float:
    """Return the least curvature of the energy of couplings and a quadratic potential."""
    first = len(moments.shifts)
    unit = unit_curvature(moments)
    quadratic = torch.cat([torch.eye(len(unit), dtype=torch.float64)[:first], unit[None]])
    reduced = [
        Equations(quadratic @ g.matrix @ quadratic.T, quadratic @ g.right, g.count) for g in groups
    ]
    theta = quadratic.T @ solve(reduced, ridge=ridge).theta
    symbol = -least_tail(moments, theta - theta[first] * unit, 0.0)  # the least, of couplings
    return float(theta[first]) + symbol


def _solve_holding(groups: Sequence[Equations], held: dict[int, float], ridge: float) -> Solution:
    """Solve for all parameters but those held."""
    count = len(groups[0].right)
    places = torch.tensor(sorted(held))
    values = torch.tensor([held[int(i)] for i in places], dtype=torch.float64)
    free = torch.tensor([i for i in range(count) if i not in held])
    reduced = [
        Equations(
            g.matrix[free][:, free], g.right[free] - g.matrix[free][:, places] @ values, g.count
        )
        for g in groups
    ]
    return solve(reduced, ridge=ridge).embedded(free, places, values)
