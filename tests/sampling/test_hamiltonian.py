"""Hamiltonian Monte Carlo: the laws of its integrator, and the densities that it leaves alone."""

import math
from dataclasses import replace

import pytest
import torch

from laws.kernel_laws import assert_a_chain_depends_on_its_number_only
from scorelet.core.errors import InputError
from scorelet.core.random import Noise, generator, randn
from scorelet.data.fields.ensembles import PowerLaw
from scorelet.sampling import (
    Hamiltonian,
    Phi4,
    ScalarPotential,
    fourier_acceleration,
    run,
    tune_epsilon,
)

DOUBLE = torch.zeros((), dtype=torch.float64)
GAUSSIAN = ScalarPotential(0.4, 0.9, 0.0)
CRITICAL = Phi4().potential
EXACT = 1e-10


def white(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=DOUBLE)


def accelerated(potential, size, epsilon=0.15, **options):
    return Hamiltonian(
        potential, epsilon, kinetic=fourier_acceleration(size, potential.b), **options
    )


@pytest.mark.parametrize("kinetic", [None, fourier_acceleration(6, 0.68)], ids=["flat", "fourier"])
def test_the_leapfrog_can_be_reversed(kinetic):
    kernel = Hamiltonian(CRITICAL, 0.1, kinetic=kinetic)
    start = kernel.init(white(3, 1, 6, 6))
    p = kernel.draw(start, Noise(1, range(3)))
    end, momentum = kernel.leapfrog(start, p)
    back, negative = kernel.leapfrog(end, -momentum)
    assert torch.allclose(back.x, start.x, atol=EXACT)
    assert torch.allclose(-negative, p, atol=EXACT)


def test_the_energy_error_is_of_second_order():
    start, p = white(4, 1, 6, 6), white(4, 1, 6, 6, seed=1)
    errors = []
    for leapfrogs in (20, 40):  # the same time, half the step
        kernel = accelerated(CRITICAL, 6, 0.4 / leapfrogs, leapfrogs=leapfrogs)
        state = kernel.init(start)
        end = kernel.leapfrog(state, p)
        errors.append((kernel.hamiltonian(*end) - kernel.hamiltonian(state, p)).abs().max())
    assert float(errors[0] / errors[1]) == pytest.approx(4, abs=0.2)


@pytest.mark.slow
def test_with_the_covariance_as_spectrum_all_modes_have_one_period():
    """M = C makes x'' = -x: after the time 2π every Gaussian field is back."""
    size, leapfrogs = 6, 4000
    kernel = Hamiltonian(
        GAUSSIAN, 2 * math.pi / leapfrogs, leapfrogs=leapfrogs, kinetic=GAUSSIAN.power(size)
    )
    start = white(2, 1, size, size)
    end, _ = kernel.leapfrog(kernel.init(start), white(2, 1, size, size, seed=1))
    assert torch.allclose(end.x, start, atol=1e-5)  # the phase errs by 2π ε² / 24 = 6e-7


@pytest.mark.slow
def test_momenta_have_the_inverse_spectrum():
    kernel = accelerated(CRITICAL, 6)
    p = kernel.draw(kernel.init(white(4000, 1, 6, 6)), Noise(2, range(4000)))
    power = torch.fft.fft2(p, norm="ortho").abs().square().mean((0, 1))
    # a real mode's power of n samples errs by sqrt(2 / n); 4.5 of these
    assert ((power * kernel.kinetic - 1).abs() < 4.5 * (2 / 4000) ** 0.5).all()


@pytest.mark.parametrize(
    "leapfrogs",
    [pytest.param(1, id="Langevin"), pytest.param(10, id="10 leapfrogs", marks=pytest.mark.slow)],
)
def test_the_gaussian_lattice_has_its_spectrum(leapfrogs):
    size, chains = 4, 200
    kinetic = fourier_acceleration(size, GAUSSIAN.b) if leapfrogs > 1 else None
    kernel = Hamiltonian(GAUSSIAN, 0.5, leapfrogs=leapfrogs, kinetic=kinetic)
    noise = Noise(3, range(chains))
    state, powers = kernel.init(white(chains, 1, size, size)), []
    for k, (now, _) in enumerate(run(kernel, state, 300, noise=noise)):
        if k >= 50:
            powers.append(torch.fft.fft2(now.x, norm="ortho").abs().square()[:, 0])
    by_chain = torch.stack(powers).mean(0)
    error = by_chain.std(0) / chains**0.5
    assert ((by_chain.mean(0) - GAUSSIAN.power(size)).abs() < 4.5 * error).all()


@pytest.mark.slow
def test_clusters_and_dynamics_agree_on_the_square_of_the_field():
    size, chains = 16, 32
    kernel = accelerated(CRITICAL, size, flip=True)
    start = Phi4().sample(chains, size, 7).double()  # equilibrium: no burn-in is needed
    kernel, state = tune_epsilon(kernel, kernel.init(start), 60, noise=Noise(8, range(chains)))
    squares, rates = [], []
    for now, info in run(kernel, state, 200, noise=Noise(9, range(chains))):
        squares.append(now.x.square().mean((1, 2, 3)))
        rates.append(float(info.probability.mean()))
    assert sum(rates) / len(rates) == pytest.approx(0.8, abs=0.05)
    dynamics = torch.stack(squares).mean(0)
    clusters = Phi4().sample(1024, size, 10).double().square().mean((1, 2, 3))
    by_chain = clusters.reshape(64, 16).mean(0)
    error = math.hypot(dynamics.std() / chains**0.5, by_chain.std() / 16**0.5)
    assert abs(float(dynamics.mean() - by_chain.mean())) < 3 * error


KERNELS = {
    "Langevin": Hamiltonian(CRITICAL, 0.2, leapfrogs=1),
    "flat": Hamiltonian(CRITICAL, 0.2, leapfrogs=3, flip=True),
    "Fourier": accelerated(CRITICAL, 16, leapfrogs=3, flip=True),
    "Gaussian field": Hamiltonian(PowerLaw(), 0.1, kinetic=PowerLaw().power(16)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KERNELS)
def test_a_chain_depends_on_its_number_only(name):
    assert_a_chain_depends_on_its_number_only(KERNELS[name], white(5, 1, 16, 16), 6)


@pytest.mark.slow
def test_a_chain_of_one_large_field_does_not_depend_on_threads():
    kernel = accelerated(CRITICAL, 256, 1e-3, leapfrogs=1)
    assert_a_chain_depends_on_its_number_only(kernel, white(2, 1, 256, 256), 2)


def test_a_proposal_is_accepted_with_its_probability():
    """Of many chains at one point; the noise of the acceptance is independent of the momenta."""
    kernel = Hamiltonian(CRITICAL, 0.4, leapfrogs=2)
    state = kernel.init(0.7 * white(1, 1, 4, 4).expand(4000, -1, -1, -1))
    _, info = kernel.step(state, Noise(6, range(4000)))
    spread = float((info.probability * (1 - info.probability)).sum()) ** 0.5
    assert 0.2 < float(info.probability.mean()) < 0.95
    assert abs(float(info.accepted.sum() - info.probability.sum())) < 4 * spread


def test_a_flip_changes_the_sign_and_nothing_else():
    kernel = accelerated(CRITICAL, 6, flip=True)
    state = kernel.init(white(64, 1, 6, 6))
    flipped, info = kernel.step(state, Noise(4, range(64)))
    plain, same = replace(kernel, flip=False).step(state, Noise(4, range(64)))
    assert torch.equal(info.accepted, same.accepted)
    signs = (flipped.x / plain.x).flatten(1)
    assert set(signs.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(signs.amin(1), signs.amax(1))
    assert torch.allclose(flipped.force, CRITICAL.force(flipped.x), atol=EXACT)


def test_steps_that_overflow_are_rejected():
    kernel = Hamiltonian(CRITICAL, 1e3)
    state = kernel.init(white(3, 1, 4, 4))
    after, info = kernel.step(state, Noise(5, range(3)))
    assert not info.accepted.any()
    assert float(info.probability.max()) == 0
    assert torch.equal(after.x, state.x)


def test_what_cannot_work_is_refused():
    odd = torch.ones(4, 4)
    odd[0, 1] = 2
    cases = [
        (lambda: Hamiltonian(CRITICAL, 0.0), "positive step"),
        (lambda: Hamiltonian(CRITICAL, 0.1, leapfrogs=0), "at least one"),
        (lambda: Hamiltonian(CRITICAL, 0.1, kinetic=-torch.ones(4, 4)), "positive and even"),
        (lambda: Hamiltonian(CRITICAL, 0.1, kinetic=odd), "positive and even"),
    ]
    for call, message in cases:
        with pytest.raises(InputError, match=message):
            call()
