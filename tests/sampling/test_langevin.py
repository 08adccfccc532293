"""Langevin dynamics: what the Metropolis decision keeps, and what goes wrong without it."""

import pytest
import torch

from field_energies import white
from laws.kernel_laws import assert_a_chain_depends_on_its_number_only
from scorelet.core.random import Noise
from scorelet.models import FunctionEnergy
from scorelet.sampling import Langevin, Phi4, run

PRECISION = torch.tensor([[2.0, 0.9], [0.9, 1.0]], dtype=torch.float64)


def gaussian(x):
    pair = x.flatten(1)
    return ((pair @ PRECISION) * pair).sum(1) / 2


@pytest.mark.slow
def test_a_gaussian_of_two_dimensions_keeps_its_mean_and_covariance():
    kernel, chains = Langevin(FunctionEnergy(gaussian), 0.35), 400
    state, means, products = kernel.init(white(chains, 1, 1, 2)), [], []
    noise = Noise(1, range(chains))
    for step, (now, _) in enumerate(run(kernel, state, 160, noise=noise)):
        if step >= 40:
            pair = now.x.flatten(1)
            means.append(pair)
            products.append(pair[:, :, None] * pair[:, None])
    for draws, expected in ((means, torch.zeros(2)), (products, torch.linalg.inv(PRECISION))):
        by_chain = torch.stack(draws).mean(0)
        error = by_chain.std(0) / chains**0.5
        assert ((by_chain.mean(0) - expected).abs() < 4 * error).all()


def test_without_the_decision_the_variance_is_that_of_the_recursion():
    """x' = (1 - ε) x + sqrt(2 ε) z has the variance 1 / (1 - ε / 2) for E = x^2 / 2."""
    kernel = Langevin(
        FunctionEnergy(lambda x: x.square().flatten(1).sum(1) / 2), 0.5, adjusted=False
    )
    state = kernel.init(white(200, 1, 8, 8))
    *_, (state, info) = run(kernel, state, 30, noise=Noise(2, range(200)))
    assert bool(info.accepted.all())
    # 12800 numbers: the variance errs by 1.7 %
    assert abs(float(state.x.var()) - 4 / 3) < 0.07


def test_what_is_not_a_number_is_never_entered():
    def energy(x):
        total = x.square().flatten(1).sum(1) / 2
        return torch.where(total > 1, torch.nan, total)

    kernel = Langevin(FunctionEnergy(energy), 0.5)
    state = kernel.init(torch.zeros(50, 1, 1, 2, dtype=torch.float64))
    for now, info in run(kernel, state, 40, noise=Noise(3, range(50))):
        assert bool((now.x.square().flatten(1).sum(1) / 2 <= 1).all())
        assert bool(info.probability.isfinite().all())
    assert not info.accepted.all()


def test_a_chain_depends_on_its_number_only():
    kernel = Langevin(Phi4().potential, 0.02)
    assert_a_chain_depends_on_its_number_only(kernel, white(5, 1, 16, 16), 6)
