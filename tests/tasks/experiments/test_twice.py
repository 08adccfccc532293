"""What learns to denoise as a joint law has a score that depends on its weights, twice over."""

import numpy as np
import pytest
import torch
from torch import nn

from once_differentiable import ReluOnce
from scorelet.core.errors import InputError
from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.experiments import joint
from scorelet.tasks.experiments.joint import JointConfig, build
from scorelet.tasks.experiments.twice import check_twice

KINDS = {
    "once": ReluOnce.apply,
    "detached": lambda x: x.tanh().detach(),
    "rounded": lambda x: (8 * x).round() / 8,
    "relu": torch.relu,
    "gelu": nn.functional.gelu,
}


class Heads(nn.Module):
    """One hidden layer of a given function; energy a mean of squares."""

    accepts, receptive_radius, multiple, classes = (1,), None, 1, 2

    def __init__(self, kind):
        super().__init__()
        self.options, self.kind = {"kind": kind}, kind
        self.first, self.energy, self.classify = (
            nn.Linear(16, 8),
            nn.Linear(8, 4),
            nn.Linear(8, 2),
        )

    def forward(self, u, sigma=None):
        return self.heads(u, sigma)[1]

    def heads(self, u, sigma=None):
        maps = KINDS[self.kind](self.first(u.flatten(1)))
        return self.energy(maps).square().mean(1), self.classify(maps)


def said(kind, head, **learnt):
    torch.manual_seed(0)
    law = NetworkJointEnergy(Heads(kind), "ab", head=head, size=(4, 4), **learnt)
    return check_twice(law, (4, 4), 1)


@pytest.mark.parametrize("head", ["reference", "quadratic", "logits"])
def test_smooth_networks_pass_and_relu_is_said(head):
    assert said("gelu", head) == []
    (sentence,) = said("relu", head)
    assert "linear around each image, as of ReLU" in sentence


def test_logits_that_begin_at_zero_are_not_called_linear():
    heads = Heads("gelu")
    with torch.no_grad():
        heads.classify.weight.zero_()
    assert check_twice(NetworkJointEnergy(heads, "ab", size=(4, 4)), (4, 4), 1) == []


def test_what_learns_no_labels_is_asked_for_the_score_of_all_classes():
    assert said("gelu", "reference", classifies=False) == []
    assert said("relu", "reference", classifies=False) == []  # its logits say nothing
    with pytest.raises(InputError, match="cannot be differentiated twice"):
        said("once", "reference", classifies=False)


@pytest.mark.parametrize("head", ["reference", "quadratic", "logits"])
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("once", "Heads cannot be differentiated twice, .*once_differentiable"),
        ("rounded", "The weights of Heads do not change the score"),
        ("detached", "The weights of Heads do not change the score"),
    ],
)
def test_what_learns_nothing_is_refused(kind, words, head):
    with pytest.raises(InputError, match=words):
        said(kind, head)


def test_a_network_at_its_start_passes_and_stays_as_it_was():
    """Gains and energies of GradResNet start at zero or near it."""
    network = GradResNet(1, 2, widths=(8, 8, 8, 8), noise_features=4)
    model = NetworkJointEnergy(network, "ab", size=(8, 8)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert check_twice(model, (8, 8), 1) == []
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(("weight", "fails"), [(8.0, True), (0.0, False)])
def test_a_training_that_denoises_begins_with_it(tmp_path, monkeypatch, weight, fails):
    x = np.random.default_rng(0).integers(0, 256, (32, 4, 4, 1), np.uint8)
    np.savez(tmp_path / "data.npz", x_train=x, y_train=np.arange(32) % 2)
    monkeypatch.setattr(joint, "make_network", lambda *_, **__: Heads("once"))
    settings = JointConfig.model_validate(
        {
            "task": "joint",
            "model": {"architecture": "GradResNet", "options": {"classes": 2}},
            "data": {"source": str(tmp_path / "data.npz")},
            "lambda_dsm": weight,
            "steps": 1,
            "output": str(tmp_path / "run"),
        }
    )
    if fails:
        with pytest.raises(InputError, match="cannot be differentiated twice"):
            build(settings)
    else:
        build(settings)
