"""Langevin dynamics of a law that is known, and the loss that its images are for."""

import math

import pytest
import torch
import torch.nn.functional as F

from laws.denoiser_laws import assert_close
from scorelet.core.random import Noise, generator
from scorelet.models import MixtureJointEnergy
from scorelet.training.contrastive_divergence import ContrastiveDivergence

COUNT, LEVEL = 6000, 0.3


def law(*means, variance=0.27):
    """Gaussian classes of images of one channel and one pixel."""
    joint = MixtureJointEnergy(
        torch.full((len(means),), 1 / len(means)).double(),
        torch.tensor(means).double()[:, None, None, None],
        torch.full((len(means), 1, 1), variance).double(),
        torch.arange(len(means)),
    )
    joint.least = LEVEL
    return joint


def test_images_of_a_chain_have_the_law_that_a_gaussian_gives_them():
    """Each step brings them nearer to the mean by a = σ²/(v + σ²), and adds the variance 2σ²."""
    like, mean, spread = torch.zeros(COUNT, 1, 1, 1).double(), 0.5, 1 / 12
    a = LEVEL**2 / (0.27 + LEVEL**2)
    for steps in (0, 1, 12):
        made = ContrastiveDivergence(steps).chain(law(2.0, 2.0), like, Noise(0, range(COUNT)))
        left = (1 - a) ** steps
        mean_then = 2.0 + left * (mean - 2.0)
        added = 2 * LEVEL**2 * sum((1 - a) ** (2 * k) for k in range(steps))
        variance = left**2 * spread + added
        assert float(made.mean()) == pytest.approx(mean_then, abs=4 * math.sqrt(variance / COUNT))
        assert float(made.var()) == pytest.approx(variance, rel=4 * math.sqrt(2 / COUNT))
    first, second = (
        ContrastiveDivergence(2).chain(law(2.0, 2.0), like, Noise(0, range(COUNT), step=k))
        for k in (0, 1)
    )
    gap = torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]
    assert abs(float(gap)) < 4 / math.sqrt(COUNT)


def test_the_loss_is_the_cross_entropy_and_the_gap_of_log_densities():
    joint, rng = law(0.0, 1.0), generator(0)
    x, label = torch.rand(8, 1, 1, 1, generator=rng).double(), torch.arange(8) % 2
    noise = Noise(3, range(8))
    objective = ContrastiveDivergence(3)
    made = objective.chain(joint, x, noise)
    with torch.no_grad():
        own, other = (joint.log_density(image, LEVEL).mean() for image in (x, made))
        entropy = F.cross_entropy(joint.logits(x, LEVEL), label)
    loss = objective(joint, {"x": x, "label": label}, noise)
    assert_close(loss.value.detach(), entropy + other - own, 1e-12)
    assert_close(loss.terms["gap"], other - own, 1e-12)
