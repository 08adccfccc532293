"""Denoisers that are gradients of energies, against denoisers that are known."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from laws.denoiser_laws import assert_batch_independent, assert_close
from samples import environment
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import EnergyDenoiser, GaussianMixtureDenoiser

DOUBLE = torch.zeros((), dtype=torch.float64)
EXACT = 1e-12
SIGMAS = torch.tensor([0.2, 0.5, 1.0], dtype=torch.float64)


def white(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=DOUBLE)


def mixture():
    weights = torch.tensor([0.3, 0.7], dtype=torch.float64)
    return GaussianMixtureDenoiser(weights, white(2, 1, 4, 4), 0.1 * weights)


def pair():
    """The same denoiser twice: in closed form, and as a gradient."""
    known = mixture()
    return known, EnergyDenoiser(lambda y, sigma: -known.log_density(y, sigma), channels=(1,))


def test_the_gradient_of_the_energy_is_the_posterior_mean():
    known, denoiser = pair()
    y = white(3, 1, 4, 4, seed=1)
    assert_close(denoiser(y, SIGMAS), known(y, SIGMAS), EXACT)
    assert_close(denoiser.noisy(0.4).energy(y), -known.log_density(y, 0.4), EXACT)
    assert_close(denoiser.noisy(0.4).score(y), known.score(y, 0.4), EXACT)
    assert_batch_independent(lambda image: denoiser(image, 0.3), y, EXACT)


def test_without_gradients_it_denoises_all_the_same():
    """A gradient that is silently zero would give the noisy image back."""
    known, denoiser = pair()
    y = white(3, 1, 4, 4, seed=1)
    with torch.no_grad():
        found = denoiser(y, SIGMAS)
    assert not found.requires_grad
    assert_close(found, known(y, SIGMAS), EXACT)
    assert float((found - y).norm() / y.norm()) > 0.1


@pytest.mark.slow
def test_compiled_it_is_the_same():
    """In a process of its own: not through the shape checker that is put around functions here."""
    program = """
import torch
from scorelet.models import EnergyDenoiser
def energy(y, sigma):
    return (y.square() + y.pow(4)).flatten(1).sum(1) / (1 + sigma.square())
denoiser, y, sigma = EnergyDenoiser(energy), torch.linspace(-1, 1, 32).reshape(2, 1, 4, 4), 0.5
with torch.no_grad():
    found = torch.compile(denoiser, backend="aot_eager", fullgraph=True)(y, sigma)
print(float((found - (y - 0.25 * (2 * y + 4 * y**3) / 1.25)).abs().max()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1e-6  # float32 numbers of order 1


class Quadratic(nn.Module):
    """U = a |y|^2 / (2 (1 + sigma^2)): at a = 1 that of a white Gaussian of variance 1."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, y, sigma):
        return self.scale * y.square().flatten(1).sum(1) / (2 * (1 + sigma.square()))


def test_a_loss_on_it_reaches_the_parameters_of_the_energy():
    """f = y (1 - a s^2 / (1 + s^2)); the derivative of |f|^2 / 2 in a is known."""
    denoiser, y = EnergyDenoiser(Quadratic()), white(2, 1, 3, 3)
    (denoiser(y, 1.0).square().sum() / 2).backward()
    (parameter,) = denoiser.parameters()
    expected = (1 - 0.5) * -0.5 * y.square().sum()
    assert float(parameter.grad) == pytest.approx(float(expected), rel=EXACT)


def test_it_needs_noise():
    _, denoiser = pair()
    y = white(1, 1, 4, 4)
    for arguments, words in (((y,), "needs the noise level"), ((y, 0.0), "positive")):
        with pytest.raises(InputError, match=words):
            denoiser(*arguments)
