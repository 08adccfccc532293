"""Models that torch has wrapped, to compile them or for several devices, are what they hold."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from samples import small_network
from scorelet.core.random import generator
from scorelet.models import NetworkJointEnergy, ResidualDenoiser
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.networks.grad_res_net import GradResNet

pytestmark = pytest.mark.usefixtures("float32")


@pytest.fixture(params=[partial(torch.compile, backend="eager"), nn.DataParallel])
def wrapped(request):
    return request.param


@pytest.fixture
def joint():
    return NetworkJointEnergy(GradResNet(width=0.125), "abcdefghij", mean=(0.5,) * 3).eval()


@pytest.fixture
def pictures():
    return (255 * torch.rand(16, 16, 3, generator=generator(0))).byte().numpy()


def test_a_denoiser_denoises_and_is_saved(wrapped, pictures, tmp_path):
    denoiser = ResidualDenoiser(small_network()).eval()
    expected = sl.denoise(pictures[..., 0], model=denoiser, sigma=0.1).image
    found = sl.denoise(pictures[..., 0], model=wrapped(denoiser), sigma=0.1).image
    np.testing.assert_array_equal(found, expected)
    sl.save(wrapped(denoiser), tmp_path / "m.safetensors")
    y = torch.rand(1, 1, 8, 8, generator=generator(1))
    assert torch.equal(sl.load(tmp_path / "m.safetensors")(y), denoiser(y))


def test_a_joint_law_classifies_and_has_a_score(wrapped, joint, pictures):
    expected = sl.classify(pictures, model=joint).probabilities
    assert sl.classify(pictures, model=wrapped(joint)).probabilities == expected
    y = torch.rand(1, 3, 16, 16, generator=generator(1))
    assert torch.equal(sl.score(wrapped(joint), y, 0.3), sl.score(joint, y, 0.3))


def test_a_cascade_draws(wrapped):
    k = torch.fft.fftfreq(16, 1 / 16, dtype=torch.float64)
    cascade = gaussian_cascade(1 / (1 + k[:, None] ** 2 + k**2), "haar", levels=1)
    found, expected = (
        sl.sample(model, n=1, size=(16, 16), steps=2).images
        for model in (wrapped(cascade), cascade)
    )
    np.testing.assert_array_equal(found, expected)
