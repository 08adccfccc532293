"""Joint laws as files: what comes back, and the verbs that take them."""

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.models import Classifier, Denoiser, NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.zoo import load_as

pytestmark = pytest.mark.usefixtures("float32")


@pytest.fixture
def path(tmp_path):
    torch.manual_seed(0)
    joint = NetworkJointEnergy(
        GradResNet(width=0.125), "abcdefghij", mean=(0.4, 0.5, 0.6), variance=0.05, size=(32, 32)
    )
    sl.save(joint, tmp_path / "joint.safetensors")
    return tmp_path / "joint.safetensors", joint


def test_it_comes_back(path):
    file, joint = path
    loaded, y = sl.load(file), torch.rand(2, 3, 32, 32)
    assert isinstance(loaded, NetworkJointEnergy)
    assert not loaded.training
    assert torch.equal(loaded.logits(y, 0.2), joint.logits(y, 0.2))
    assert (loaded.classes, loaded.size, loaded.least) == (joint.classes, (32, 32), joint.least)


@pytest.mark.slow
def test_verbs_take_it_as_what_they_need(path, tmp_path):
    file, joint = path
    assert isinstance(load_as(Denoiser, file, verb="denoise"), Denoiser)
    assert isinstance(load_as(Classifier, file, verb="classify"), Classifier)
    pixels = np.random.default_rng(0).random((32, 32, 3), np.float32)
    y = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    found = sl.classify(pixels, model=file)
    p = joint.posterior(y, 0.0)[0]
    assert found.classes[0] == joint.classes[int(p.argmax())]
    eight = np.rint(pixels * 255).astype(np.uint8)
    plain = sl.denoise(eight, model=file, sigma=0.2)
    third = sl.denoise(eight, model=file, sigma=0.2, label=3)
    assert not np.array_equal(plain.image, third.image)
    with pytest.raises(InputError, match="takes a multiscale"):
        load_as(type("Multiscale", (torch.nn.Module,), {}), file, verb="field sample")
