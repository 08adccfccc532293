"""What evaluate says of a joint law, against its definition picture by picture."""

import math

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import write_png
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.evaluate import joint as evaluate_joint

pytestmark = pytest.mark.usefixtures("float32")


@pytest.mark.slow
def test_every_level_is_measured(tmp_path):
    torch.manual_seed(0)
    network = GradResNet(3, 3, width=0.125)
    with torch.no_grad():
        network.strengths.fill_(0.5)
        network.classify.weight.mul_(100)
    joint = NetworkJointEnergy(network, "abc", mean=(0.5,) * 3, size=(16, 16))
    sl.save(joint, tmp_path / "joint.safetensors")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (30, 16, 16, 3), np.uint8), np.arange(30) % 3
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    found = sl.evaluate(
        tmp_path / "data.npz", model=tmp_path / "joint.safetensors", sigmas=[51.0], limit=20
    )
    assert found["pictures"] == 20
    (row,) = found["rows"]
    clean = torch.from_numpy(x[:20]).permute(0, 3, 1, 2) / 255
    label = torch.from_numpy(y[:20])
    noisy = clean + 0.2 * Noise(0, range(20)).normal(clean)
    p = joint.posterior(noisy, 0.2)
    assert row["accuracy"] == float((p.argmax(1) == label).double().mean())
    nll = torch.nn.functional.cross_entropy(p.log(), label)
    assert row["nll"] == pytest.approx(float(nll.detach()), rel=1e-4)
    for name, given in (("psnr", None), ("psnr_class", label)):
        error = (joint.denoise(noisy, 0.2, given) - clean).square().mean()
        assert row[name] == pytest.approx(-10 * math.log10(float(error.detach())), abs=1e-3)
    assert row["psnr"] != row["psnr_class"]
    over_all = joint.denoise(noisy, 0.2)
    apart = sum(
        p[:, c] * (joint.denoise(noisy, 0.2, c) - over_all).square().mean((1, 2, 3))
        for c in range(3)
    )
    assert row["apart"] == pytest.approx(float(apart.detach().mean()), rel=1e-3)
    gained = (joint.denoise(noisy, 0.2) - clean).square().mean((1, 2, 3))
    gained = (gained - (joint.denoise(noisy, 0.2, label) - clean).square().mean((1, 2, 3))).detach()
    gained, apart = gained.numpy(), apart.detach().numpy()
    without = [  # jackknife: the ratio without each picture
        np.delete(gained, k).mean() / np.delete(apart, k).mean() for k in range(20)
    ]
    assert row["worth"] == pytest.approx(gained.mean() / apart.mean(), rel=0.02)
    assert row["worth_error"] == pytest.approx(np.std(without) * 19**0.5, rel=0.1)
    joint.denoises = False
    sl.save(joint, tmp_path / "labels.safetensors")
    found = sl.evaluate(tmp_path / "data.npz", model=tmp_path / "labels.safetensors", limit=20)
    assert [row.keys() for row in found["rows"]] == [{"sigma", "accuracy", "nll"}] * 4
    assert {key: found["rows"][2][key] for key in ("sigma", "accuracy")} == {
        "sigma": 51.0,
        "accuracy": row["accuracy"],
    }
    assert found["rows"][2]["nll"] == pytest.approx(row["nll"], rel=1e-4)
    with pytest.raises(InputError, match="class of its own, by which it is measured"):
        sl.evaluate(tmp_path / "data.npz", model=tmp_path / "joint.safetensors", label=1)


@pytest.mark.slow
def test_no_noise_and_no_classes(tmp_path):
    torch.manual_seed(0)
    joint = NetworkJointEnergy(GradResNet(3, 3, width=0.125), "abc", mean=(0.5,) * 3, size=(8, 8))
    x = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "data.npz", x_test=x, y_test=np.arange(3))
    joint.most, joint.label_level = 0.5, 0.4
    with torch.no_grad():
        joint.network.classify.weight.mul_(100)
        for name, weights in joint.network.named_parameters():
            if "gain" in name:  # 0 before training: levels say nothing
                weights.normal_(std=0.3)
    joint.train()
    found = sl.evaluate(tmp_path / "data.npz", model=joint, sigmas=[0.0, 25.5, 200.0])
    clean, weak, _ = found["rows"]
    assert joint.training  # it is the user's own
    assert clean.keys() == {"sigma", "accuracy", "nll"}  # clean pictures need no denoiser
    assert clean["nll"] == pytest.approx(found["negative_log_likelihood"], rel=1e-5)
    assert clean["nll"] != pytest.approx(weak["nll"], rel=1e-3)
    assert found["warnings"] == [
        "noise of 200 is stronger than any that the model learnt: it learnt levels of 127.5 at most"
    ]
    joint.most = joint.least  # as after a training with noise.clean: 1
    found = sl.evaluate(tmp_path / "data.npz", model=joint, sigmas=[25.5])
    assert found["warnings"] == [
        "noise of 25.5 is stronger than any that the model learnt: it learnt clean pictures only"
    ]
    joint.most = 0.5
    (tmp_path / "flat").mkdir()
    for k, pixels in enumerate(x):
        write_png(tmp_path / f"flat/{k}.png", pixels)
    found = sl.evaluate(tmp_path / "flat", model=joint, sigmas=[51.0])
    assert found["pictures"] == 3
    assert found["rows"][0].keys() >= {"psnr", "ssim"}
    alone = sl.evaluate(tmp_path / "flat/0.png", model=joint, sigmas=[51.0])
    assert (alone["pictures"], alone["rows"][0].keys()) == (1, found["rows"][0].keys())
    write_png(tmp_path / "flat/0.png", x[0][..., :1])  # gray: the model takes colour
    assert sl.evaluate(tmp_path / "flat", model=joint, sigmas=[51.0])["channels"] == 3
    with pytest.raises(InputError, match="this denoiser takes 3"):
        sl.evaluate(tmp_path / "flat", model=joint, sigmas=[51.0], channels=1)


@pytest.mark.slow
def test_pictures_of_another_size_are_the_same_in_all_rows(tmp_path, monkeypatch):
    """Clean ones were brought to the model's size, noisy ones shown as they were."""
    torch.manual_seed(0)
    joint = NetworkJointEnergy(GradResNet(3, 3, width=0.125), "abc", mean=(0.5,) * 3, size=(8, 8))
    joint.label_level = 0.2
    with torch.no_grad():
        joint.network.classify.weight.mul_(100)
    x = np.random.default_rng(0).integers(0, 256, (3, 4, 6, 1), np.uint8)
    np.savez(tmp_path / "data.npz", x_test=x, y_test=np.arange(3))
    monkeypatch.setattr(evaluate_joint, "BATCH", 2)
    data, told = tmp_path / "data.npz", []
    found = sl.evaluate(
        data, model=joint, sigmas=[0.0, 51.0], progress=lambda *step: told.append(step)
    )
    assert told == [(done, 5) for done in range(1, 6)]  # clean ones at once, two of each level
    clean, noisy = found["rows"]
    assert clean["nll"] == pytest.approx(found["negative_log_likelihood"], rel=1e-5)
    as_they_are = torch.from_numpy(x).permute(0, 3, 1, 2).expand(-1, 3, -1, -1) / 255
    seen = joint.classifier().fitted(as_they_are)
    y = seen + 0.2 * Noise(0, range(3)).normal(seen)
    expected = torch.nn.functional.cross_entropy(joint.class_logits(y, 0.2), torch.arange(3))
    assert noisy["nll"] == pytest.approx(float(expected.detach()), rel=1e-4)
    assert found["warnings"] == [
        "Each picture is 4x6: its largest central part of the model's shape was scaled to 8x8",
        "Each picture is gray: the model, which takes colour, saw it three times",
    ]
