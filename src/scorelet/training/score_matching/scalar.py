"""The coarsest field, a single number: its density by maximum likelihood.

Symbols: t_i the n numbers; p(t) = exp(-sum_k θ_k ρ_k(t) - a t) / Z(θ). In one dimension Z is an
integral over a grid, so the likelihood can be maximised: -log Z is concave, and Newton's method
finds its maximum. It uses each number as well as can be, and unlike score matching it knows how
much weight two separate wells have.
"""

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.models.field_energy import ScalarDensity, SplinePotential

KNOTS = 10
_GRID = 2048
_STEPS = 100
_FEWEST = 4  # different numbers
_ROUNDING = 1e-9
_LEAST_TAIL = 0.05  # of the curvature of the Gaussian of the same variance


def fit_scalar(values: Tensor, *, knots: int = KNOTS, even: bool = False) -> ScalarDensity:
    """Return the density of numbers.

    Args:
        values: t, (n).
        knots: of the spline.
        even: p(t) = p(-t).

    Raises:
        InputError: fewer than 4 different numbers.
    """
    t = values.double().flatten()
    t = torch.cat([t, -t]) if even else t
    if len(t) < 4 or not float(t.std()) > 0:
        raise InputError(
            f"The coarsest field has {len(values)} values that hardly vary: fit more fields."
        )
    different = _count_different(values.double().flatten())
    if different < _FEWEST:
        raise InputError(
            f"The coarsest fields of {len(values)} fields have only {different} different values: "
            "fit more fields, and take out copies of one."
        )
    places = _knots(t, min(knots, 3 + len(values) // 8), even=even)
    grid, weights = _grid(t)
    family = SplinePotential(places)
    features, grid_features = (_features(family, u, even=even) for u in (t, grid))
    scale = features.std(0).clamp_min(1e-12)
    prior = _gaussian(t, places, even=even)
    theta = _maximise(
        features.mean(0) / scale, grid_features / scale, weights, prior * scale, len(t)
    )
    theta = theta / scale
    count = len(places)
    weights_k = theta[:count].clone()
    # tails beyond the outer knots hold a hundredth of the numbers each: they must be convex
    weights_k[[0, -1]] = weights_k[[0, -1]].clamp_min(_LEAST_TAIL * float(prior[0]))
    if even:
        weights_k = (weights_k + weights_k.flip(0)) / 2
    return ScalarDensity(
        SplinePotential(places, weights_k), slope=0.0 if even else float(theta[count])
    )


def _count_different(t: Tensor) -> int:
    """Return how many values there are, up to rounding: copies of one field differ by that."""
    return len((t / t.abs().max() / _ROUNDING).round().unique())


def _knots(t: Tensor, count: int, *, even: bool) -> Tensor:
    low, high = (float(torch.quantile(t, q)) for q in (0.01, 0.99))
    if even:  # with a knot at 0, where v' is 0
        low, count = -high, count | 1
    return torch.linspace(low, high, count, dtype=torch.float64)


def _grid(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return places far beyond the data, and their share of an integral."""
    middle, width = float(t.mean()), float((t - t.mean()).abs().max())
    grid = torch.linspace(middle - 3 * width, middle + 3 * width, _GRID, dtype=torch.float64)
    return grid, torch.full_like(grid, float(grid[1] - grid[0]))


def _features(family: SplinePotential, t: Tensor, *, even: bool) -> Tensor:
    """ρ_k(t) and t, (n, k + 1); without t if even."""
    unit = torch.eye(len(family.knots), dtype=torch.float64)
    columns = [family.with_weights(row).derivatives(t)[0] for row in unit]
    if even:
        mirrored = [columns[k] + columns[-1 - k] for k in range(len(columns))]
        return torch.stack([c / 2 for c in mirrored], 1)
    return torch.stack([*columns, t], 1)


def _gaussian(t: Tensor, places: Tensor, *, even: bool) -> Tensor:
    """Return the parameters of the Gaussian with the mean and the variance of t."""
    weight = 1 / t.var()
    slope = (places[len(places) // 2] - t.mean()) * weight
    equal = weight.expand(len(places))
    return equal if even else torch.cat([equal, slope[None]])


def _maximise(mean: Tensor, grid: Tensor, weights: Tensor, prior: Tensor, count: int) -> Tensor:
    """Return θ with the means of the features under p equal to `mean`, by damped Newton steps.

    A normal law of θ about `prior`, in units of the features' deviations, counts as one number.
    """
    theta, ridge = prior.clone(), 1.0 / count

    def objective(at: Tensor) -> Tensor:
        beside = at - prior
        fitted = torch.logsumexp(weights.log() - grid @ at, 0)
        return at @ mean + fitted + ridge / 2 * beside @ beside

    for _ in range(_STEPS):
        density = torch.softmax(weights.log() - grid @ theta, 0)
        expected = density @ grid
        centred = grid - expected
        hessian = (centred * density[:, None]).T @ centred
        hessian.diagonal().add_(ridge)
        gradient = mean - expected + ridge * (theta - prior)
        step = torch.linalg.solve(hessian, -gradient)
        length, start = 1.0, objective(theta)
        while objective(theta + length * step) > start and length > 1e-6:
            length /= 2
        theta = theta + length * step
        if float((gradient @ step).abs()) < 1e-12:
            break
    return theta
