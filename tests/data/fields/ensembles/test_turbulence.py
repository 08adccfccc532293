"""Decaying turbulence: its start, and what vortices do to spectrum and marginal."""

import math
from functools import partial

import pytest
import torch

from laws.ensemble_laws import ring_means, rings, transform_power
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import (
    DecayingTurbulence,
    EnsembleWarning,
    evolve,
    kinetic_energy,
)


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
    law = partial(DecayingTurbulence, time=1.0, viscosity=4e-3)
    coarse, fine = (law(step=s).sample(1, 64, 0) for s in (4e-3, 2e-3))
    assert (coarse - fine).abs().max() < 1e-4 * fine.std()


@pytest.mark.slow
def test_the_stages_of_one_flow_follow_one_another():
    """time is the only thing that differs: the later field is the earlier one, evolved."""
    law = partial(DecayingTurbulence, viscosity=0.01, peak=3.0)
    early, late = (law(time=t).sample(1, 32, 0)[0, 0].double() for t in (0.4, 0.8))
    again = evolve(early, viscosity=0.01, time=0.4, step=4e-3)
    assert (again - late).abs().max() < 1e-5 * late.abs().max()  # early was rounded to float32


@pytest.mark.parametrize(
    "law",
    [
        DecayingTurbulence(),
        DecayingTurbulence(viscosity=4e-3),
        DecayingTurbulence(viscosity=1e-4, peak=2.0),
    ],
)
def test_the_least_size_is_that_of_the_stated_criterion(law):
    """k_max over the scale of diffusion by the sums over the grid, at the size and two below."""
    for size, fits in ((law.least_size, True), (law.least_size - 2, False)):
        highest = (size - 1) // 3
        w = law.start(size, torch.Generator().manual_seed(0))
        k = torch.arange(1, highest + 1, dtype=torch.float64)
        energy = k / (1 + (k / law.peak) ** 4)
        rms = math.sqrt(float((k**2 * energy).sum() / energy.sum()))
        assert rms == pytest.approx(float(w.square().mean().sqrt()), rel=0.1)  # corners of the grid
        scale = math.sqrt(rms / law.viscosity)
        assert (highest > max(0.99 * 0.4 * scale, 2.99 * law.peak)) == fits


def test_a_size_that_does_not_resolve_the_flow_is_warned_of():
    law = DecayingTurbulence(time=0.01)
    assert f"sides of at least {law.least_size} by default" in law.describe()
    with pytest.warns(EnsembleWarning, match=r"^32 x 32 pixels are too few.* at least 118\.$"):
        law.sample(1, 32, 0)
    law.sample(1, 118, 0)
    DecayingTurbulence(time=0.0).sample(1, 32, 0)  # Gaussian as the formula says
    assert law.doubts(116)
    assert not law.doubts(118)
    with pytest.raises(InputError, match="size must be even"):
        law.doubts(117)
    with pytest.raises(InputError, match="beyond floating-point"):
        DecayingTurbulence(viscosity=1e-320).doubts(32)


@pytest.mark.slow
def test_fields_of_the_least_size_have_the_enstrophy_of_finer_grids():
    """Of the same start, at time 1, when they differ most: to 10 %, and not at half of the size."""
    law = DecayingTurbulence(viscosity=4e-3, time=1.0)
    ends = {}
    for size in (28, law.least_size):
        start = law.start(size, torch.Generator().manual_seed(0))
        pair = (start, _finer(start, 112 // size))
        evolved = (evolve(w, viscosity=4e-3, time=1.0, step=4e-3) for w in pair)
        ends[size] = [float(w.square().mean()) for w in evolved]
    assert ends[law.least_size][0] == pytest.approx(ends[law.least_size][1], rel=0.1)
    assert ends[28][0] > 1.1 * ends[28][1]


def _finer(w, factor):
    """The same trigonometric polynomial on a finer grid."""
    size = len(w)
    spectrum = torch.fft.fftshift(torch.fft.fft2(w))
    margin = (factor - 1) * size // 2
    padded = torch.nn.functional.pad(spectrum, (margin,) * 4)
    return torch.fft.ifft2(torch.fft.ifftshift(padded)).real * factor**2
