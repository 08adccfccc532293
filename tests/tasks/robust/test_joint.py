"""Joint laws under attack: their classifier view, votes at the level of the noise, outliers."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from samples import write_png
from scorelet.analysis.robustness import log_densities
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models import MixtureJointEnergy, NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.robust import RobustSettings, Target, chunks, robustness
from scorelet.tasks.robust.shown import joint_law, voter


def mixture(spread=0.2):
    """Two classes of 8 x 8 pictures around 0.4 and 0.6, with the same deviation."""
    means = torch.stack([torch.full((1, 8, 8), level) for level in (0.4, 0.6)])
    covariances = spread**2 * torch.eye(64).expand(2, -1, -1)
    return MixtureJointEnergy(torch.tensor([0.5, 0.5]), means, covariances, torch.tensor([0, 1]))


def drawn(level, count=20, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return (level + 0.05 * torch.randn(count, 1, 8, 8, generator=rng)).clamp(0, 1)


@pytest.mark.slow
def test_a_mixture_is_attacked_certified_and_tells_outliers():
    x, labels = torch.cat([drawn(0.4), drawn(0.6)]), torch.arange(40) // 20
    found = sl.robust(
        (x, labels),
        model=mixture(),
        eps=(0.05, 0.15),
        steps=10,
        smoothing=0.1,
        draws=100,
        outliers=[drawn(0.9).requires_grad_(), labels[:20]],
    ).document
    rows = {row["eps"]: row["accuracy"] for row in found["rows"]}
    assert rows == {0.0: 1.0, 0.05: 1.0, 0.15: 0.0}  # the border is the mean 1/2: 0.1 away
    told = {row["score"]: row["auroc"] for row in found["outliers"]["rows"]}
    assert told["log-density"] > 0.99
    assert told["max softmax probability"] < 0.01  # the law is surest far from the border
    assert found["smoothing"]["rows"][0]["accuracy"] == 1.0


def test_a_law_whose_posterior_is_exactly_one_is_attacked_all_the_same():
    x, labels = torch.cat([drawn(0.4), drawn(0.6)]), torch.arange(40) // 20
    found = sl.robust((x, labels), model=mixture(0.02), eps=(0.15,), steps=10, attack=["pgd"])
    assert found.document["rows"][1]["accuracy"] == 0
    assert found.document["warnings"] == []


@pytest.mark.slow
def test_outliers_lie_in_a_folder_and_stand_beside_gaussian_pixels(tmp_path):
    torch.manual_seed(0)
    joint = NetworkJointEnergy(
        GradResNet(width=0.125, classes=3), "abc", size=(8, 8), mean=(0.5,) * 3
    )
    rng = np.random.default_rng(0)
    for k in range(6):
        write_png(tmp_path / f"{k}.png", rng.integers(0, 256, (8, 8, 3), np.uint8))
    x = 0.5 + 0.1 * torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    options = {"eps": (0.01,), "steps": 1, "outliers": tmp_path}
    found = sl.robust((x.clamp(0, 1), torch.zeros(8).long()), model=joint, **options).document
    told = {row["score"]: row["auroc"] for row in found["outliers"]["rows"]}
    assert told["log-density"] == told["log-density of Gaussian pixels"] == 1.0
    assert found["outliers"]["sigma"] == 0.1
    y = torch.rand(2, 3, 8, 8)
    exact = -(y - 0.5).square().sum((1, 2, 3)) / (2 * (0.06 + 0.1**2))
    assert torch.allclose(joint.gaussian_log_density(y, 0.1), exact)
    for other, text in (
        (255 * x.abs() + 2, "divide pictures of 8 bits by 255"),
        (torch.rand(8, 3, 16, 16), r"shape \(3, 16, 16\) and the pictures \(3, 8, 8\)"),
    ):
        with pytest.raises(InputError, match=text):
            sl.robust(
                (x.clamp(0, 1), torch.zeros(8).long()),
                model=joint,
                **options | {"outliers": (other, torch.zeros(8).long())},
            )
    joint.denoises = False
    plain = sl.robust((x.clamp(0, 1), torch.zeros(8).long()), model=joint, **options).document
    of_logits = [row for row in found["outliers"]["rows"] if "density" not in row["score"]]
    assert plain["outliers"]["rows"] == of_logits  # which it has, though no density
    assert "sigma" not in plain["outliers"]


def test_densities_are_those_of_noisy_pictures():
    joint, x = mixture(), drawn(0.4, count=3)
    noisy = x + 0.1 * Noise(5, range(3)).normal(x)
    assert torch.equal(log_densities(joint, x, 0.1, seed=5), joint.log_density(noisy, 0.1))


def test_votes_are_taken_at_the_level_of_the_noise():
    joint, y = mixture(), drawn(0.5, count=4)
    assert joint_law(joint) is joint
    assert torch.equal(voter(joint, 0.3)(y), joint.logits(y, 0.3))
    assert not torch.equal(voter(joint, 0.3)(y), joint.logits(y, 0.0))


@pytest.mark.slow
def test_a_network_from_a_file_is_attacked(tmp_path):
    torch.manual_seed(0)
    joint = NetworkJointEnergy(GradResNet(width=0.125, classes=3), "abc", size=(8, 8))
    sl.save(joint, tmp_path / "joint.safetensors")
    x = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    labels = joint.logits(x).argmax(1).detach()
    found = sl.robust(
        (x, labels), model=tmp_path / "joint.safetensors", eps=(0.0, 0.3), steps=5
    ).document
    accuracy = [row["accuracy"] for row in found["rows"]]
    assert accuracy[0] == accuracy[1] == 1
    assert accuracy[2] < 1
    assert found["without_gradient"] == 0


@pytest.mark.slow
def test_the_level_of_labels_is_said_and_parts_of_another_are_not_taken(tmp_path, monkeypatch):
    torch.manual_seed(0)
    joint = NetworkJointEnergy(
        GradResNet(width=0.125, classes=3), "abc", size=(8, 8), label_level=0.2
    )
    x = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    labels = joint(x).argmax(1).detach()
    settings = RobustSettings(eps=(0.01,), steps=2, attacks=("pgd",))
    with monkeypatch.context() as patch:
        patch.setattr(chunks, "_widest", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            robustness((x, labels), joint, settings, target=Target(tmp_path / "a.html"))
    target = Target(tmp_path / "a.html", resume=True)
    other = NetworkJointEnergy(joint.network, "abc", size=(8, 8), label_level=0.1)
    with pytest.raises(InputError, match="another model"):
        robustness((x, labels), other, settings, target=target)
    found = robustness((x, labels), joint, settings, target=target).document
    assert found["label_level"] == 0.2
    assert found["rows"][0]["accuracy"] == 1.0


@pytest.mark.slow
def test_a_law_in_memory_is_taken_by_every_verb(tmp_path):
    """By its path or as it is, with the same answer; labels by number or by name."""
    torch.manual_seed(0)
    joint = NetworkJointEnergy(
        GradResNet(width=0.125, classes=3), "abc", size=(8, 8), mean=(0.5,) * 3
    ).eval()
    with torch.no_grad():
        joint.network.classify.weight.mul_(100)
        joint.network.strengths.fill_(0.5)
    sl.save(joint, tmp_path / "joint.safetensors")
    x = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    write_png(tmp_path / "a.png", x)
    for call in (
        lambda model: sl.classify(x, model=model).classes,
        lambda model: sl.denoise(x, model=model, sigma=20.0, label="b").image.tolist(),
        lambda model: sl.restore(
            x, task="superres", model=model, label=1, quality="fast"
        ).image.tolist(),
    ):
        assert call(joint) == call(tmp_path / "joint.safetensors")
    options = {"eps": 0.01, "steps": 1}
    joint.double().train()
    found = sl.explain_attack(tmp_path / "a.png", model=joint, label=1, **options)
    assert found.document["label"] == "b"
    assert joint.training  # the user's own law is left as it was
    assert all(p.requires_grad and p.dtype == torch.float64 for p in joint.parameters())


@pytest.mark.parametrize("wrapped", [partial(torch.compile, backend="eager"), nn.DataParallel])
def test_an_attack_on_a_wrapped_law_is_explained(wrapped, tmp_path):
    """What torch has wrapped, to compile it or for several devices, is what it holds."""
    torch.manual_seed(0)
    joint = NetworkJointEnergy(GradResNet(width=0.125, classes=3), "abc", mean=(0.5,) * 3).eval()
    write_png(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8))
    words = {"eps": 2 / 255, "steps": 1, "restarts": 1}
    expected = sl.explain_attack(tmp_path / "a.png", model=joint, **words).document
    found = sl.explain_attack(tmp_path / "a.png", model=wrapped(joint), **words).document
    assert {k: v for k, v in found.items() if k != "model"} == {
        k: v for k, v in expected.items() if k != "model"
    }
