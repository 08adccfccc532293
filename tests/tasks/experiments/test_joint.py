"""What the task joint leaves alone where a network only labels."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import scorelet as sl
from scorelet.core.checkpoint import load_tensors
from scorelet.core.errors import InputError
from scorelet.core.random import Noise, generator
from scorelet.models import NetworkJointEnergy
from scorelet.tasks.experiments import joint
from scorelet.tasks.experiments.base import model_of
from scorelet.tasks.experiments.joint import JointConfig, build
from scorelet.tasks.train import train
from scorelet.training.joint import JointObjective

pytestmark = pytest.mark.usefixtures("float32")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weight", "head", "learns"),
    [(0.0, "reference", False), (8.0, "reference", True), (8.0, "logits", False)],
)
def test_an_energy_that_nothing_learns_from_stays(tmp_path, weight, head, learns):
    """Its gradient is 0 but for rounding, which AdamW would make steps of full length."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (32, 8, 8, 3), np.uint8), np.arange(32) % 2
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    config = {
        "task": "joint",
        "model": {"architecture": "GradResNet", "options": {"classes": 2, "width": 0.125}},
        "data": {"source": str(tmp_path / "data.npz")},
        "noise": {"clean": 0.5},
        "head": head,
        "lambda_dsm": weight,
        "batch": 8,
        "steps": 3,
        "output": str(tmp_path / "run"),
    }
    settings = JointConfig.model_validate(config)
    model = model_of(build(settings).learner, NetworkJointEnergy)
    assert model.denoises == (weight > 0)
    network = model.network
    assert all(w.requires_grad == learns for w in network.energy_weights())
    train(settings, quiet=True)
    kept = load_tensors(tmp_path / "run/weights.safetensors")[0]
    energy = [t for name, t in kept.items() if "products" in name and "conv" in name]
    assert len(energy) == 4
    assert all(bool(t.any()) == learns for t in energy)
    assert any("strengths" in name for name in kept)
    assert torch.stack([t.float().norm() for t in kept.values()]).isfinite().all()


def settings_of(**options):
    config = {
        "task": "joint",
        "model": {"architecture": "GradResNet", "options": {"classes": 2, "width": 0.125}},
        "data": {"source": "data.npz"},
        "noise": {"sigma": [0.01, 0.5], "clean": 0.5},
        "steps": 1,
        "output": "run",
    }
    return JointConfig.model_validate(config | options)


@pytest.mark.slow
def test_checkpointing_is_asked_for_in_the_configuration(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (8, 8, 8, 3), np.uint8), np.arange(8) % 2
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y)
    data = {"source": str(tmp_path / "data.npz")}
    for asked in (False, True):
        experiment = build(settings_of(data=data, activation_checkpointing=asked))
        assert model_of(experiment.learner, NetworkJointEnergy).network.checkpointing == asked
    with pytest.raises(InputError, match="Identity cannot compute its maps again: leave it out"):
        joint._checkpoint(torch.nn.Identity(), "Identity")


@pytest.mark.slow
def test_validation_is_what_it_says(tmp_path):
    """Labels of clean pictures at their level, and of noisy ones; PSNR of the mean error."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 8, 8, 3), np.uint8), rng.integers(0, 2, 40)
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    experiment = build(
        settings_of(
            data={"source": str(tmp_path / "data.npz"), "hold_out": 24},
            label_level=0.4,
        )
    )
    model = model_of(experiment.learner, NetworkJointEnergy)
    assert (model.least, model.most, model.label_level) == (0.01, 0.5, 0.4)
    with torch.no_grad():
        model.network.strengths.fill_(2.0)
        for weights in model.parameters():  # levels and classes say something
            weights.add_(0.05 * torch.randn(weights.shape, generator=generator(1)))
        found = experiment.validate(0, experiment.learner)
        clean = torch.from_numpy(x[16:]).permute(0, 3, 1, 2) / 255
        noisy = clean + 0.1 * Noise(0, range(24)).normal(clean)
        labels = torch.from_numpy(y[16:])
        right = [
            (model.posterior(image, level).argmax(1) == labels).double().mean()
            for image, level in ((clean, 0.4), (noisy, 0.1))
        ]
        error = (model.denoise(noisy, 0.1) - clean).square().mean()
    assert found["accuracy"] == pytest.approx(float(right[0]), abs=1e-6)
    assert found["accuracy_0.1"] == pytest.approx(float(right[1]), abs=1e-6)
    assert found["score"] == pytest.approx(float(sum(right)) / 2, abs=1e-6)
    assert found["psnr_0.1"] == pytest.approx(-10 * float(error.log10()), abs=1e-3)


def test_the_psnr_of_validation_is_that_of_all_pictures_alike(tmp_path, monkeypatch):
    """Also where the last batch has fewer; here its pictures are flat."""
    x = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    x[36:] = 128
    np.savez(tmp_path / "data.npz", x_train=x, y_train=np.arange(40) % 2)
    experiment = build(settings_of(data={"source": str(tmp_path / "data.npz"), "hold_out": 24}))
    model = model_of(experiment.learner, NetworkJointEnergy)
    monkeypatch.setattr(joint, "BATCH", 10)  # of 24
    with torch.no_grad():
        found = experiment.validate(0, experiment.learner)
        clean = torch.from_numpy(x[16:]).permute(0, 3, 1, 2) / 255
        noisy = clean + 0.1 * Noise(0, range(24)).normal(clean)
        error = (model.denoise(noisy, 0.1) - clean).square().mean()
    assert found["psnr_0.1"] == pytest.approx(-10 * float(error.log10()), abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hold_out": 40}, "40 of 40 pictures cannot be held out: choose data.hold_out from 1"),
        ({"hold_out": 0}, "3 classes: set model.options.classes to 3"),
    ],
)
def test_what_own_pictures_need_is_named_as_the_configuration_names_it(tmp_path, changes, words):
    x = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "data.npz", x_train=x, y_train=np.arange(40) % 3)
    with pytest.raises(InputError, match=words):
        build(settings_of(data={"source": str(tmp_path / "data.npz"), **changes}))


def test_a_run_of_clean_pictures_knows_one_level():
    assert settings_of().noise.most == 0.5
    assert settings_of(noise={"sigma": [0.01, 0.5], "clean": 1.0}).noise.most == 0.01


def test_settings_that_belong_together():
    for refused, words in [
        ({"lambda_posterior": 1.0, "lambda_dsm": 0.0}, "needs the score of noisy pictures"),
        ({"lambda_posterior": 1.0, "noise": {"clean": 1.0}}, "needs the score of noisy pictures"),
        ({"label_level": 0.005}, "levels that are learnt, 0.01 to 0.5"),
        ({"label_level": 0.6}, "levels that are learnt, 0.01 to 0.5"),
        ({"label_level": 0.1, "noise": {"clean": 1.0}}, "leave it out"),
        ({"posterior_share": 0.0}, "greater than 0"),
        ({"posterior_share": 1.0}, "less than 1"),
    ]:
        with pytest.raises(ValidationError, match=words):
            settings_of(**refused)
    assert settings_of(lambda_posterior=1.0, label_level=0.5, head="logits").label_level == 0.5


def test_settings_of_denoising_alone():
    for refused, words in [
        ({"lambda_dsm": 0.0}, "nothing is learnt"),
        ({"noise": {"clean": 1.0}}, "nothing is learnt"),
        ({"lambda_posterior": 1.0}, "set lambda_posterior: 0"),
        (
            {"denoise_target": "both", "label_level": 0.1},
            "set denoise_target: marginal, label_level: null",
        ),
        ({"label_smoothing": 0.1}, "set label_smoothing: 0"),
        ({"lambda_ce": -1.0}, "greater than or equal to 0"),
    ]:
        with pytest.raises(ValidationError, match=words):
            settings_of(**{"lambda_ce": 0.0} | refused)
    assert not settings_of(lambda_ce=0.0).classifies
    assert settings_of().classifies


@pytest.mark.slow
def test_a_run_of_denoising_alone_is_a_denoiser_whatever_the_labels_are(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 8, 8, 3), np.uint8), np.arange(40) % 2

    def weights(name, labels):
        np.savez(tmp_path / f"{name}.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)
        settings = settings_of(
            data={"source": str(tmp_path / f"{name}.npz"), "hold_out": 8},
            lambda_ce=0.0,
            batch=8,
            steps=3,
            output=str(tmp_path / name),
        )
        train(settings, quiet=True)
        return tmp_path / name / "weights.safetensors"

    files = weights("own", y), weights("others", 1 - y)
    first, second = (load_tensors(file)[0] for file in files)
    assert all(torch.equal(t, second[name]) for name, t in first.items())
    assert (tmp_path / "own/best.safetensors").exists()  # by the PSNR
    model = sl.load(files[0])
    assert model.denoises
    assert not model.classifies
    rows = sl.evaluate(tmp_path / "own.npz", model=files[0], sigmas=(25.5,))["rows"]
    clean = torch.from_numpy(x).permute(0, 3, 1, 2) / 255
    z = torch.randn(clean.shape, generator=generator(1))
    with torch.no_grad():
        error = (model.denoise(clean + 0.1 * z, 0.1) - clean).square().mean()
    assert rows[0]["psnr"] == pytest.approx(-10 * float(error.log10()), abs=0.2)
    with pytest.raises(InputError, match="has learnt to denoise, and no labels"):
        sl.robust(tmp_path / "own.npz", model=files[0], eps=(0.01,))


@pytest.mark.slow
def test_a_resumed_run_of_correlated_pixels_ends_where_an_undisturbed_one_does(
    tmp_path, monkeypatch
):
    """Pictures of odd sides and one channel, with the score of p(class | picture)."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (24, 9, 7), np.uint8), np.arange(24) % 2
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)

    def run(name, *, resume=False):
        settings = settings_of(
            model={
                "architecture": "GradResNet",
                "options": {"classes": 2, "channels": 1, "width": 0.125},
            },
            data={"source": str(tmp_path / "data.npz")},
            head="correlated",
            lambda_posterior=1.0,
            label_level=0.05,
            precision="bf16",
            schedule={"shape": "constant"},
            batch=8,
            steps=4,
            save_every=2,
            output=str(tmp_path / name),
        )
        train(settings, quiet=True, resume=resume)
        return tmp_path / name / "weights.safetensors"

    whole, calls, real = run("whole"), [], JointObjective.__call__

    def failing(*words):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(1)
        return real(*words)

    with monkeypatch.context() as patch:
        patch.setattr(JointObjective, "__call__", failing)
        with pytest.raises(KeyboardInterrupt):
            run("cut")
    cut = run("cut", resume=True)
    assert all(
        torch.equal(t, load_tensors(cut)[0][name]) for name, t in load_tensors(whole)[0].items()
    )
    kept = sl.load(cut)
    assert (kept.label_level, kept.pixels.variances.shape) == (0.05, (1, 9, 7))
    assert kept.pixels.variances.mean() == pytest.approx(float(kept.variance), rel=1e-5)
