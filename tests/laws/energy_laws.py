"""Laws of energies, each an assertion on float64 fields; callers give the reason of a tolerance."""

import torch
from torch import Tensor

from laws.denoiser_laws import assert_close
from scorelet.core.random import Noise
from scorelet.models import CurvedEnergy, Energy

STEP = 1e-4


def directions(x: Tensor, seed: int = 0) -> Tensor:
    """Random directions of length 1, one for each sample."""
    v = Noise(seed, range(len(x))).normal(x)
    return v / v.flatten(1).norm(dim=1).reshape(-1, *(1 for _ in x.shape[1:]))


def assert_force_is_the_gradient(energy: Energy, x: Tensor, tol: float) -> None:
    """<F, v> is the central difference of U along v; its error is of the order STEP^2."""
    for seed in range(3):
        v = directions(x, seed)
        difference = (energy.energy(x + STEP * v) - energy.energy(x - STEP * v)) / (2 * STEP)
        assert_close((energy.force(x) * v).flatten(1).sum(1), difference, tol)


def assert_score_is_minus_the_force(energy: Energy, x: Tensor) -> None:
    """Bitwise: there is one gradient and two names."""
    assert torch.equal(energy.score(x), -energy.force(x))


def assert_hessian(energy: CurvedEnergy, x: Tensor, tol: float) -> None:
    """H v is the central difference of F along v, and H is symmetric."""
    u, v = directions(x, 3), directions(x, 4)
    difference = (energy.force(x + STEP * v) - energy.force(x - STEP * v)) / (2 * STEP)
    assert_close(energy.hessian_vec(x, v), difference, tol)
    left = (u * energy.hessian_vec(x, v)).flatten(1).sum(1)
    right = (v * energy.hessian_vec(x, u)).flatten(1).sum(1)
    assert (left - right).abs().max() <= tol * energy.hessian_vec(x, v).norm()


def assert_samples_do_not_see_each_other(energy: Energy, x: Tensor, tol: float = 0.0) -> None:
    """U and F of a sample are those that it has alone; a tolerance of 0 is bitwise."""
    for function in (energy.energy, energy.force):
        alone = torch.cat([function(sample[None]) for sample in x])
        assert_close(function(x), alone, tol)


def assert_shapes_and_dtype(energy: Energy, x: Tensor) -> None:
    """(batch,) and the shape of x, in the dtype of x."""
    for dtype in (torch.float32, torch.float64):
        value, force = energy.energy(x.to(dtype)), energy.force(x.to(dtype))
        assert (value.shape, force.shape) == (x.shape[:1], x.shape)
        assert value.dtype == force.dtype == dtype
