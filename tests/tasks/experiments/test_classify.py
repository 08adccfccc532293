"""The task `classify`: pictures of colours are told apart, exactly resumed, saved and loaded."""

from functools import partial

import numpy as np
import pytest
import torch
import yaml

import scorelet as sl
from samples import ChannelMeans, assert_one_sentence, write_png
from scorelet.cli.main import run
from scorelet.core.checkpoint import load_tensors
from scorelet.core.errors import InputError
from scorelet.data.labelled import load_labelled, picture_files
from scorelet.models import Classifier
from scorelet.networks import ARCHITECTURES
from scorelet.tasks.experiments import build, read_config
from scorelet.tasks.experiments.labelled import LabelledConfig, labelled_parts
from scorelet.tasks.train import train
from scorelet.training import read_log

COLOURS = ("red", "green", "blue")


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    """The toy network gets a name for its checkpoint."""
    monkeypatch.setitem(ARCHITECTURES, "ChannelMeans", ChannelMeans)


def pictures(count, seed):
    """Noise with a little more of one colour."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    x = rng.integers(0, 200, (count, 8, 8, 3))
    x[np.arange(count), ..., labels] += 50
    return x.astype(np.uint8), labels


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "colours.npz"
    (x, y), (x_test, y_test) = pictures(90, 0), pictures(30, 1)
    np.savez(path, x_train=x, y_train=y, x_test=x_test, y_test=y_test, classes=np.array(COLOURS))
    return path


@pytest.fixture
def file(configuration, data):
    """Make a configuration; sections are merged into the usual ones."""
    tree = {
        "task": "classify",
        "model": {"architecture": "ChannelMeans"},
        "data": {"source": str(data), "hold_out": 30, "padding": 1, "flip": True},
        "optimizer": {"name": "sgd", "rate": 5.0, "clip": None, "ema": 0.9},
        "schedule": {"shape": "one-cycle", "warmup": 10},
        "batch": 12,
    }
    return partial(configuration, tree)


@pytest.mark.slow
def test_a_run_leaves_a_classifier_that_knows_what_was_held_out(file, tmp_path, data, capsys):
    assert run(["train", str(file()), "--json"]) == 0
    weights = tmp_path / "run" / "weights.safetensors"
    assert yaml.safe_load(capsys.readouterr().out) == {"weights": str(weights), "steps": 60}
    model = sl.load(weights)
    assert isinstance(model, Classifier)
    assert (model.classes, model.size, model.fit) == (COLOURS, (8, 8), "crop")
    _, held = load_labelled(data).hold_out(30)
    with torch.no_grad():
        hits = model(held.images(0, 30)).argmax(1).numpy() == held.y
    lines = read_log(tmp_path / "run" / "log.jsonl")
    validations = [line for line in lines if "accuracy" in line]
    assert [line["step"] for line in validations] == [30, 60]
    assert validations[-1]["accuracy"] == pytest.approx(hits.mean(), abs=1e-6)
    assert hits.mean() > 0.8  # a third by chance
    steps = [line for line in lines if "loss" in line]
    assert all(0 <= line["loss/accuracy"] <= 1 for line in steps)
    assert steps[-1]["loss"] < steps[0]["loss"]
    best = max(validations, key=lambda line: line["accuracy"])
    facts = load_tensors(tmp_path / "run" / "state.safetensors")[1]["facts"]
    assert facts["best"]["value"] == best["accuracy"]
    assert (tmp_path / "run" / "best.safetensors").exists()


@pytest.mark.slow
@pytest.mark.parametrize("accumulate", [1, 3])
def test_an_interrupted_run_ends_as_an_undisturbed_one(file, tmp_path, accumulate):
    """Crops, flips and the order of pictures are functions of (seed, index)."""
    train(read_config(file("whole", accumulate=accumulate)))
    config = read_config(file("cut", accumulate=accumulate))
    for progress in build(config).trainer(config).run():
        if progress.step == 47:
            break
    train(config, resume=True)
    for name in ("state", "weights", "best"):
        whole, cut = (
            load_tensors(tmp_path / f / f"{name}.safetensors")[0] for f in ("whole", "cut")
        )
        assert whole.keys() == cut.keys()
        assert all(torch.equal(whole[key], cut[key]) for key in whole)


def test_validation_may_be_the_test_part(file, tmp_path):
    train(read_config(file(data={"hold_out": 0, "test": True}, steps=2, validate_every=2)))
    (line,) = (n for n in read_log(tmp_path / "run" / "log.jsonl") if "accuracy" in n)
    assert line["accuracy"] * 30 == pytest.approx(round(line["accuracy"] * 30), abs=1e-4)


def test_classes_without_a_picture_to_learn_from_are_said(file, tmp_path, capsys):
    one = file("one", data={"limit": 1}, steps=1, schedule={"warmup": 0})
    assert run(["train", str(one), "--quiet"]) == 0
    assert capsys.readouterr().err == (
        "warning: 2 of 3 classes have no picture to learn from: green, blue.\n"
    )
    x, _ = pictures(12, 0)
    np.savez(tmp_path / "gap.npz", x_train=x, y_train=np.array([0, 5, 0] * 4))
    changes = {"source": str(tmp_path / "gap.npz"), "hold_out": 0}
    model = {"options": {"classes": 6}}
    assert run(["train", str(file("gap", data=changes, model=model, steps=1)), "--quiet"]) == 0
    assert "4 of 6 classes have no picture to learn from: 1, 2, 3, 4." in capsys.readouterr().err


@pytest.mark.parametrize("size", ["[0,32]", "[8,-1]"])
def test_a_size_without_extent_is_one_sentence(file, capsys, size):
    assert run(["train", str(file()), "--cfg.data.size", size]) == 2
    assert_one_sentence(capsys.readouterr().err, "greater than or equal to 1")


def test_smoothing_changes_the_loss_and_not_the_validation(file, tmp_path):
    losses = {}
    for smoothing in (0.0, 0.2):
        train(read_config(file(f"s{smoothing}", label_smoothing=smoothing, steps=1, log_every=1)))
        first, last = read_log(tmp_path / f"s{smoothing}" / "log.jsonl")
        losses[smoothing] = first["loss"]
        assert {"accuracy", "nll"} <= last.keys()
    assert losses[0.0] != losses[0.2]


def test_folders_are_brought_to_a_size_and_what_is_broken_is_a_warning(file, tmp_path, capsys):
    for k, name in enumerate(COLOURS):
        for i in range(4):
            pixels = np.zeros((8 + i, 10, 3), dtype=np.uint8)
            pixels[..., k] = 200
            write_png(tmp_path / "set" / name / f"{i}.png", pixels)
    (tmp_path / "set" / "red" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nx")
    changes = {"source": str(tmp_path / "set"), "hold_out": 0, "size": [8, 8]}
    assert run(["train", str(file(data=changes, steps=2)), "--quiet"]) == 0
    assert "warning: 1 of 13 pictures was left out (red/bad.png): " in capsys.readouterr().err
    assert sl.load(tmp_path / "run" / "weights.safetensors").classes == tuple(sorted(COLOURS))


@pytest.mark.slow
@pytest.mark.parametrize("area", [None, 0.3])
def test_folders_that_memory_cannot_hold_train_alike(file, tmp_path, monkeypatch, area):
    """The same weights as in memory, and as of a run that was interrupted, with a worker."""
    x, labels = pictures(45, 2)
    for i, (pixels, label) in enumerate(zip(x, labels, strict=True)):
        write_png(tmp_path / "set" / COLOURS[label] / f"{i}.png", pixels)
    data = {"source": str(tmp_path / "set"), "hold_out": 15, "area": area}
    whole = load_tensors(train(read_config(file("whole", data=data, steps=20))))[0]
    monkeypatch.setattr(picture_files, "available_memory", lambda: 0)
    config = read_config(file("cut", data=data, steps=20, save_every=5, workers=1))
    for progress in build(config).trainer(config).run():
        if progress.step == 7:
            break
    found = load_tensors(train(config, resume=True))[0]
    assert all(torch.equal(whole[key], found[key]) for key in whole)
    accuracies = [
        line["accuracy"] for line in read_log(tmp_path / "cut" / "log.jsonl") if "accuracy" in line
    ]
    measured = sl.evaluate(
        tmp_path / "set", model=tmp_path / "cut" / "best.safetensors", hold_out=15
    )
    assert measured["accuracy"] == pytest.approx(max(accuracies))


@pytest.mark.filterwarnings("default")
def test_a_picture_that_breaks_while_it_is_learnt_from_is_a_sentence(file, tmp_path, capsys):
    for k, name in enumerate(COLOURS):
        for i in range(2):
            pixels = np.full((8, 8, 3), 60 * k, dtype=np.uint8)
            write_png(tmp_path / "set" / name / f"{i}.png", pixels)
    (tmp_path / "set" / "red" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nx")
    data = {"source": str(tmp_path / "set"), "hold_out": 0, "area": 0.5}
    assert run(["train", str(file(data=data, steps=3)), "--quiet"]) == 0
    (line,) = (text for text in capsys.readouterr().err.splitlines() if "bad.png" in text)
    assert line.startswith(f"warning: {tmp_path}/set/red/bad.png ")
    assert line.endswith(" The next picture takes its place.")


@pytest.mark.slow
def test_evaluate_holds_out_of_folders_what_the_run_has_held_out(file, tmp_path):
    """The accuracy of the last validation is that of the averaged weights on the same pictures."""
    x, labels = pictures(45, 2)
    for i, (pixels, label) in enumerate(zip(x, labels, strict=True)):
        write_png(tmp_path / "set" / COLOURS[label] / f"{i}.png", pixels)
    path = file(data={"source": str(tmp_path / "set"), "hold_out": 15}, steps=6, validate_every=6)
    weights = train(read_config(path))
    (line,) = (n for n in read_log(tmp_path / "run" / "log.jsonl") if "accuracy" in n)
    found = sl.evaluate(tmp_path / "set", model=weights, hold_out=15)
    assert [row["pictures"] for row in found["rows"]] == [5, 5, 5]
    assert line["accuracy"] == pytest.approx(found["accuracy"], abs=1e-6)
    assert line["nll"] == pytest.approx(found["negative_log_likelihood"], abs=1e-5)


FAULTS = {
    "a denoiser": (
        {"model": {"architecture": "BFCNN"}},
        "BFCNN returns images, not logits: choose an architecture of classes.",
    ),
    "too many classes": (
        {"model": {"options": {"classes": 5}}},
        "set model.options.classes to 3.",
    ),
    "gray": (
        {"model": {"options": {"channels": 1}}},
        "ChannelMeans takes pictures of 1 channel and",
    ),
    "all held out": ({"data": {"hold_out": 90}}, "90 of 90 pictures cannot be held out"),
    "no data": ({"data": {"source": "none"}}, "There is no data 'none' here"),
    "both": ({"data": {"test": True}}, "validate on a hold-out or on the part test, not on both"),
    "denoise's field": ({"data": {"patch": 16}}, "the task classify has no field data.patch: "),
    "other task": (
        {"task": "denoise"},
        "the task denoise needs data.train and has no field data.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_is_one_sentence_and_status_2(file, tmp_path, capsys, fault):
    changes, message = FAULTS[fault]
    assert run(["train", str(file(**changes))]) == 2
    assert_one_sentence(capsys.readouterr().err, message)
    assert not (tmp_path / "run").exists()


class EveryPixel(ChannelMeans):
    """Has a weight for each of 4×4 pixels."""

    def forward(self, x):
        return (x * torch.ones(4, 4)).mean((2, 3))


def test_pictures_of_another_size_than_the_network_takes_are_refused(file, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "EveryPixel", EveryPixel)
    config = read_config(file(model={"architecture": "EveryPixel"}))
    with pytest.raises(InputError, match=r"EveryPixel .* are 8x8: change model.options\.$"):
        build(config)


def parts(path, data, *, train, test):
    """Write labels without names; those of a part are at most so large."""
    with np.load(data) as arrays:
        plain = {name: arrays[name] for name in arrays.files if name != "classes"}
    plain["y_train"] = np.minimum(plain["y_train"], train)
    plain["y_test"] = np.minimum(plain["y_test"], test)
    np.savez(path, **plain)
    return {"source": str(path), "hold_out": 0, "test": True}


def test_parts_with_other_classes_are_refused(file, tmp_path, data):
    changes = parts(tmp_path / "other.npz", data, train=1, test=2)
    with pytest.raises(InputError, match="have other classes: 0, 1 to train, 0, 1, 2 to test"):
        build(read_config(file(data=changes)))


def test_the_part_test_may_lack_the_highest_label(file, tmp_path, data):
    changes = parts(tmp_path / "lacks.npz", data, train=2, test=1)
    train, held = labelled_parts(read_config(file(data=changes)).data)
    assert train.classes == held.classes == ("0", "1", "2")
    assert np.unique(held.y).tolist() == [0, 1]


def test_classes_that_the_part_test_lacks_leave_the_others_their_numbers(tmp_path):
    for part, names in (("train", "abc"), ("test", "ac")):
        for name in names:
            pixels = np.full((4, 4, 3), ord(name), np.uint8)
            write_png(tmp_path / part / name / "0.png", pixels)
    train, held = labelled_parts(LabelledConfig(source=str(tmp_path), test=True))
    assert held.classes == train.classes == ("a", "b", "c")
    assert [ord(held.classes[y]) for y in held.y] == held.x[:, 0, 0, 0].tolist()


def test_one_number_is_the_size_of_squares(file):
    assert read_config(file(data={"size": 16})).data.size == (16, 16)
    assert read_config(file(data={"size": [8, 16]})).data.size == (8, 16)
    with pytest.raises(InputError, match=r"data\.size"):
        read_config(file(data={"size": 0}))
