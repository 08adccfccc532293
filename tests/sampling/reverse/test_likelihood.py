"""log p_σ by the probability flow, beside closed forms."""

import math

import pytest
import torch
from torch.testing import assert_close

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models import (
    GaussianMixtureDenoiser,
    MixtureJointEnergy,
    ResidualDenoiser,
    StationaryGaussianDenoiser,
)
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.networks import BFCNN
from scorelet.sampling.reverse.likelihood import flow_log_density

SIDE = 4


def gaussian():
    return StationaryGaussianDenoiser(0.2 * gaussian_power(), mean=0.5)


def gaussian_power(side=SIDE):
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    power = 1 / (1 + k[:, None] ** 2 + k[None] ** 2)
    return power / power.mean()


def images(count=3):
    rng = torch.Generator().manual_seed(0)
    return torch.rand(count, 1, SIDE, SIDE, dtype=torch.float64, generator=rng)


@pytest.mark.slow
def test_density_of_a_gaussian_and_the_order_of_steps():
    model, y = gaussian(), images()
    exact = model.log_density(y, 0.1)
    options = {"largest": 50.0, "mean": 0.5, "spread": 0.2**0.5}
    errors = []
    for steps in (50, 100):
        found = flow_log_density(model, y, 0.1, steps=steps, **options)
        assert not found.error.any()
        errors.append(float((found.value - exact).abs().max()))
    assert errors[1] < 0.05
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.25)


def test_the_end_of_the_flow_lies_around_the_mean_that_the_denoiser_knows():
    """Images far from 0 have the density of those around 0."""
    power = 100 * gaussian_power()
    model, other = (StationaryGaussianDenoiser(power, mean=mean) for mean in (300.0, 0.0))
    options = {"largest": 500.0, "steps": 1}
    found = flow_log_density(model, images() + 300, 1.0, **options).value
    assert_close(found, flow_log_density(other, images(), 1.0, **options).value)
    for mean in (300.0, torch.full((1, SIDE, SIDE), 300.0)):
        told = flow_log_density(model, images() + 300, 1.0, mean=mean, **options).value
        assert_close(told, found)
    with pytest.raises(InputError, match=r"the images has shape \(3, 4, 4\), and the batch"):
        flow_log_density(model, images(), 1.0, mean=torch.zeros(3, SIDE, SIDE), **options)


@pytest.mark.slow
def test_density_of_a_mixture():
    model = GaussianMixtureDenoiser(
        torch.tensor([0.3, 0.7], dtype=torch.float64),
        images(2),
        torch.tensor([0.1, 0.3], dtype=torch.float64),
    )
    y = images() + 0.05
    found = flow_log_density(model, y, 0.2, largest=60.0, mean=0.5, spread=0.4, steps=120)
    torch.testing.assert_close(found.value, model.log_density(y, 0.2), rtol=0, atol=0.05)


@pytest.mark.slow
def test_density_of_details_given_the_coarser_picture():
    """Against the Gaussian of covariance σ² (1 - J)⁻¹, J the Jacobian of its linear denoiser."""
    cascade = gaussian_cascade(gaussian_power(6), "haar", 1)
    (model,) = cascade.details
    rng = torch.Generator().manual_seed(2)
    low = torch.randn(2, 1, 3, 3, dtype=torch.float64, generator=rng)
    y = torch.randn(2, 3, 3, 3, dtype=torch.float64, generator=rng)
    options = {"largest": 60.0, "spread": 1.0, "steps": 120}
    found = flow_log_density(model, y, 0.2, cond=low, **options)

    def mean_and_map(told):
        def f(flat):
            return model(flat.reshape(1, 3, 3, 3), 0.2, cond=told[None]).flatten()

        zero = torch.zeros(27, dtype=torch.float64)
        slope = torch.func.jacfwd(f)(zero)
        precision = (torch.eye(27, dtype=torch.float64) - slope) / 0.2**2
        return torch.linalg.solve(precision * 0.2**2, f(zero)), precision

    for told, image, value in zip(low, y, found.value, strict=True):
        mean, precision = mean_and_map(told)
        law = torch.distributions.MultivariateNormal(mean, precision_matrix=precision)
        assert float(value) == pytest.approx(float(law.log_prob(image.flatten())), abs=0.05)
    other = flow_log_density(model, y, 0.2, cond=low.flip(0), **options)
    assert float((other.value - found.value).abs().min()) > 0.1


@pytest.mark.slow
def test_density_of_pictures_of_a_class():
    """log p(y | c) of a mixture of Gaussians whose components have classes."""
    generator = torch.Generator().manual_seed(3)
    means = 0.5 + 0.3 * torch.randn(3, 1, 2, 2, dtype=torch.float64, generator=generator)
    wide = 0.05 * torch.eye(4, dtype=torch.float64).expand(3, 4, 4)
    weights = torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64)
    law = MixtureJointEnergy(weights, means, wide, torch.tensor([0, 1, 1]))
    y = torch.rand(2, 1, 2, 2, dtype=torch.float64, generator=generator)
    options = {"largest": 40.0, "mean": 0.5, "spread": 0.4, "steps": 120}
    priors = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    for label in (0, 1):
        found = flow_log_density(law.denoiser(), y, 0.2, label=label, **options)
        exact = law.log_density(y, 0.2, label) - priors[label]
        torch.testing.assert_close(found.value, exact, rtol=0, atol=0.05)


@pytest.mark.slow
def test_random_probes_are_right_within_their_error():
    model, y = gaussian(), images(1).expand(16, -1, -1, -1)
    options = {"largest": 50.0, "mean": 0.5, "spread": 0.45, "steps": 20}
    whole = flow_log_density(model, y[:1], 0.1, **options)
    found = flow_log_density(model, y, 0.1, probes=Noise(0, range(16)), count=8, **options)
    error = float(found.error.square().sum().sqrt() / 16)
    assert 0 < error < 1
    assert abs(float(found.value.mean() - whole.value)) < 4 * error


def test_networks_keep_no_graph_of_the_flow():
    torch.manual_seed(0)
    model = ResidualDenoiser(BFCNN(1, width=20, depth=3).double()).eval()
    found = flow_log_density(model, images(), 0.1, largest=5.0, steps=2, probes=Noise(0, range(3)))
    assert not found.value.requires_grad
    assert bool((found.error > 0).all())


def test_half_precision_is_that_of_the_denoiser_alone():
    model = StationaryGaussianDenoiser(0.2 * gaussian_power(8), mean=0.5)
    y = model.sample(2, rng=torch.Generator().manual_seed(0)).bfloat16()
    options = {"largest": 10.0, "mean": 0.5, "spread": 0.45, "steps": 10}
    found = flow_log_density(model, y, 0.1, **options).value
    assert found.dtype == torch.float32
    assert_close(found, flow_log_density(model, y.float(), 0.1, **options).value, atol=0.1, rtol=0)


def test_bits_of_a_number():
    """A normal number of deviation 1/256, counted in units of 1/256: log₂ √(2πe) bits."""
    log_density = torch.tensor([-0.5 * math.log(2 * math.pi * math.e) + math.log(256)])
    density = flow_log_density(gaussian(), images(1), 0.1, largest=5.0, steps=1)
    found = density._replace(value=log_density).bits_per_number(1, levels=256)
    assert float(found) == pytest.approx(math.log2(math.sqrt(2 * math.pi * math.e)), rel=1e-6)


def test_levels_that_make_no_flow():
    with pytest.raises(InputError, match="0 < sigma < largest"):
        flow_log_density(gaussian(), images(), 0.0, largest=1.0)


def test_levels_beyond_those_that_a_denoiser_has_learnt_are_refused():
    """Of one that is told the level; a blind one knows none."""
    model = gaussian()
    model.most = 1 / 3
    with pytest.raises(InputError, match=r"up to 2, and the denoiser has learnt those up to 0\.3"):
        flow_log_density(model, images(), 0.1, largest=2.0, steps=1)
    found = flow_log_density(model, images(), 0.1, largest=model.most, steps=1)
    assert bool(found.value.isfinite().all())
    blind = ResidualDenoiser(BFCNN(1, width=20, depth=3).double()).eval()
    blind.most = 0.3
    found = flow_log_density(blind, images(), 0.1, largest=2.0, steps=1)
    assert bool(found.value.isfinite().all())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"spread": -1.0}, "expected a deviation"),
        ({"spread": float("nan")}, "expected a deviation"),
        ({"mean": float("nan")}, "NaN or infinite"),
    ],
)
def test_an_end_that_is_no_law_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        flow_log_density(gaussian(), images(), 0.1, largest=1.0, steps=1, **options)


def test_images_that_are_not_finite_have_no_density():
    for value in (math.nan, math.inf):
        y = images()
        y[1, 0, 2, 3] = value
        with pytest.raises(InputError, match="images hold NaN or infinite values"):
            flow_log_density(gaussian(), y, 0.1, largest=9.0, steps=1)
