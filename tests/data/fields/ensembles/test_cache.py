"""Sets on disk: drawn once, named by their content, whole or absent."""

import dataclasses
import json
import os
from typing import ClassVar

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import PowerLaw, cached
from scorelet.data.fields.ensembles import base as base_module


@pytest.fixture
def drawn(monkeypatch):
    """Which fields were drawn, by index."""
    indices = []
    original = base_module.IndexedEnsemble._sample

    def watched(self, size, seed, wanted):
        indices.extend(wanted)
        return original(self, size, seed, wanted)

    monkeypatch.setattr(base_module.IndexedEnsemble, "_sample", watched)
    return indices


def suffixes(folder):
    return sorted(path.suffix for path in folder.iterdir())


def test_a_set_is_the_samples_and_is_drawn_once(tmp_path, drawn, monkeypatch):
    expected = PowerLaw().sample(7, 8, 3)
    monkeypatch.setattr(base_module, "CHUNK_PIXELS", 3 * 64)  # in pieces
    folder = tmp_path / "made" / "when needed"
    assert torch.equal(cached(PowerLaw(), 7, 8, 3, folder), expected)
    assert suffixes(folder) == [".json", ".npy"]
    drawn.clear()
    again = cached(PowerLaw(), 7, 8, 3, folder)
    assert drawn == []
    assert torch.equal(again, expected)
    again.zero_()
    assert torch.equal(cached(PowerLaw(), 7, 8, 3, folder), expected)  # the file has not changed
    (array,) = folder.glob("power_law-*.npy")
    assert np.array_equal(np.load(array), expected.numpy())


def test_the_json_says_what_the_set_is(tmp_path):
    cached(PowerLaw(eta=1.5), 2, 8, 3, tmp_path)
    (record,) = tmp_path.glob("*.json")
    assert json.loads(record.read_text()) == {
        "ensemble": "power_law",
        "version": 1,
        "params": {"eta": 1.5, "length": None, "mean_zero": False},
        "n": 2,
        "size": 8,
        "seed": 3,
    }


def test_whatever_changes_is_another_file(tmp_path):
    @dataclasses.dataclass(frozen=True)
    class Corrected(PowerLaw):
        version: ClassVar[int] = 2

    base = (PowerLaw(), 2, 8, 3)
    changes = [(PowerLaw(eta=1.5),), (PowerLaw(), 3), (PowerLaw(), 2, 9), (PowerLaw(), 2, 8, 4)]
    for change in [*changes, (Corrected(),), ()]:
        cached(*change, *base[len(change) :], tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == len(list(tmp_path.glob("*.json"))) == 6


@pytest.mark.parametrize("damage", ["cut", "other shape", "no array", "no record", "bad record"])
def test_a_damaged_set_is_drawn_again(tmp_path, damage):
    expected = PowerLaw().sample(2, 8, 0)
    cached(PowerLaw(), 2, 8, 0, tmp_path)
    (array,), (record,) = tmp_path.glob("*.npy"), tmp_path.glob("*.json")
    match damage:
        case "cut":
            os.truncate(array, 300)
        case "other shape":
            np.save(array, np.zeros((2, 1, 8, 7), np.float32))
        case "no array":
            array.unlink()
        case "no record":
            np.save(array, np.zeros((2, 1, 8, 8), np.float32))
            record.unlink()
        case "bad record":
            record.write_text("{")
    assert torch.equal(cached(PowerLaw(), 2, 8, 0, tmp_path), expected)
    assert suffixes(tmp_path) == [".json", ".npy"]


def test_an_interrupted_draw_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(base_module, "CHUNK_PIXELS", 64)
    original = base_module.IndexedEnsemble._sample

    def interrupted(self, size, seed, wanted):
        if wanted.start == 2:
            raise KeyboardInterrupt
        return original(self, size, seed, wanted)

    monkeypatch.setattr(base_module.IndexedEnsemble, "_sample", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cached(PowerLaw(), 4, 8, 0, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_bad_arguments_write_nothing(tmp_path):
    with pytest.raises(InputError, match="n must be an integer of at least 1, got 0"):
        cached(PowerLaw(), 0, 8, 0, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path):
    place = tmp_path / "sets"
    place.write_text("notes", encoding="utf-8")
    with pytest.raises(InputError, match="is a file: sets of fields are kept in a folder"):
        cached(PowerLaw(), 2, 8, 0, place)
    assert place.read_text(encoding="utf-8") == "notes"
