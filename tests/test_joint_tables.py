"""What the script of the built-in joint network makes of its pieces, with numbers by hand."""

import json
import math
from types import SimpleNamespace

import pytest
import torch

from scorelet.recipes.hits import packed
from scorelet.recipes.subjects.classification_denoising.networks import JOINT, NOISY
from scorelet.recipes.subjects.classification_denoising.settings import LARGEST, LEAST


@pytest.fixture
def scripts(program, monkeypatch):
    module = program("scripts", "evaluate_joint")
    few = {"LEVELS": (0.0, 0.5), "PARTS": {"test": (0.0,)}, "GRID": 2, "BALLS": {"l2": 0.5}}
    for name, value in few.items():
        monkeypatch.setattr(module, name, value)
    return module


def hits(*right):
    return packed(torch.tensor(right, dtype=torch.float64))


@pytest.fixture
def evaluation():
    images = SimpleNamespace(channels=3, size=(2, 2))
    networks = {JOINT: SimpleNamespace(clean_level=0.02), NOISY: SimpleNamespace(clean_level=0.03)}
    return SimpleNamespace(
        networks=networks,
        test=images,
        levels=[0.1],
        direct_piece="denoising-x",
        idle_piece="idle-x",
    )


def test_gains_are_of_the_joint_network_over_the_control(scripts, evaluation):
    found = {
        f"labels-test-{scripts._slug(name)}": {"hits": [right], "nll": [0.5], "calibration": [0.1]}
        for name, right in ((JOINT, hits(1, 1, 1, 0)), (NOISY, hits(1, 0, 0, 0)))
    }
    tables = scripts.tables(evaluation, found)
    assert [(row["accuracy"], row["told"]) for row in tables["labels"]] == [(75, 0.02), (25, 0.03)]
    (gain,) = tables["gains"]
    assert (gain["over"], gain["gain"]) == (NOISY, 50)
    assert gain["gain_error"] == pytest.approx(100 * math.sqrt(1 / 4 / 3), abs=0.01)


def test_attacked_accuracy_is_of_what_stays_right(scripts, evaluation):
    row = {"attack": "apgd", "eps": 0.5, "accuracy": 0.2, "accuracy_error": 0.1}
    found = {
        "apgd-l2-joint": {"norm": "l2", "pictures": 10, "rows": [row]},
        "levels-joint": [{"level": 0.1, "clean": hits(1, 1, 0, 1), "l2": [hits(0, 0, 0, 1)]}],
    }
    tables = scripts.tables(evaluation, found)
    assert [(each["accuracy"], each["told"]) for each in tables["attacks"]] == [(20, 0.02)]
    told = {each["norm"]: (each["accuracy"], each["eps"]) for each in tables["levels"]}
    assert told == {"clean": (75, 0), "l2": (25, 0.5)}


def test_a_budget_is_what_the_class_takes_away_over_the_distance(scripts, evaluation):
    """Errors are means over the 12 numbers of a picture; the sum of a trapezium of log levels."""
    classes = {"marginal": [[0.5, 0.7]], "conditional": [[0.4, 0.6]], "apart": [[0.2, 0.2]]}
    information = {
        "marginal": [[0.5, 0.5], [0.5, 0.5]],
        "conditional": [[0.5 - 0.01 * s**2] * 2 for s in (LEAST, LARGEST)],
        "nll": [[0.1, 0.1], [2.1, 2.1]],
    }
    tables = scripts.tables(evaluation, {"classes": classes, "information": information})
    at, summed = tables["budget"]
    assert at["worth"] == pytest.approx(12 * 0.1)
    assert at["apart"] == pytest.approx(12 * 0.2)
    assert at["ratio"] == 0.5
    wanted = 12 * 0.01 * math.log(LARGEST / LEAST)
    assert summed["apart"] == pytest.approx(2.0)
    assert summed["worth"] == pytest.approx(wanted, rel=0.02)  # the ratio has three digits


def test_decibels_are_of_the_mean_error(scripts, evaluation):
    found = {"denoising-joint": [[0.01, 0.03]], "denoising-x": [[0.01, 0.01]]}
    (row,) = scripts.tables(evaluation, found)["denoising"]
    assert row == {"sigma": 0.1, "noisy": 20, "joint": 16.99, "direct": 20}


def test_a_run_of_other_levels_is_another_run(scripts, monkeypatch, tmp_path):
    monkeypatch.setattr(scripts, "DATA", str(tmp_path / "data.npz"))
    (tmp_path / "data.npz").write_bytes(b"data")
    before = json.dumps(scripts._measures())
    monkeypatch.setattr(scripts, "LEVELS", (0.0, 0.2))
    assert json.dumps(scripts._measures()) != before
