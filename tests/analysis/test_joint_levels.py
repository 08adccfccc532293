"""What the label of a noisy image is worth, on mixtures that are known."""

import math

import pytest
import torch

from scorelet.analysis.joint_levels import joint_errors, label_information
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import MixtureJointEnergy

DOUBLE = torch.zeros((), dtype=torch.float64)


def two_points(distance):
    """Classes that are points at ±distance/2 along one of two pixels, with a little spread."""
    means = torch.zeros(2, 1, 1, 2, dtype=torch.float64)
    means[0, 0, 0, 0], means[1, 0, 0, 0] = -distance / 2, distance / 2
    spread = 0.01 * torch.eye(2, dtype=torch.float64).expand(2, 2, 2)
    half = torch.full((2,), 0.5, dtype=torch.float64)
    return MixtureJointEnergy(half, means, spread, torch.arange(2))


def drawn(joint, count, seed):
    label = torch.arange(count) % 2
    x = joint.means[label] + 0.1 * randn((count, 1, 1, 2), rng=generator(seed), like=DOUBLE)
    return x, label


def test_errors_of_one_image_are_those_of_its_denoisers():
    joint = two_points(1.0)
    x, label = drawn(joint, 6, 0)
    y = x + 0.4 * randn(x.shape, rng=generator(1), like=DOUBLE)
    found = joint_errors(joint, x, y, 0.4, label)
    p = joint.posterior(y, 0.4)
    own = torch.cat([joint.denoise(y[k : k + 1], 0.4, int(label[k])) for k in range(6)])
    all_ = joint.denoise(y, 0.4)
    torch.testing.assert_close(found.marginal, (x - all_).square().mean((1, 2, 3)))
    torch.testing.assert_close(found.conditional, (x - own).square().mean((1, 2, 3)))
    torch.testing.assert_close(found.nll, -p[torch.arange(6), label].log())
    assert torch.equal(found.right.bool(), p.argmax(1) == label)
    each = [(joint.denoise(y, 0.4, c) - all_).square().mean((1, 2, 3)) for c in range(2)]
    torch.testing.assert_close(found.apart, (p * torch.stack(each, 1)).sum(1))


def test_the_worth_of_the_label_is_how_far_denoisers_are_apart():
    joint, sigma = two_points(1.0), 0.5
    x, label = drawn(joint, 40_000, 2)
    y = x + sigma * randn(x.shape, rng=generator(3), like=DOUBLE)
    found = joint_errors(joint, x, y, sigma, label)
    excess = found.marginal - found.conditional - found.apart
    assert abs(float(excess.mean())) < 4 * float(excess.std()) / math.sqrt(len(x))
    assert float(found.apart.mean()) > 0.05  # there is something to be explained


@pytest.mark.slow
def test_it_adds_up_to_what_images_tell_of_the_label():
    joint = two_points(1.0)
    levels = torch.logspace(math.log10(0.05), math.log10(5), 60, dtype=torch.float64).tolist()
    x, label = drawn(joint, 4000, 4)
    z = randn(x.shape, rng=generator(5), like=DOUBLE)
    found = [joint_errors(joint, x, x + s * z, s, label) for s in levels]
    gaps = torch.stack([2 * e.apart for e in found], -1)  # two numbers an image
    told = found[-1].nll - found[0].nll
    assert float(told.mean()) == pytest.approx(math.log(2), rel=0.05)  # nearly the whole of it
    assert float(label_information(levels, gaps).mean()) == pytest.approx(
        float(told.mean()), rel=0.05
    )


def test_a_constant_rate_is_integrated_exactly():
    # gap = σ² gives ∫ dσ/σ, which the trapezoidal rule in log σ has exactly
    levels = [0.1, 0.2, 0.7]
    gaps = torch.tensor([s**2 for s in levels], dtype=torch.float64)
    assert float(label_information(levels, gaps)) == pytest.approx(math.log(7), rel=1e-12)


@pytest.mark.parametrize("levels", [[0.1], [0.2, 0.1], [0.0, 1.0]])
def test_levels_that_cannot_be_added_up_are_refused(levels):
    with pytest.raises(InputError, match="at least two, increasing"):
        label_information(levels, torch.ones(len(levels)))
