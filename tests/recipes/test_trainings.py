"""Trainings of recipes: the task classify, its budget, and going on after an interruption."""

import json

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.data.labelled import load_labelled
from scorelet.recipes.steps import Steps
from scorelet.recipes.trainings import Budget, Trainings, hits_of
from scorelet.training import loop, read_log

BUDGET = Budget("textures", 24, 12, epochs=2, batch=8, rate=0.05)
NETWORK = ("ResNet", {"blocks": [1], "widths": [4], "stem": "cifar"})


@pytest.fixture
def trainings(tmp_path):
    return Trainings(BUDGET, Steps(tmp_path), seed=0, side=8)


@pytest.mark.slow
def test_a_training_follows_its_budget(trainings, tmp_path):
    hits = trainings("plain", *NETWORK, seeds=2, rate=0.1)
    assert hits.shape == (2, 12)
    assert trainings.hits["plain"] is hits
    seconds = trainings.steps.seconds
    assert torch.equal(trainings("plain", *NETWORK, seeds=1), hits[:1])
    assert trainings.steps.seconds == seconds
    log = read_log(tmp_path / "plain-0/log.jsonl")
    assert log[-1]["step"] == 6  # 24 pictures twice, by 8
    more = trainings("plain", *NETWORK, seeds=3, rate=0.1)
    assert torch.equal(more[:2], hits)  # and not trained again
    assert len(trainings.models("plain")) == 3
    model = trainings.model("plain")
    assert model.classes == trainings.train.classes
    assert torch.equal(hits_of(model, trainings.test), hits[0])
    assert not (tmp_path / "plain-0/state.safetensors").exists()
    stored = json.loads((tmp_path / "plain-0.json").read_text())["result"]
    assert stored["parameters"] == sum(p.numel() for p in model.parameters())


@pytest.mark.slow
def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(
    trainings, tmp_path, monkeypatch
):
    expected = trainings("plain", *NETWORK)
    weights = (tmp_path / "plain-0/weights.safetensors").read_bytes()
    again = Trainings(BUDGET, Steps(tmp_path / "again"), seed=0, side=8)
    real = loop.Trainer._one_step

    def killed(self, parts):
        if self.step == 4:  # an epoch has 3 steps, and is saved
            raise KeyboardInterrupt
        return real(self, parts)

    monkeypatch.setattr(loop.Trainer, "_one_step", killed)
    with pytest.raises(KeyboardInterrupt):
        again("plain", *NETWORK)
    monkeypatch.undo()
    assert (tmp_path / "again/plain-0/state.safetensors").exists()
    assert torch.equal(again("plain", *NETWORK), expected)
    assert (tmp_path / "again/plain-0/weights.safetensors").read_bytes() == weights


def test_train_and_test_pictures_are_not_the_same(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (30, 8, 8, 3), dtype=np.uint8)
    y = np.sort(rng.integers(0, 2, 30))  # sorted by class, as folders are
    np.savez(tmp_path / "set.npz", x_train=x, y_train=y)
    budget = Budget(str(tmp_path / "set.npz"), 10, 12, epochs=1)
    made = Trainings(budget, Steps(tmp_path / "steps"), seed=0)
    assert (len(made.train), len(made.test)) == (10, 12)
    assert "the first 10 training images" in budget.pictures()
    assert budget.pictures().endswith("tested on the last 12")  # not the last of the first
    seen = load_labelled(budget.source).first(10)  # what the task classify reads with this limit
    assert np.array_equal(made.train.x, seen.x)
    together = np.concatenate([made.train.x, made.test.x]).reshape(22, -1)
    assert len(np.unique(together, axis=0)) == 22
    with pytest.raises(InputError, match="has 18 pictures to train on beside those of the test"):
        Trainings(Budget(budget.source, 20, 12, 1), Steps(tmp_path / "steps"), seed=0)


@pytest.mark.slow
def test_a_tree_learns_from_coefficients_that_are_kept(trainings, tmp_path):
    """Computed once for all epochs; the padding of the budget is left out."""
    options = {"size": 8, "scales": 1, "outputs": 4}
    hits = trainings("tree", "ScatteringTree", options, cache=True, rate=0.01)
    assert hits.shape == (1, 12)
    config = (tmp_path / "tree-0/config.yaml").read_text()
    assert "cache: true" in config
    assert "rate: 0.01" in config
    assert torch.equal(hits_of(trainings.model("tree"), trainings.test), hits[0])
