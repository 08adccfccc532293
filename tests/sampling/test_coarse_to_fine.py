"""Fields from coarse to fine: the law of a Gaussian cascade, pilots, independence of batches."""

import pytest
import torch

from field_energies import white
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    ScalarDensity,
    SigmoidPotential,
    SplinePotential,
)
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import Run, Schedule, calibrate
from scorelet.wavelets import PacketPlan, WaveletPacket

KNOTS = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)


def white_cascade(weight=1.0):
    """The law of white noise, factor by factor: every energy is |x|^2 / 2."""
    potential = SplinePotential(KNOTS, torch.full_like(KNOTS, weight))
    field = FieldEnergy(Couplings(((0, 1),), torch.zeros(1).double()), potential)
    details = [ConditionalEnergy(field, Band("db4")) for _ in range(3)]
    coarse = ScalarDensity(SplinePotential(KNOTS, torch.ones_like(KNOTS)))
    return Multiscale(WaveletPacket("db4", PacketPlan.octaves(3)), coarse, details)


@pytest.mark.slow
def test_a_cascade_of_white_noise_draws_white_noise():
    model, steps = white_cascade(), 40
    schedules = calibrate(model, steps, adaptation=25)
    x = Run(model, schedules, steps).sample(Noise(1, range(300)))
    power = torch.fft.fft2(x, norm="ortho").abs().square().mean((0, 1))
    assert x.shape == (300, 1, 8, 8)
    # powers of 300 samples err by 6 to 8 %; 64 frequencies
    assert float((power - 1).abs().max()) < 0.33
    assert float(x.var()) == pytest.approx(1, abs=0.04)
    for schedule in schedules:
        assert 0.35 < schedule.acceptance < 0.8


@pytest.mark.slow
def test_a_sample_depends_on_its_number_only():
    model = white_cascade()
    run = Run(model, [Schedule((0.3, 0.2))] * 3, 8)
    together = run.sample(Noise(4, range(6)))
    assert torch.equal(run.sample(Noise(4, (5, 2))), together[[5, 2]])


def test_details_are_drawn_around_a_given_coarse_field():
    model = white_cascade()
    below = white(4, 1, 4, 4)
    x = Run(model, [Schedule((0.2,))] * 3, 10).refine(below, Noise(5, range(4)), start=2)
    assert torch.allclose(Band("db4").lower(x), below, atol=1e-10)
    assert float(Band("db4").analyze(x).std()) > 0.5


def test_chains_that_diverge_are_named():
    model = white_cascade()
    run = Run(model, [Schedule((1e200,))] * 3, 8, adjusted=False)
    with pytest.raises(InputError, match=r"band 1 .* diverged"):
        run.sample(Noise(6, range(2)))


@pytest.mark.slow
@pytest.mark.parametrize("curvature", [None, 1.0])
def test_chains_begin_inside_the_window_of_sigmoids(curvature):
    """From details 0, low-passed blocks overshoot: an energy that is infinite is never left."""
    field = FieldEnergy(Couplings(((0, 0),), torch.ones(1).double()), SigmoidPotential(KNOTS))
    factor = ConditionalEnergy(field, Band("db4"))
    blocks = 0.95 * white(40, 1, 4, 4).sign()
    below = factor.band.lower(blocks.repeat_interleave(4, -1).repeat_interleave(4, -2))
    assert int((factor.band.lift(below).abs().flatten(1).amax(1) > 1).sum()) > 20
    transform = WaveletPacket("db4", PacketPlan.octaves(1))
    run = Run(Multiscale(transform, factor, [factor]), [Schedule((0.05,), 0.5, curvature)] * 2, 20)
    x = run.refine(below, Noise(7, range(40)), start=1)
    assert float(x.abs().max()) <= 1
    assert torch.allclose(factor.band.lower(x), below, atol=1e-10)
    assert torch.equal(run.refine(below[3:5], Noise(7, range(3, 5)), start=1), x[3:5])
    with pytest.raises(InputError, match=r"band 2 .* window .*--basis spline"):
        run.refine(below + 4, Noise(7, range(40)), start=1)  # the mean of fields is 2
