"""Heads of joint laws: their formulas, and that a new one is an entry of `HEADS`."""

from typing import get_args

import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.models import CorrelatedPixels, NetworkJointEnergy
from scorelet.models.joint_heads import HEADS, Head, HeadName
from scorelet.networks.grad_res_net import GradResNet

SIGMA = 0.3


@pytest.fixture
def network():
    torch.manual_seed(0)
    return GradResNet(1, 3, width=0.125)


@pytest.fixture
def y():
    return torch.rand(2, 1, 8, 8)


def law(network, head, **options):
    return NetworkJointEnergy(network, "abc", head=head, variance=0.04, **options)


def flat(level):
    """Independent pixels, as if they were correlated."""
    return CorrelatedPixels(torch.eye(1), torch.full((1, 8, 8), level))


@pytest.mark.parametrize("head", get_args(HeadName))
def test_logits_are_the_formula(network, y, head):
    spread = (0.04 + SIGMA**2) ** 0.5
    energy, classes = network.heads((y - 0.5) / spread, torch.full((2,), SIGMA))
    pixels = flat(0.01) if head == "correlated" else None
    start = (y - 0.5).square().sum((1, 2, 3)) / 2
    energy = {
        "logits": 0 * energy,
        "quadratic": energy,
        "reference": start / spread**2 + 0.2 / SIGMA * energy,
        "correlated": start / (0.01 + SIGMA**2) + 0.2 / SIGMA * energy,
    }[head]
    joint = law(network, head, pixels=pixels)
    torch.testing.assert_close(joint.logits(y, SIGMA), classes - energy[:, None])
    assert joint.has_gaussian == (head in ("reference", "correlated"))


def test_configurations_take_every_head():
    assert get_args(HeadName) == tuple(HEADS)


@pytest.mark.parametrize("measures", [True, False])
def test_a_new_head_is_saved_loaded_and_asked_for_what_it_measures(
    network, y, tmp_path, monkeypatch, measures
):
    """Its law of pixels is twice the one in the file."""

    def twice(colours, variances):
        return CorrelatedPixels(colours, 2 * variances)

    options = {"fit": lambda _batches, _mean: flat(0.01), "rebuilt": twice} if measures else {}
    head = Head(lambda g, e, ratio, start: (g, -2 * start() - ratio * e), **options)
    monkeypatch.setitem(HEADS, "new", head)
    pixels = flat(0.01) if measures else None
    joint = law(network, "new", pixels=pixels)
    sl.save(joint, tmp_path / "new.safetensors")
    loaded = sl.load(tmp_path / "new.safetensors")
    expected = law(network, "new", pixels=flat(0.02)) if measures else joint
    assert torch.equal(loaded.logits(y, SIGMA), expected.logits(y, SIGMA))
    with pytest.raises(InputError, match="The head is 'new', and pixels are"):
        law(network, "new", pixels=None if measures else flat(0.01))
