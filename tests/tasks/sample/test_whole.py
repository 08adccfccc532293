"""Whole pictures that are drawn: exact laws, sizes, classes, colour."""

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.cli.main import run
from scorelet.core.random import Noise
from scorelet.models import (
    Denoiser,
    FiniteSetDenoiser,
    ResidualDenoiser,
    StationaryGaussianDenoiser,
)
from scorelet.models.schedules import VarianceExploding
from scorelet.networks import BFCNN
from scorelet.sampling.reverse import SAMPLERS, ReversePlan, discrete_law, reverse
from scorelet.tasks.sample import SampleSettings
from scorelet.tasks.sample.whole import CHURN, EXACT, LARGEST, POWER, RANGE, plan_of
from small_cascades import SIDE, spectrum


@pytest.mark.slow
def test_whole_pictures_have_the_exact_law_of_the_discrete_sampler():
    """Variance of each frequency, with churn, and the mean: the start is around it."""
    count, mean = 4000, 0.3
    power = spectrum() / 4
    model = StationaryGaussianDenoiser(power, mean=mean)
    found = sl.sample(model, n=count, steps=6, seed=3)
    assert found.images.shape == (count, 1, SIDE, SIDE)
    assert found.document["churn"] == [[CHURN, None]]
    start = EXACT * float(power.max()) ** 0.5
    schedule = VarianceExploding(start, RANGE * start)
    plan = ReversePlan(6, schedule, SAMPLERS["heun"], POWER, churn=CHURN)
    expected = discrete_law(power, plan).variance
    x = torch.from_numpy(found.images[:, 0]).double() - mean
    drawn = torch.fft.fft2(x, norm="ortho").abs().square()
    deviations = (drawn.mean(0) - expected) / (drawn.std(0) / count**0.5)
    assert float(deviations.abs().max()) < 4.5
    assert abs(float(x.mean())) < 4.5 * (float(expected[0, 0]) / count / SIDE**2) ** 0.5
    assert (expected / power - 1).abs().max() > 0.05  # six steps are not the law of the data


def test_the_usual_steps_of_whole_pictures_give_the_spectrum_of_the_data():
    """By the exact law: from faint texture to the mean of a photograph of 128x128."""
    d = torch.logspace(-4, 2.6, 30, dtype=torch.float64)
    exact = StationaryGaussianDenoiser(spectrum() / spectrum().max() * d.max())
    plan = plan_of(exact, SampleSettings(exact))
    assert float((discrete_law(d, plan, centred=True).variance / d - 1).abs().max()) < 0.25


@pytest.mark.parametrize("unit", [1e-6, 1e4])
def test_closed_forms_are_drawn_alike_in_every_unit(unit):
    """Here all samples are those of unit 1, times the unit."""
    one, other = (StationaryGaussianDenoiser(spectrum() * u**2) for u in (1, unit))
    expected, found = (sl.sample(model, n=2, steps=4, seed=1).images for model in (one, other))
    np.testing.assert_allclose(found / unit, expected, rtol=1e-4, atol=1e-5)


def test_one_image_is_drawn_as_it_is():
    image = torch.full((1, 1, 4, 4), 0.25).double()
    found = sl.sample(FiniteSetDenoiser(image), n=1, steps=4).images
    np.testing.assert_allclose(found, image.numpy(), atol=1e-6)


@pytest.mark.parametrize("unit", [1.0, 1e4])
def test_a_mean_that_is_zero_but_for_rounding_is_zero(unit):
    model = StationaryGaussianDenoiser(unit**2 * spectrum(), mean=-1e-8 * unit)
    found = sl.sample(model, n=2, steps=4)
    assert float(found.images.std()) < 100 * unit


def test_networks_start_from_the_largest_level_that_they_learnt():
    """Those that are told the level; blind ones start above what they learnt."""
    joint = sl.load("cifar10-joint").denoiser()
    assert plan_of(joint, SampleSettings(joint)).schedule.end == joint.most < 10
    photo = sl.load("photo")
    assert plan_of(photo, SampleSettings(photo)).schedule.end == LARGEST


def test_networks_draw_whole_pictures_of_the_size_that_is_given():
    network = BFCNN(3, width=6, depth=3)
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(0.5)
    model = ResidualDenoiser(network, channels=(1, 3)).eval()
    one = sl.sample(model, n=3, size=(7, 9), steps=3, seed=1)
    assert one.images.shape == (3, 3, 7, 9)
    assert one.pictures
    alone = sl.sample(model, n=1, size=(7, 9), steps=3, seed=1).images
    assert np.abs(one.images[:1] - alone).max() < 1e-4
    plan = plan_of(model, SampleSettings(model, steps=3))
    like, mean = torch.zeros(3, 3, 7, 9), torch.tensor(0.5)
    with torch.no_grad():
        *_, last = reverse(model, like, plan, Noise(1, range(3)), mean=mean)
    assert np.array_equal(one.images, last.x.numpy())


def test_another_size_than_the_one_that_was_learnt_is_said(capsys, tmp_path):
    joint = sl.load("cifar10-joint").denoiser()
    assert sl.sample(joint, n=1, steps=1).document["warnings"] == []
    (said,) = sl.sample(joint, n=1, steps=1, size=(16, 24)).document["warnings"]
    assert said.startswith("the model learnt pictures of another size: 32x32, and here it is 16x24")
    path = str(tmp_path / "a.npy")
    args = ["-n", "1", "--steps", "1", "--size", "16x24", "-o", path, "--quiet"]
    assert run(["sample", "--model", "cifar10-joint", *args]) == 0
    assert capsys.readouterr().err == f"warning: {said}.\n"


def test_a_joint_model_draws_pictures_of_its_size_and_of_a_class():
    joint = sl.load("cifar10-joint")
    whole = joint.denoiser()
    for label in (None, "dog"):
        found = sl.sample(joint, n=1, steps=2, label=label)
        assert found.document.get("label") == label
        plan, like = plan_of(whole, SampleSettings(whole, steps=2)), torch.zeros(1, 3, 32, 32)
        mean = torch.tensor(0.5) if whole.centre is None else None
        with torch.no_grad():
            *_, last = reverse(whole, like, plan, Noise(0, [0]), mean=mean, label=label)
        assert np.abs(found.images - last.x.numpy()).max() < 1e-5


class OfItsMean(Denoiser):
    """The exact denoiser of one picture, that does not say how many channels it takes."""

    blind = True
    centre = torch.full((1, 3, 8, 8), 0.5)

    def _denoise(self, y, sigma, cond, label):
        return self.centre.to(y).expand_as(y)


@pytest.mark.parametrize("model", [FiniteSetDenoiser(torch.rand(5, 3, 8, 8)), OfItsMean()])
def test_colour_is_drawn_by_models_that_know_the_mean_of_colour(model):
    drawn = torch.from_numpy(sl.sample(model, n=2, steps=3).images)
    assert drawn.shape == (2, 3, 8, 8)
    if isinstance(model, FiniteSetDenoiser):
        assert torch.cdist(drawn.flatten(1), model.points.flatten(1)).amin(1).max() < 0.1
