"""Flow in the plane: exact solutions, conserved quantities, order of the time steps."""

import math
from itertools import pairwise

import pytest
import torch

from laws.denoiser_laws import assert_close
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.data.fields.ensembles import advection, evolve, kinetic_energy, velocity


def derivative(x, axis):
    """Spectral derivative along columns (axis -1, x) or rows (axis -2, y), side 2 pi."""
    size = x.shape[-1]
    k = torch.fft.fftfreq(size, dtype=torch.float64) * size
    k = torch.where(2 * k.abs() == size, 0.0, k)
    shape = (size, 1) if axis == -2 else (size,)
    return torch.fft.ifft2(torch.fft.fft2(x) * 1j * k.reshape(shape)).real


def random_flow(size, highest, seed=0):
    """Vorticity (L, L) with random frequencies up to `highest`, rms 1, mean 0."""
    white = torch.randn(size, size, generator=generator(seed), dtype=torch.float64)
    k = torch.fft.fftfreq(size, dtype=torch.float64) * size
    squared = k[:, None] ** 2 + k[None, :] ** 2
    kept = (squared > 0) & (squared <= highest**2)
    w = torch.fft.ifft2(torch.fft.fft2(white) * kept).real
    return w / w.square().mean().sqrt()


def energy(w):
    return float(kinetic_energy(w[None, None])[0])


def test_velocity_has_no_divergence_and_the_given_curl():
    w = random_flow(48, 20)
    u = velocity(w[None, None])[0]
    divergence = derivative(u[0], -1) + derivative(u[1], -2)
    curl = derivative(u[1], -1) - derivative(u[0], -2)
    assert divergence.abs().max() < 1e-10
    assert_close(curl, w, 1e-10)


def test_a_vortex_array_by_hand():
    """psi = cos x cos y: w = 2 psi, u_x = -cos x sin y, u_y = sin x cos y, energy 1/4."""
    grid = 2 * math.pi / 16 * torch.arange(16, dtype=torch.float64)
    x, y = grid[None, :], grid[:, None]
    w = 2 * x.cos() * y.cos()
    expected = torch.stack([-x.cos() * y.sin(), x.sin() * y.cos()])
    assert_close(velocity(w[None, None])[0], expected, 1e-12)
    assert energy(w) == pytest.approx(1 / 4, abs=1e-12)  # the mean of cos^2 sin^2 is 1/4, twice


@pytest.mark.parametrize("size", [24, 32, 34])
def test_advection_is_that_of_a_grid_without_aliases(size):
    """u . grad w on the grid, for frequencies whose products the grid still holds."""
    w = random_flow(size, size / 4 - 1)
    u = velocity(w[None, None])[0]
    plain = u[0] * derivative(w, -1) + u[1] * derivative(w, -2)
    k = (torch.fft.fftfreq(size, dtype=torch.float64) * size).abs() < size / 3
    kept = torch.fft.ifft2(torch.fft.fft2(plain) * (k[:, None] & k[None, :])).real
    assert_close(advection(w), kept, 1e-10)
    assert advection(w).square().mean() > 1e-3


def test_flows_of_one_wavenumber_only_decay():
    """With |k|^2 = 25 for all frequencies, psi = w / 25 and u . grad w = 0."""
    size, squared, viscosity, time = 32, 25, 0.02, 1.5
    white = torch.randn(size, size, generator=generator(1), dtype=torch.float64)
    k = torch.fft.fftfreq(size, dtype=torch.float64) * size
    ring = (k[:, None] ** 2 + k[None, :] ** 2).round() == squared
    w = 10 * torch.fft.ifft2(torch.fft.fft2(white) * ring).real
    assert int(ring.sum()) == 12  # (5, 0), (3, 4) and their mirrors
    got = evolve(w, viscosity=viscosity, time=time, step=0.02)
    assert_close(got, math.exp(-squared * viscosity * time) * w, 1e-11)


@pytest.mark.slow
def test_the_error_of_a_step_falls_with_its_fourth_power():
    w = 8 * random_flow(32, 6)
    run = {n: evolve(w, viscosity=1e-3, time=0.4, step=0.4 / n) for n in (8, 16, 128)}
    errors = [float((run[n] - run[128]).square().mean().sqrt()) for n in (8, 16)]
    assert 12 < errors[0] / errors[1] < 20  # 2^4, up to the next order


@pytest.mark.slow
def test_without_viscosity_energy_and_enstrophy_are_kept():
    w = 5 * random_flow(32, 6)
    later = evolve(w, viscosity=0.0, time=1.0, step=2e-3)
    assert (later - w).square().mean() > 1  # it moves
    # steps of order 4: (k u dt)^4 = (10 * 2 * 2e-3)^4 = 2.6e-6 at the highest frequency
    assert energy(later) == pytest.approx(energy(w), rel=1e-7)
    assert float(later.square().mean()) == pytest.approx(float(w.square().mean()), rel=1e-7)


@pytest.mark.slow
def test_energy_falls_by_viscosity_times_enstrophy():
    w, viscosity, step = 5 * random_flow(32, 8), 5e-3, 1e-3
    energies, enstrophies = [energy(w)], [float(w.square().mean())]
    for _ in range(40):
        w = evolve(w, viscosity=viscosity, time=step, step=step)
        energies.append(energy(w))
        enstrophies.append(float(w.square().mean()))
    assert all(after < before for before, after in pairwise(energies))
    for k in range(40):  # dE/dt = -nu <w^2>, by the trapezoid of one step
        loss = viscosity * step * (enstrophies[k] + enstrophies[k + 1]) / 2
        assert energies[k] - energies[k + 1] == pytest.approx(loss, rel=1e-4)


@pytest.mark.slow
def test_a_turned_flow_is_the_flow_turned():
    w = 5 * random_flow(24, 5)
    options = {"viscosity": 1e-3, "time": 0.5, "step": 0.01}
    later = evolve(w, **options)
    assert_close(evolve(w.rot90(), **options), later.rot90(), 1e-10)
    assert_close(evolve(-w.flip(1), **options), -later.flip(1), 1e-10)  # a mirror turns the sense
    assert_close(evolve(w.roll((3, 5), (0, 1)), **options), later.roll((3, 5), (0, 1)), 1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run(random_flow(16, 4)[:, :8]), r"shape \(16, 8\): expected \(L, L\), L even"),
        (lambda: run(torch.zeros(15, 15)), r"shape \(15, 15\)"),
        (lambda: run(torch.full((16, 16), torch.nan)), "not finite: expected finite"),
        (lambda: run(torch.zeros(16, 16).int()), "torch.int32"),
        (lambda: run(random_flow(16, 4), step=0.0), r"step must be a number in \(0, inf\), got 0"),
        (lambda: run(random_flow(16, 4), viscosity=-1.0), "viscosity must be"),
        (lambda: advection(torch.zeros(16, 8)), r"shape \(16, 8\)"),
        (lambda: velocity(torch.zeros(16, 16)), r"shape \(16, 16\): expected \(batch, 1, L, L\)"),
        (lambda: kinetic_energy(torch.zeros(0, 1, 16, 16)), r"shape \(0, 1, 16, 16\)"),
    ],
)
def test_what_is_no_flow_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


def run(w, **options):
    return evolve(w, **{"viscosity": 1e-3, "time": 0.1, "step": 0.01, **options})


@pytest.mark.slow
def test_too_long_a_step_is_one_sentence():
    with pytest.raises(InputError, match=r"not finite after time 200 with steps of 1: give a shor"):
        evolve(50 * random_flow(16, 4), viscosity=1e-3, time=200.0, step=1.0)
