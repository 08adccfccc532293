"""Joint laws as files: what comes back, and the verbs that take them."""

import math
from copy import deepcopy

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.models import (
    Classifier,
    CorrelatedPixels,
    Denoiser,
    NetworkJointEnergy,
    ResidualDenoiser,
)
from scorelet.networks.grad_res_net import GradResNet
from scorelet.zoo import load_as
from scorelet.zoo.kinds.joint_energy import build, describe

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
def test_the_law_of_pixels_and_the_level_of_labels_come_back(tmp_path):
    torch.manual_seed(0)
    pixels = CorrelatedPixels(torch.linalg.qr(torch.randn(3, 3))[0], torch.rand(3, 32, 32) + 0.01)
    joint = NetworkJointEnergy(
        GradResNet(width=0.125), "abcdefghij", mean=(0.4, 0.5, 0.6), head="correlated",
        pixels=pixels, label_level=0.05, most=0.7,
    )  # fmt: skip
    sl.save(joint, tmp_path / "joint.safetensors")
    loaded, y = sl.load(tmp_path / "joint.safetensors"), torch.rand(2, 3, 32, 32)
    assert torch.equal(loaded.logits(y, 0.2), joint.logits(y, 0.2))
    assert torch.equal(loaded(y), joint.class_logits(y, 0.05))
    assert loaded.most == 0.7


@pytest.mark.slow
def test_the_law_of_pixels_may_be_stored_in_half_precision(tmp_path):
    torch.manual_seed(0)
    variances = torch.logspace(-1, -8, 3 * 8 * 8).reshape(3, 8, 8)
    pixels = CorrelatedPixels(torch.linalg.qr(torch.randn(3, 3))[0], variances)
    joint = NetworkJointEnergy(
        GradResNet(3, 3, width=0.125), "abc", mean=(0.5,) * 3, head="correlated", pixels=pixels
    )
    sl.save(deepcopy(joint).half(), tmp_path / "joint.safetensors")
    loaded, y = sl.load(tmp_path / "joint.safetensors"), torch.rand(2, 3, 8, 8)
    assert all(t.dtype == torch.float32 for t in loaded.state_dict().values())
    for sigma in (0.01, 0.3):
        gap = loaded.denoise(y, sigma) - joint.denoise(y, sigma)
        assert float(gap.detach().abs().max()) < 0.05 * sigma  # colours have eleven bits


def test_what_does_not_fit_is_refused(tmp_path, path):
    header, tensors = describe(path[1])
    with pytest.raises(InputError, match="pixels are not given"):
        build(header | {"head": "correlated"}, tensors)
    new = ("label_level", "denoises", "classifies", "most")
    old = build({name: value for name, value in header.items() if name not in new}, tensors)
    assert (old.label_level, old.most) == (path[1].least, math.inf)
    assert old.denoises
    assert old.classifies


def test_a_law_that_has_learnt_labels_only_is_no_denoiser(path, tmp_path):
    file, joint = path
    assert load_as(Denoiser, file, verb="denoise").joint.denoises
    joint.denoises = False
    sl.save(joint, tmp_path / "labels.safetensors")
    with pytest.raises(InputError, match="has learnt labels, and no denoising"):
        load_as(Denoiser, tmp_path / "labels.safetensors", verb="denoise")
    assert isinstance(load_as(Classifier, tmp_path / "labels.safetensors", verb="x"), Classifier)


def test_a_law_that_has_learnt_no_labels_is_no_classifier(path, tmp_path):
    joint, file = path[1], tmp_path / "images.safetensors"
    joint.classifies = False
    sl.save(joint, file)
    y = torch.rand(1, 3, 32, 32)
    assert torch.equal(load_as(Denoiser, file, verb="denoise")(y, 0.2), joint.denoise(y, 0.2))
    with pytest.raises(InputError, match="has learnt to denoise, and no labels"):
        sl.classify(np.zeros((32, 32, 3), np.uint8), model=file)
    with pytest.raises(InputError, match="use it with scorelet denoise"):
        load_as(ResidualDenoiser, file, verb="x")


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
