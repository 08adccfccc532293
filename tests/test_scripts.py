"""What the scripts of the joint network measure, on one of a few channels and pictures."""

import argparse
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import scorelet as sl
from scorelet.core.random import Noise, generator
from scorelet.models import NetworkJointEnergy, ResidualDenoiser
from scorelet.networks import UNet
from scorelet.networks.grad_res_net import GradResNet
from scorelet.networks.normalization import BiasFreeBatchNorm

LAYERS = 1 + 2 * 8  # the stem; in each of eight blocks the first convolution, and what comes out
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("float32")]


@pytest.fixture
def scripts(program):
    return program("scripts", "evaluate_joint")


def small_joint():
    torch.manual_seed(0)
    network = GradResNet(3, 2, widths=(8, 8, 8, 8), noise_features=4)
    with torch.no_grad():
        network.strengths.fill_(0.5)
        network.classify.weight.mul_(100)
    return NetworkJointEnergy(network, "ab", mean=(0.5,) * 3, size=(8, 8))


def test_channels_that_say_nothing_are_found(scripts):
    joint, x = small_joint(), torch.rand(4, 3, 8, 8)
    with torch.no_grad():
        joint.network.stem.weight[3] = 0
        joint.network.stages[1][0].first.weight[:2] = 0
    rows = {row["layer"]: row for row in scripts.idle_maps(joint, x)}
    assert len(rows) == LAYERS
    idle = {name: row["idle"] for name, row in rows.items() if row["idle"]}
    assert idle == {"stem": 1, "stages.1.0.first": 2}
    assert rows["stem"]["quietest"] == 0
    assert not joint.network.stem._forward_hooks


def test_a_quiet_channel_is_as_quiet_as_its_weights(scripts):
    """GELU is linear near zero: all channels alike and small, one of them ten times smaller."""
    joint, x = small_joint(), torch.rand(4, 3, 8, 8)
    with torch.no_grad():
        joint.network.stem.weight[:] = 1e-3 * joint.network.stem.weight[:1]
        joint.network.stem.weight[5] *= 0.1
    (stem,) = (row for row in scripts.idle_maps(joint, x) if row["layer"] == "stem")
    assert stem["idle"] == 0
    assert stem["quietest"] == pytest.approx(0.1 / ((7 + 0.01) / 8) ** 0.5, rel=0.02)


def small_unet():
    torch.manual_seed(3)
    network = UNet(3, width=6, blocks=2)
    with torch.no_grad():  # gains that start near zero
        for module in network.modules():
            if isinstance(module, BiasFreeBatchNorm):
                module.gain.fill_(1.0)
        network.encoders[1][0].weight[2] = -network.encoders[1][0].weight[2].abs()  # of what is > 0
    return ResidualDenoiser(network, channels=(3,)).eval()


def test_idle_units_of_a_denoiser_are_found_and_drawn_anew_without_a_change(scripts, program):
    redraw = program("scripts", "redraw_idle_maps").redraw
    denoiser, x = small_unet(), torch.rand(4, 3, 16, 16)
    rows = {row["layer"]: row["idle"] for row in scripts.idle_units(denoiser, x)}
    assert {name: idle for name, idle in rows.items() if idle} == {"network.encoders.1.2": 1}
    with torch.no_grad():
        before = denoiser(x, 0.1)
        assert redraw(denoiser, x, generator(0)) == {"network.encoders.1.2": [2]}
        assert torch.equal(denoiser(x, 0.1), before)
        assert not any(row["idle"] for row in scripts.idle_units(denoiser, x))
        denoiser.network.encoders[1][3].weight[:, 2] = 1.0
        assert not torch.allclose(denoiser(x, 0.1), before)


def test_idle_units_that_several_layers_read_are_left(scripts, program):
    redraw = program("scripts", "redraw_idle_maps").redraw
    denoiser, x = small_unet(), torch.rand(4, 3, 16, 16)
    with torch.no_grad():
        denoiser.network.encoders[1][3].weight[4] = 0
        assert redraw(denoiser, x, generator(0)) == {"network.encoders.1.2": [2]}
    rows = {row["layer"]: row["idle"] for row in scripts.idle_units(denoiser, x)}
    assert {name: idle for name, idle in rows.items() if idle} == {"network.encoders.1.5": 1}


@pytest.fixture
def evaluation(scripts, monkeypatch, tmp_path):
    """The script with few pictures and levels; returns a run into a folder of a given name."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (12, 8, 8, 3), np.uint8), np.arange(12) % 2
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x[:6], y_test=y[:6])
    sl.save(small_joint(), tmp_path / "joint.safetensors")
    few = {
        "DATA": str(tmp_path / "data.npz"),
        "HELD_OUT": 4,
        "LEVELS": (0.0, 0.2),
        "PARTS": {"test": (0.0, 0.2), "held-out": (0.0,)},
        "PSNRS": (10,),
        "GRID": 3,
        "TOLD": 4,
        "BALLS": {"l2": 0.5},
        "ATTACKS": {},
        "CURVES": {"linf": (2 / 255,)},
        "CURVE_STEPS": 2,
        "CURVE_PICTURES": 4,
    }
    for name, value in few.items():
        monkeypatch.setattr(scripts, name, value)

    def run(folder, *, forecast=False, only=("",)):
        monkeypatch.setattr(scripts, "RESULTS", tmp_path / f"{folder}.json")
        weights = str(tmp_path / "joint.safetensors")
        options = argparse.Namespace(
            joint=weights,
            entropy=None,
            noisy=weights,
            denoiser=None,
            folder=tmp_path / folder,
            overwrite=False,
            forecast=forecast,
            only=only,
        )
        scripts.main(options)
        document = json.loads(scripts.RESULTS.read_text()) if not forecast else {}
        return {k: v for k, v in document.items() if k != "date"}

    return run


def test_an_interrupted_evaluation_gives_the_same_document(
    evaluation, scripts, monkeypatch, capsys, tmp_path
):
    whole = evaluation("whole")
    assert {"labels", "denoising", "budget", "attacks", "gains", "idle"} <= whole.keys()
    real, calls = scripts.measures.direct, []

    def broken(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(scripts.measures, "direct", broken)
    with pytest.raises(KeyboardInterrupt):
        evaluation("cut")
    partial_document = json.loads((tmp_path / "cut.json").read_text())
    assert partial_document["labels"] == whole["labels"]
    assert "attacks" not in partial_document
    monkeypatch.setattr(scripts.measures, "direct", real)
    monkeypatch.setattr(scripts.measures, "labelling", lambda *_, **__: calls.append("again") or {})
    capsys.readouterr()
    assert evaluation("cut") == whole
    assert not calls
    assert capsys.readouterr().out.count(": kept") == 4
    evaluation("cut", forecast=True)
    lines = capsys.readouterr().out.splitlines()
    assert all(line.endswith("done") for line in lines[:-1])


def test_the_work_is_shared_by_names_of_pieces(evaluation, monkeypatch, scripts):
    """One process ends first; what another does meanwhile is in the document of the last one."""
    assert "attacks" not in evaluation("shared", only=("denoising", "labels"))
    real = scripts.measures.labelling
    monkeypatch.setattr(scripts.measures, "labelling", lambda *_, **__: pytest.fail("done again"))
    assert evaluation("shared", only=("curve", "levels")).keys() >= {"labels", "attacks", "levels"}
    monkeypatch.setattr(scripts.measures, "labelling", real)
    robust, other = scripts.robustness, []

    def meanwhile(*arguments, **options):
        other or other.append(evaluation("late", only=("labels",)))
        return robust(*arguments, **options)

    monkeypatch.setattr(scripts, "robustness", meanwhile)
    assert {"labels", "attacks"} <= evaluation("late", only=("curve",)).keys()


def test_the_document_says_what_a_network_does(evaluation):
    """The control is the joint network itself: it gains nothing, and errors are those of D_u."""
    document = evaluation("same")
    assert [row["gain"] for row in document["gains"]] == [0.0] * 3
    joint = small_joint()
    rows = {round(row["sigma"], 4): row for row in document["denoising"]}
    assert set(rows) == {0.2, 0.3162}
    x = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), np.uint8))
    clean = x[:6].permute(0, 3, 1, 2) / 255
    noisy = clean + 0.2 * Noise(0, range(6)).normal(clean)
    with torch.no_grad():
        error = F.mse_loss(joint.denoise(noisy, 0.2), clean)
        right = (joint.logits(noisy, 0.2).argmax(1) == torch.arange(6) % 2).double()
    assert rows[0.2]["joint"] == pytest.approx(-10 * float(error.log10()), abs=2e-3)
    labels = [row for row in document["labels"] if row["sigma"] == 0.2]
    assert {row["accuracy"] for row in labels} == {round(100 * float(right.mean()), 2)}
