"""The state of a run: everything comes back, and nothing else is taken for it."""

import pytest
import torch
from torch import nn

from scorelet.core.checkpoint import save_tensors
from scorelet.core.errors import CheckpointError, InputError
from scorelet.core.random import generator, randn
from scorelet.training import make_optimizers
from scorelet.training.averaging import averaged
from scorelet.training.config import OptimizerConfig
from scorelet.training.run_folder import STATE, WEIGHTS, diverged
from scorelet.training.settings import refuse_other_settings
from scorelet.training.state import load_state, read_facts, save_state


class Run:
    """A model, its average and its optimisers, moved by made-up gradients."""

    def __init__(self, *, name="muon", width=20, seed=0):
        self.model = nn.Sequential(nn.Linear(width, width), nn.Linear(width, 3))
        with torch.no_grad():
            for k, p in enumerate(self.model.parameters()):
                p.copy_(randn(tuple(p.shape), rng=generator(seed, k)))
        self.average = averaged(self.model, 0.9)
        self.optimizers = make_optimizers(self.model, OptimizerConfig(name=name, weight_decay=0.1))

    def move(self, steps):
        for step in steps:
            for k, p in enumerate(self.model.parameters()):
                p.grad = randn(tuple(p.shape), rng=generator(9, step, k))
            for optimizer in self.optimizers:
                optimizer.step()
            self.average.update_parameters(self.model)

    def parts(self):
        return {"learner": self.model, "average": self.average, "optimizers": self.optimizers}

    def tensors(self):
        moments = [
            value
            for optimizer in self.optimizers
            for p in self.model.parameters()
            for _, value in sorted(optimizer.state.get(p, {}).items())
        ]
        return [*self.model.state_dict().values(), *self.average.state_dict().values(), *moments]


def assert_same(run, other):
    ours, theirs = run.tensors(), other.tensors()
    assert len(ours) == len(theirs)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.safetensors"


@pytest.mark.parametrize("name", ["adamw", "muon", "sgd"])
def test_weights_averages_and_moments_come_back_and_move_on_alike(path, name):
    run, other = Run(name=name), Run(name=name, seed=1)
    run.move(range(3))
    save_state(path, {"step": 3}, **run.parts())
    load_state(path, **other.parts())
    assert read_facts(path) == {"step": 3}
    assert_same(run, other)
    for each in (run, other):
        each.move(range(3, 5))
    assert_same(run, other)


def test_a_state_before_the_first_step_has_no_moments(path):
    run, other = Run(), Run(seed=1)
    save_state(path, {"step": 0}, **run.parts())
    load_state(path, **other.parts())
    assert read_facts(path) == {"step": 0}
    assert_same(run, other)


def test_the_rates_of_the_new_run_are_kept(path):
    save_state(path, {"step": 0}, **Run().parts())
    other = Run()
    for optimizer in other.optimizers:
        optimizer.param_groups[0]["lr"] = 0.125
    load_state(path, **other.parts())
    assert [o.param_groups[0]["lr"] for o in other.optimizers] == [0.125, 0.125]


@pytest.mark.parametrize(("name", "width"), [("muon", 24), ("adamw", 20), ("adamw", 24)])
def test_the_state_of_another_model_or_optimiser_is_one_sentence(path, name, width):
    run = Run()
    run.move(range(2))
    save_state(path, {"step": 2}, **run.parts())
    with pytest.raises(CheckpointError) as caught:
        load_state(path, **Run(name=name, width=width).parts())
    message = str(caught.value)
    assert message.startswith(f"{path} belongs to another model or optimiser: ")
    assert "\n" not in message
    assert len(message) < 500 + len(str(path))


@pytest.mark.parametrize("first", [20, 3])
def test_moments_of_other_weights_are_one_sentence(path, first):
    """Of a run whose matrices were chosen by another rule: torch would take them by number."""
    run = Run()
    model = nn.Sequential(nn.Linear(first, 20), *run.model)
    optimizers = make_optimizers(model, OptimizerConfig(name="muon"))
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    for optimizer in optimizers:
        optimizer.step()
    save_state(path, {"step": 1}, **(run.parts() | {"optimizers": optimizers}))
    with pytest.raises(CheckpointError, match=r"moved (more|other) weights than"):
        load_state(path, **Run().parts())


def test_a_file_of_another_kind_is_one_sentence(path):
    save_tensors(path, {"a": torch.ones(1)}, {"kind": "blind-denoiser"})
    with pytest.raises(
        CheckpointError, match=r"is not the state of a training run of this version\.$"
    ):
        load_state(path, **Run().parts())


@pytest.mark.parametrize("kept", [0, 20, 0.5, -1])
def test_a_damaged_state_is_one_sentence(path, kept):
    run = Run()
    run.move(range(2))
    save_state(path, {"step": 2}, **run.parts())
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if kept == 0.5 else kept])
    with pytest.raises(
        CheckpointError, match=r"is damaged [^\n]*: begin in another output folder, "
    ):
        load_state(path, **Run().parts())


@pytest.mark.parametrize(("part", "said"), [("model", True), ("low", False)])
def test_weights_to_begin_from_are_named_where_there_is_one_model(part, said):
    """A cascade has several networks, and no model.start_from."""
    saved = {part: {}, "seed": 0}
    with pytest.raises(InputError, match="seed 0, not 1: resume it") as caught:
        refuse_other_settings(saved, saved | {"seed": 1})
    assert ("model.start_from" in str(caught.value)) == said


def test_a_run_that_diverged_names_fields_that_every_task_has(tmp_path):
    """Cascades have low.start_from and one for each level of details."""
    (tmp_path / STATE).touch()
    said = str(diverged(tmp_path, "The loss is nan"))
    assert "model." not in said
    assert f"start_from {tmp_path / WEIGHTS} of each network" in said
