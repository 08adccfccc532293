"""Solving the normal equations: scaled, by Cholesky, with a ridge, and with errors.

Symbols: H θ = g; D = diag H; H' = D^-1/2 H D^-1/2 scaled, of diagonal 1; ε ridge,

    θ = D^-1/2 (H' + ε Id)^-1 D^-1/2 g

Errors are those of the jackknife over groups of fields: with θ_(b) the solution without group b of
B, the covariance is (B - 1) / B sum_b (θ_(b) - mean)(θ_(b) - mean)^T.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.training.score_matching.normal_equations import Equations

RIDGE = 1e-6
_ABSENT = 1e-9


@dataclass(frozen=True)
class Solution:
    """θ with what is known of its errors.

    Args:
        theta: (m).
        replicas: θ_(b), (groups, m): what the jackknife leaves out one after the other.
        loss: of score matching at θ, θ^T H θ / 2 - θ^T g.
        condition: of H'; above 1e10 the parameters mean little, though forces may be right.
        variance: tr(H^-1 C) with C / n the covariance of H θ - g: twice the expected excess of the
            loss, times n.
        count: n.
    """

    theta: Tensor
    replicas: Tensor
    loss: float
    condition: float
    variance: float
    count: int

    @property
    def errors(self) -> Tensor:
        """Standard errors of θ, (m); NaN with a single group."""
        return jackknife_errors(self.replicas)

    def embedded(self, free: Tensor, places: Tensor, values: Tensor) -> "Solution":
        """Return the solution with parameters at `places` that were held at `values`."""
        count = len(free) + len(places)
        replicas = self.replicas.new_empty(len(self.replicas), count)
        replicas[:, free], replicas[:, places] = self.replicas, values
        theta = self.theta.new_empty(count)
        theta[free], theta[places] = self.theta, values
        return replace(self, theta=theta, replicas=replicas)

    def moved_to(self, theta: Tensor) -> "Solution":
        """Return the same numbers around another θ: loss and excess are those of the solution."""
        return replace(self, theta=theta, replicas=self.replicas + (theta - self.theta))


def solve(groups: Sequence[Equations], *, ridge: float = RIDGE) -> Solution:
    """Return θ of all groups of fields together.

    Args:
        groups: equations of disjoint groups; their differences give the errors.
        ridge: ε.

    Raises:
        InputError: H is singular or not finite: a term that does not vary over the fields.
    """
    total = total_of(groups)
    _check_terms(total)
    present = total.matrix.diagonal()
    theta, factor, scale = (x[0] for x in _solve_all([total], ridge, present))
    values = torch.linalg.eigvalsh(total.matrix * scale[:, None] * scale)
    condition = float(values[-1] / values[0]) if values[0] > 0 else math.inf
    several = len(groups) > 1
    replicas = theta[None]
    if several:
        replicas = _solve_all([total - g for g in groups], ridge, present)[0]
    spread = _spread(groups, theta) * scale
    variance = float((spread * torch.cholesky_solve(spread.T, factor).T).sum())
    return Solution(theta, replicas, total.loss(theta), condition, variance, total.count)


def penalised_variance(
    groups: Sequence[Equations], penalty: Tensor, *, ridge: float = RIDGE
) -> float:
    """Return `variance` of the solution of (H + Q) θ = g: twice the expected excess times n.

    The excess is that of the loss without the penalty. With θ_0 the solution without it, D what
    takes g to θ - θ_0, and A = H + Q,

        tr(A^-1 H A^-1 C) + max(0, n |θ - θ_0|_H^2 - tr(D H D C))

    is what chance adds, and what the penalty costs: chance moves θ from θ_0, too, and what it does
    is taken off. An estimate: of two dozen fields with long waves its median over sets is right or
    half the truth, and single sets are several times off.

    Args:
        groups: without the penalty.
        penalty: Q.
        ridge: see `solve`.

    References: Mallows 1973, Technometrics 15 (C_p).
    """
    total = total_of(groups)
    matrix, present = total.matrix, total.matrix.diagonal()
    both = torch.stack([matrix + penalty, matrix])
    theta, factor, scale = solve_each(both, total.right.expand(2, -1), ridge, present)
    residuals = _spread(groups, theta[0]) * scale[:, None]  # θ_0 follows few fields too well
    moved = torch.cholesky_solve(residuals.mT, factor).mT * scale[:, None]
    chance, apart = (float(((x @ matrix) * x).sum()) for x in (moved[0], moved[0] - moved[1]))
    cost = total.count * float((theta[0] - theta[1]) @ matrix @ (theta[0] - theta[1]))
    return chance + max(0.0, cost - apart)


def _spread(groups: Sequence[Equations], theta: Tensor) -> Tensor:
    """Return rows whose products sum to C: residuals of the groups, beside their mean."""
    residuals = torch.stack([g.matrix @ theta - g.right for g in groups])
    counts = torch.tensor([float(g.count) for g in groups], dtype=torch.float64)
    mean = (counts[:, None] * residuals).sum(0) / counts.sum()
    return (residuals - mean) * (counts / max(1, len(groups) - 1)).sqrt()[:, None]


def total_of(groups: Sequence[Equations]) -> Equations:
    """Return the equations of all groups together."""
    return sum(groups[1:], groups[0])


def jackknife_errors(replicas: Tensor) -> Tensor:
    """Return the errors of numbers from their values without each group, (groups, ...)."""
    count = len(replicas)
    if count < 2:
        return torch.full_like(replicas[0], torch.nan)
    return ((count - 1) ** 2 / count * replicas.var(0)).sqrt()


def _check_terms(equations: Equations) -> None:
    matrix = equations.matrix
    if not bool(matrix.isfinite().all()) or not bool((matrix.diagonal() > 0).all()):
        raise InputError(
            "The normal equations are singular: a term of the energy does not vary over the "
            "fields. Fit fields that vary, more of them, or fewer knots and couplings."
        )


def _solve_all(
    equations: Sequence[Equations], ridge: float, present: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `solve_each` does, of several sets of fields.

    Raises:
        InputError: a matrix that is singular even with a ridge.
    """
    matrices = torch.stack([e.matrix for e in equations])
    theta, factor, scale = solve_each(
        matrices, torch.stack([e.right for e in equations]), ridge, present
    )
    failed = [e.count for e, x in zip(equations, theta, strict=True) if bool(x.isnan().any())]
    if failed:
        raise InputError(
            f"The normal equations of {failed[0]} fields are singular even with a ridge of "
            f"{ridge:g}: fit more fields, fewer knots (--knots), or a smaller reach (--reach)."
        )
    return theta, factor, scale


def solve_each(
    matrices: Tensor, right: Tensor, ridge: float, present: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return θ (b, m), the Cholesky factors of H' + ε Id, and D^-1/2, of several equations.

    A term that all fields together have, but these have not, gets the parameter 0: the pixels of a
    tail may all be in the group that is left out. θ is NaN where H' + ε Id is singular.

    Args:
        matrices, right: H (b, m, m) and g (b, m).
        ridge: ε.
        present: diagonal of H of all fields.
    """
    diagonal = matrices.diagonal(dim1=1, dim2=2)
    scale = torch.where(diagonal > _ABSENT * present, diagonal, torch.inf).rsqrt()
    scaled = matrices * scale[:, :, None] * scale[:, None]
    scaled.diagonal(dim1=1, dim2=2).add_(ridge)
    factor, failed = torch.linalg.cholesky_ex(scaled)
    solved = torch.cholesky_solve((right * scale)[..., None], factor)[..., 0] * scale
    return torch.where((failed > 0)[:, None], torch.nan, solved), factor, scale
