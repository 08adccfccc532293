"""Fields into files: the same numbers as in Python, whole files or none."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

from samples import names
from scorelet.core.errors import ArrayFileError, InputError
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.ensembles import ENSEMBLES, Ensemble, base, ensemble
from scorelet.sampling import Phi4
from scorelet.tasks.field import ensemble_names, find_ensemble, simulate


@dataclass(frozen=True)
class Counting(Ensemble):
    """Field i is i + seed + shift everywhere; from number `bad` on it is NaN."""

    name: ClassVar[str] = "counting"
    formula: ClassVar[str] = "x = i"
    bad: ClassVar[int] = 10**9
    shift: float = 0.0

    def _sample(self, size, seed, indices):
        index = torch.tensor(indices, dtype=torch.float32)
        value = torch.where(index >= self.bad, torch.nan, index + seed + self.shift)
        return value[:, None, None].expand(-1, size, size)


@pytest.fixture
def counting(monkeypatch):
    monkeypatch.setitem(ENSEMBLES, "counting", Counting)


@pytest.mark.usefixtures("counting")
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pieces_make_one_array(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(base, "CHUNK_PIXELS", 3 * 64)  # 3 fields at once
    seen = []
    path = tmp_path / "new" / f"a{suffix}"
    report = simulate(
        "counting", 8, path, size=8, seed=5, params={"shift": 100}, progress=seen.append
    )
    found = load_fields(path)
    assert found.dtype == torch.float32
    expected = torch.arange(105.0, 113.0)[:, None, None].expand(8, 8, 8)
    torch.testing.assert_close(found, expected, atol=0, rtol=0)
    assert seen == [3, 6, 8]
    assert (report["n"], report["size"], report["seed"]) == (8, 8, 5)
    assert names(tmp_path) == [f"new/a{suffix}"]
    if suffix == ".npz":
        kept = json.loads(str(np.load(path)["description"]))
        assert kept == {k: report[k] for k in kept}
        assert kept["params"] == {"shift": 100}


@pytest.mark.parametrize("name", ["power_law", "log_normal", "discs"])
def test_ensembles_are_those_of_python(tmp_path, monkeypatch, name):
    monkeypatch.setattr(base, "CHUNK_PIXELS", 2 * 256)
    simulate(name, 5, tmp_path / "a.npy", size=16, seed=3)
    expected = ensemble(name).sample(5, 16, seed=3)[:, 0]
    torch.testing.assert_close(load_fields(tmp_path / "a.npy"), expected, atol=0, rtol=0)


def test_phi4_is_that_of_python(tmp_path):
    simulate("phi4", 6, tmp_path / "a.npy", size=8, seed=3, params={"b": 0.5})
    expected = Phi4(b=0.5).sample(6, 8, seed=3)[:, 0]
    torch.testing.assert_close(load_fields(tmp_path / "a.npy"), expected, atol=0, rtol=0)
    assert find_ensemble("phi4", {"preset": "soft"}) == Phi4.preset("soft")


@pytest.mark.parametrize("name", ensemble_names())
def test_every_ensemble_draws_fields(name):
    if name == "turbulence":
        pytest.skip("takes seconds; tests of the ensemble draw it")
    fields = find_ensemble(name, {}).sample(1, 32, 0)
    assert fields.shape == (1, 1, 32, 32)
    assert float(fields.std()) > 0


@pytest.mark.usefixtures("counting")
def test_nothing_is_replaced_unless_asked(tmp_path):
    path = tmp_path / "a.npy"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        simulate("counting", 2, path, size=8)
    assert path.read_text() == "mine"
    simulate("counting", 2, path, size=8, overwrite=True)
    assert load_fields(path).shape == (2, 8, 8)


@pytest.mark.usefixtures("counting")
def test_an_interrupted_file_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "CHUNK_PIXELS", 64)
    monkeypatch.setattr(Counting, "bad", 2)
    path = tmp_path / "a.npy"
    path.write_text("mine")
    with pytest.raises(InputError, match="Fields 2 to 2 hold values that are not finite"):
        simulate("counting", 4, path, size=8, overwrite=True)
    assert path.read_text() == "mine"
    assert names(tmp_path) == ["a.npy"]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("nope", {}, "Unknown ensemble 'nope': use one of .*phi4"),
        ("power_law", {"params": {"slope": 2}}, "no parameter 'slope'"),
        ("phi4", {"params": {"beta": 2}}, "no parameter beta: use b, a, q"),
        ("phi4", {"params": {"b": "x"}}, "expected a number"),
        ("phi4", {"params": {"preset": "hot"}}, "use one of critical"),
        ("phi4", {"size": 31}, "even"),
        ("power_law", {"count": 0}, "at least one field"),
        ("power_law", {"size": 0}, "side of at least 1"),
        ("power_law", {"seed": -1}, "seed of at least 0"),
        ("power_law", {"output": "a.txt"}, r"use \.npy or \.npz"),
    ],
)
def test_what_cannot_be_drawn(tmp_path, name, options, words):
    given = {"count": 2, "output": "new/a.npy", "size": 16, **options}
    count, output = given.pop("count"), tmp_path / given.pop("output")
    with pytest.raises(InputError, match=words):
        simulate(name, count, output, **given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["power_law", "phi4"])
def test_a_field_that_no_memory_holds(tmp_path, name):
    with pytest.raises(InputError, match="side 10000000 does not fit into the memory"):
        simulate(name, 1, tmp_path / "new" / "a.npy", size=10**7)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ArrayFileError, match="cannot be written"):
        simulate("power_law", 1, tmp_path / "file" / "a.npy", size=16)
