"""Energies that are strongly log-concave given any coarse field: a convex projection.

Symbols: θ parameters, H θ = g normal equations, loss θ^T H θ / 2 - θ^T g; S(q) symbol of B K B^T,
w_k values of v'' at the knots of a spline, between which it is linear; both are linear in θ. With a
number c that is free (the gauge: c may go from v'' to K),

    minimise the loss   subject to   w_k >= c for all k,   S(q) + c Id >= α Id for all q

implies S(q) + inf v'' >= α, the uniform bound of `scorelet.models.certificates`. Alternating
directions (ADMM): θ by a linear system, then projections onto half lines and onto cones of
matrices, frequency by frequency. What is left at the end is mended by one more quadratic term.

References: Boyd et al. 2011 (ADMM); Guth, Lempereur, Bruna, Mallat 2023, arXiv 2306.00181.
"""

import torch
from torch import Tensor

from scorelet.models.certificates import coupling_symbol, uniform_bounds
from scorelet.models.field_energy import ConditionalEnergy
from scorelet.training.score_matching.normal_equations import BandMoments, Equations
from scorelet.training.score_matching.tails import unit_curvature

SHARE = 0.05
"""α over the mean curvature of a Gaussian with the variance of the details."""
_STEPS, _CLOSE = 3000, 1e-7


def project_log_concave(
    moments: BandMoments, equations: Equations, theta: Tensor, alpha: float
) -> Tensor:
    """Return the θ of least loss whose uniform bound is at least α.

    Args:
        moments: what has made the equations, with splines.
        equations: of all fields.
        theta: the solution without constraints; it comes back where it obeys them.
        alpha: α, positive.
    """
    if _bound(moments, theta) >= alpha:
        return theta
    found = _admm(moments, equations, theta, alpha)
    missing = max(0.0, alpha - _bound(moments, found))
    return found + missing * unit_curvature(moments)


def _bound(moments: BandMoments, theta: Tensor) -> float:
    factor = ConditionalEnergy(moments.energy(theta), moments.band)
    return uniform_bounds(factor, moments.size)[0]


def _admm(moments: BandMoments, equations: Equations, theta: Tensor, alpha: float) -> Tensor:
    knots, symbols = _linear_maps(moments, len(theta))
    scale = equations.matrix.diagonal().rsqrt()
    rows = torch.cat([_rows(knots, -1.0), _rows(_parts(symbols), _identity(symbols))], 1).T
    rows = rows * torch.cat([scale, scale.new_ones(1)])
    quadratic = torch.zeros(len(theta) + 1, len(theta) + 1, dtype=torch.float64)
    quadratic[:-1, :-1] = equations.matrix * scale[:, None] * scale
    linear = torch.cat([equations.right * scale, scale.new_zeros(1)])
    weight = float(quadratic.diagonal().sum() / rows.square().sum())
    system = quadratic + weight * rows.T @ rows
    system.diagonal().add_(1e-12 * float(system.diagonal().max()))
    factor = torch.linalg.cholesky(system)
    x = torch.cat([theta / scale, theta.new_zeros(1)])
    z = _project(rows @ x, knots.shape[1], symbols.shape[1:], alpha)
    dual = torch.zeros_like(z)
    for _ in range(_STEPS):
        right = linear + weight * rows.T @ (z - dual)
        x = torch.cholesky_solve(right[:, None], factor)[:, 0]
        seen = rows @ x
        new = _project(seen + dual, knots.shape[1], symbols.shape[1:], alpha)
        dual = dual + seen - new
        moved = float((new - z).norm() + (seen - new).norm())
        z = new
        if moved < _CLOSE * float(z.norm()):
            break
    return x[:-1] * scale


def _linear_maps(moments: BandMoments, count: int) -> tuple[Tensor, Tensor]:
    """Return w (parameter, knot) and S (parameter, frequency, channel, channel) of unit vectors."""
    knots, symbols = [], []
    for unit in torch.eye(count, dtype=torch.float64):
        field = moments.energy(unit)
        knots.append(field.potential.weights)
        symbol = coupling_symbol(ConditionalEnergy(field, moments.band), moments.size)
        half = symbol[:, : symbol.shape[1] // 2 + 1]  # S(-q) is the conjugate of S(q)
        symbols.append(half.flatten(0, 1))
    return torch.stack(knots), torch.stack(symbols)


def _parts(symbols: Tensor) -> Tensor:
    """Return complex numbers as reals, (parameter, numbers)."""
    return torch.view_as_real(symbols).flatten(1)


def _identity(symbols: Tensor) -> Tensor:
    unit = torch.eye(symbols.shape[-1], dtype=symbols.dtype).expand(symbols.shape[1:])
    return _parts(unit[None].contiguous())[0]


def _rows(columns: Tensor, gauge: Tensor | float) -> Tensor:
    """Return a map with one more row, for c."""
    last = torch.zeros_like(columns[:1])
    last[0] = torch.as_tensor(gauge, dtype=columns.dtype)
    return torch.cat([columns, last])


def _project(values: Tensor, knots: int, shape: tuple[int, ...], alpha: float) -> Tensor:
    """Return the nearest values that obey: w - c >= 0, eigenvalues of S + c at least α."""
    matrices = torch.view_as_complex(values[knots:].clone().reshape(*shape, 2))
    levels, vectors = torch.linalg.eigh((matrices + matrices.mH) / 2)
    nearest = (vectors * levels.clamp_min(alpha)[..., None, :].to(vectors.dtype)) @ vectors.mH
    return torch.cat([values[:knots].clamp_min(0), torch.view_as_real(nearest).flatten()])
