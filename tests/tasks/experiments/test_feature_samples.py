"""Fixed features: those of the very samples that would have come, and a run of the same end."""

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import ChannelMeans
from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages, LabelledSamples
from scorelet.networks import ARCHITECTURES, ScatteringHead
from scorelet.tasks.experiments import build, feature_samples
from scorelet.tasks.experiments.classify import ClassifyConfig
from scorelet.tasks.experiments.feature_samples import FeatureSamples
from scorelet.tasks.train import train

COUNT = 150  # more than a batch of features


def network():
    return ScatteringHead(3, size=(8, 8), classes=3, scales=2, angles=2)


def gratings(count=COUNT, seed=0):
    """Stripes of random phase; the class is their orientation, which flips do not confuse."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 3
    angle = (np.pi / 4 * y)[:, None, None]
    row, column = np.mgrid[:8, :8]
    phase = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    wave = np.cos(2 * (np.cos(angle) * row + np.sin(angle) * column) + phase)
    x = 128 + 60 * wave[..., None] + rng.normal(0, 20, (count, 8, 8, 3))
    return x.clip(0, 255).astype(np.uint8), y.astype(np.int64)


@pytest.fixture
def images():
    return LabelledImages(*gratings(), ("a", "b", "c"))


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "gratings.npz"
    (x, y), (x_test, y_test) = gratings(), gratings(60, seed=1)
    np.savez(path, x_train=x, y_train=y, x_test=x_test, y_test=y_test)

    def make(output, architecture="ScatteringHead", **data):
        options = network().options if architecture == "ScatteringHead" else {}
        model = {"architecture": architecture, "options": options}
        return ClassifyConfig.model_validate(
            {
                "model": model,
                "data": {"source": str(path), "test": True, "flip": True, **data},
                "optimizer": {"name": "sgd", "rate": 0.01, "ema": 0.9},
                "schedule": {"shape": "constant", "warmup": 0},
                "steps": 40,
                "batch": 30,
                "output": str(tmp_path / output),
                "tensorboard": False,
            }
        )

    return make


@pytest.mark.slow
@pytest.mark.parametrize("flip", [False, True])
def test_features_are_those_of_the_samples(images, flip):
    samples = LabelledSamples(images, length=400, seed=3, flip=flip)
    kept = FeatureSamples(samples, network())
    assert len(kept) == 400
    done = []
    kept.prepare(lambda *units: done.append(units))
    assert done[-1] == (COUNT * (1 + flip),) * 2
    for index in (0, 1, 2, 149, 150, 151, 399):
        item, sample = kept[index], samples[index]
        assert item["label"] == sample["label"]
        exact = network().features(sample["x"][None])[0]
        # half precision: 2^-11 of a value, 2^-25 of tiny ones
        assert torch.allclose(item["features"].float(), exact, rtol=5e-4, atol=1e-7)
    mirrored = [samples.is_mirrored(index) for index in range(400)]
    assert sum(mirrored) == pytest.approx(200 * flip, abs=40)


@pytest.mark.slow
def test_a_run_with_kept_features_is_the_run_without(config):
    models = [sl.load(train(config(str(keep), cache=keep), quiet=True)) for keep in (True, False)]
    x = torch.from_numpy(gratings(90, seed=2)[0]).permute(0, 3, 1, 2).float() / 255
    kept, computed = (model(x) for model in models)
    assert torch.allclose(kept, computed, atol=0.02)  # 2^-11 of features, over 40 steps
    y = torch.from_numpy(gratings(90, seed=2)[1])
    assert (kept.argmax(1) == y).float().mean() > 0.9


def test_what_has_no_fixed_features_is_refused(config, images, monkeypatch):
    with pytest.raises(InputError, match="shifted by up to 2 pixels"):
        build(config("a", cache=True, padding=2))
    with pytest.raises(InputError, match="Random parts of pictures have no fixed features"):
        build(config("a", cache=True, area=0.5))
    shifted = LabelledSamples(images, length=10, seed=0, padding=1)
    with pytest.raises(InputError, match=r"set data\.padding: 0"):
        FeatureSamples(shifted, network())
    monkeypatch.setattr(feature_samples, "available_memory", lambda: 10**4)
    kept = FeatureSamples(LabelledSamples(images, length=10, seed=0), network())
    with pytest.raises(InputError, match=r"150 pictures take .* GB, and 0\.0 GB are free"):
        kept.prepare()


def test_a_network_that_learns_its_features_is_refused(config, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "ChannelMeans", ChannelMeans)
    with pytest.raises(InputError, match="ChannelMeans learns all of its features"):
        build(config("b", architecture="ChannelMeans", cache=True))
