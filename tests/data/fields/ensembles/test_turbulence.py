"""Decaying turbulence: its start, and what vortices do to spectrum and marginal."""

import pytest
import torch

from laws.ensemble_laws import ring_means, rings, transform_power
from scorelet.data.fields.ensembles import DecayingTurbulence, evolve, kinetic_energy


@pytest.mark.slow
def test_the_flow_starts_with_the_stated_energy_spectrum():
    size, n, peak = 64, 400, 6.0
    w = DecayingTurbulence(time=0.0, peak=peak).sample(n, size, 0).double()
    assert float(kinetic_energy(w).sub(0.5).abs().max()) < 1e-6  # |u|^2 is 1 in every field
    ring = rings(size)
    k = torch.arange(1, 21, dtype=torch.float64)
    # modes of a ring differ in |k|, which is averaged out by a spectrum that is smooth in k^2
    squared = torch.fft.fftfreq(size, dtype=torch.float64) * size
    squared = squared[:, None] ** 2 + squared[None, :] ** 2
    expected = ring_means(squared / (1 + squared**2 / peak**4))[1:21]
    found = ring_means(transform_power(w))[:, 1:21]
    scale = (found.mean(0) * k).sum() / (expected * k).sum()
    error = found.std(0) / n**0.5
    assert ((found.mean(0) - scale * expected).abs() < 4.5 * error).all()
    assert transform_power(w)[:, ring > 31].max() < 1e-9  # beyond the 2/3 rule's corner: rounding


@pytest.mark.slow
def test_vortices_form():
    """Slope -3.2 +- 0.3 of the spectrum on k = 8 to 29; heavy tails, mean 0."""
    w = DecayingTurbulence(step=8e-3).sample(4, 128, 0).double()
    power = ring_means(transform_power(w)).mean(0)[8:30].log()
    k = torch.arange(8, 30, dtype=torch.float64).log()
    k = k - k.mean()
    slope = float((k * power).sum() / (k * k).sum())
    assert slope == pytest.approx(-3.2, abs=0.3)
    assert 3.7 < float((w**4).mean() / w.square().mean() ** 2) < 6
    assert float(w.mean()) == pytest.approx(0, abs=1e-6)
    assert float(kinetic_energy(w).max()) < 0.5  # it was 1/2 at the start


@pytest.mark.slow
def test_half_the_step_gives_the_same_fields():
    """The error of a step falls as its fourth power: 4e-4 of the deviation at 8e-3, then 2e-5."""
    coarse, fine = (DecayingTurbulence(time=1.0, step=s).sample(1, 64, 0) for s in (4e-3, 2e-3))
    assert (coarse - fine).abs().max() < 1e-4 * fine.std()


@pytest.mark.slow
def test_the_stages_of_one_flow_follow_one_another():
    """time is the only thing that differs: the later field is the earlier one, evolved."""
    early, late = (DecayingTurbulence(time=t).sample(1, 32, 0)[0, 0].double() for t in (0.4, 0.8))
    again = evolve(early, viscosity=1e-3, time=0.4, step=4e-3)
    assert (again - late).abs().max() < 1e-5 * late.abs().max()  # early was rounded to float32
