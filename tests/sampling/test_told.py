"""Samplers take what is told a noise level: denoisers, joint laws, functions of the same call."""

from inspect import unwrap

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models import FiniteSetDenoiser, MixtureJointEnergy
from scorelet.models.schedules import VarianceExploding
from scorelet.models.told import told_denoiser
from scorelet.sampling import AscentSchedule, ascend
from scorelet.sampling.reverse import SAMPLERS, ReversePlan, draw
from scorelet.sampling.reverse.likelihood import flow_log_density

NOISE = Noise(0, range(2))
Y = torch.tensor([[0.2, 0.4], [0.7, 0.1]], dtype=torch.float64)[:, None, None]


def drawn(f, **told):
    plan = ReversePlan(4, VarianceExploding(3.0, 0.1), SAMPLERS["heun"], 7.0)
    return draw(f, Y, plan, NOISE, **told)


def climbed(f, **told):
    *_, state = ascend(f, Y, AscentSchedule(first=0.3, end=0.2), NOISE, **told)
    return state.denoised


def density(f, **told):
    return flow_log_density(f, Y, 0.1, largest=3.0, steps=3, **told).value


@pytest.fixture(params=[drawn, climbed, density])
def sampler(request):
    return request.param


def law():
    means = torch.tensor([[0.2, 0.3], [0.8, 0.6]], dtype=torch.float64)[:, None, None]
    covariances = 0.05 * torch.eye(2, dtype=torch.float64).expand(2, 2, 2)
    weights = torch.tensor([0.4, 0.6], dtype=torch.float64)
    return MixtureJointEnergy(weights, means, covariances, torch.tensor([0, 1]))


@pytest.mark.slow
@pytest.mark.parametrize("label", [None, 1])
def test_a_joint_law_is_its_denoiser(sampler, label):
    """Of all classes, or of one."""
    expected = sampler(law().denoiser(), label=label)
    assert torch.equal(sampler(law(), label=label), expected)
    assert bool((sampler(law()) != expected).any()) == (label is not None)


@pytest.mark.slow
def test_a_function_that_is_called_as_a_denoiser_is_one(sampler):
    """It knows no mean to start around, and starts around 0."""
    points = FiniteSetDenoiser(torch.stack([Y[0], -Y[0]]))  # whose mean is 0
    told = sampler(lambda y, sigma, cond, label: points(y, sigma))
    assert torch.equal(told, sampler(points))


def test_a_function_of_the_images_and_the_level_is_a_denoiser(sampler):
    points = FiniteSetDenoiser(torch.stack([Y[0], -Y[0]]))
    assert torch.equal(sampler(lambda y, t: points(y, t)), sampler(points))
    with pytest.raises(InputError, match=r"takes no label, only \(y, t\): call it without"):
        drawn(lambda y, t: y, label=1)


def test_what_takes_the_call_of_denoisers_is_called_so():
    """Whatever it calls the level, and if that has a value of its own."""
    for f in (
        lambda y, level=9.0, cond=None, label=None: y * level,
        lambda y, t=None, **others: y * t,
        lambda *all, **others: all[0] * all[1],
    ):
        assert torch.equal(unwrap(told_denoiser)(f)(Y, 0.5), 0.5 * Y)
    with pytest.raises(InputError, match="A function is no Denoiser"):
        unwrap(told_denoiser)(lambda y, times=3: times * y)  # which may mean anything


def test_what_cannot_denoise_is_refused(sampler):
    labels = law()
    labels.denoises = False
    with pytest.raises(InputError, match="learnt labels, and no denoising"):
        sampler(labels)
    for other in (lambda: Y, lambda y, sigma, other: y, lambda y, *, other: y):
        with pytest.raises(InputError, match=r"is no Denoiser, which is called f\(y, sigma, cond="):
            sampler(other)
    with pytest.raises(InputError, match="A str is no Denoiser"):
        unwrap(told_denoiser)("photo")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda y: y[:, :, :, :1], r"shape \(2, 1, 1, 1\) from \(2, 1, 1, 2\)"),
        (lambda y: y[:1], r"shape \(1, 1, 1, 2\) from"),
        (lambda y: y.mean(), r"shape \(\) from"),
        (lambda y: (y, y), "of class tuple: its answer must be a tensor"),
        (lambda y: None, "of class NoneType"),
        (lambda y: y + 0j, "complex images of"),
    ],
)
def test_what_a_function_answers_is_not_broadcast(sampler, answer, reason):
    """Nor is that of a module which is called as a denoiser."""
    with pytest.raises(InputError, match=f"The function made .*{reason}"):
        sampler(answer)
    with pytest.raises(InputError, match=f"The function made .*{reason}"):
        sampler(Module(answer))


class Module(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, y, sigma, cond=None, label=None):
        return self.answer(y)


def test_a_module_that_knows_the_mean_starts_around_it():
    points = FiniteSetDenoiser(Y + 1)
    module = Module(lambda y: y)
    module.centre = points.centre
    assert_close(drawn(module), drawn(module.answer) + points.centre)
