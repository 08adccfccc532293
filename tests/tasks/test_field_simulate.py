"""Fields into files: the same numbers as in Python, whole files or none."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import imagecodecs
import numpy as np
import pytest
import torch

from samples import names
from scorelet.core.errors import ArrayFileError, InputError
from scorelet.core.file_locks import HAS_LOCKS
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.chains import load_chains
from scorelet.data.fields.ensembles import ENSEMBLES, Ensemble, base, ensemble
from scorelet.sampling import Phi4, ensemble_kinds
from scorelet.sampling import ensemble as any_ensemble
from scorelet.tasks.field import list as list_ensembles
from scorelet.tasks.field import simulate


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
    assert any_ensemble("phi4", preset="soft") == Phi4.preset("soft")
    with pytest.raises(InputError, match=r"use scorelet.sampling.ensemble\('phi4'\)"):
        ensemble("phi4")


def test_fields_that_are_not_those_of_the_formula_are_warned_of(tmp_path):
    options = {"size": 16, "params": {"time": 0.004}}
    (text,) = simulate("turbulence", 1, tmp_path / "a.npy", **options)["warnings"]
    assert text.startswith("16 x 16 pixels are too few for this flow")
    assert (
        simulate("turbulence", 1, tmp_path / "b.npy", **options | {"size": 118})["warnings"] == []
    )
    assert simulate("power_law", 1, tmp_path / "c.npy", size=8)["warnings"] == []


@pytest.mark.parametrize("name", sorted(ensemble_kinds()))
def test_every_ensemble_draws_fields(name):
    if name == "turbulence":
        pytest.skip("takes seconds; tests of the ensemble draw it")
    fields = any_ensemble(name).sample(1, 32, 0)
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
        ("power_law", {"params": {"name": "x"}}, "has no parameter 'name': use eta"),
        ("phi4", {"params": {"name": "x"}}, "no parameter name: use b, a, q"),
        ("power_law", {"count": 70_000, "size": 32, "output": "a.png"}, "no picture to look at"),
        ("power_law", {"count": 0}, "at least one field"),
        ("power_law", {"size": 0}, "side of at least 1"),
        ("power_law", {"seed": -1}, "seed of at least 0"),
        ("power_law", {"output": "a.txt"}, r"use \.npy or \.npz or \.png"),
    ],
)
def test_what_cannot_be_drawn(tmp_path, name, options, words):
    given = {"count": 2, "output": "new/a.npy", "size": 16, **options}
    count, output = given.pop("count"), tmp_path / given.pop("output")
    with pytest.raises(InputError, match=words):
        simulate(name, count, output, **given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["power_law", "phi4"])
def test_a_field_that_no_memory_holds(tmp_path, monkeypatch, name):
    monkeypatch.setattr("scorelet.tasks.field_simulate.check_space", lambda *_: None)
    with pytest.raises(InputError, match="side 10000000 does not fit into the memory"):
        simulate(name, 1, tmp_path / "new" / "a.npy", size=10**7)
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_cannot_hold_is_refused_before_anything_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(Phi4, "_sample", lambda *_: pytest.fail("drawn"))
    with pytest.raises(ArrayFileError, match=r"would take 1.024e\+06 GB, but .* GB are free"):
        simulate("phi4", 10**12, tmp_path / "new" / "a.npy", size=16)
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_needs_a_byte_for_a_pixel(tmp_path, monkeypatch):
    free = 64 * 66**2 + 3000
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("scorelet.tasks.array_files.shutil.disk_usage", lambda _folder: usage)
    simulate("power_law", 64, tmp_path / "a.png", size=64)
    assert (tmp_path / "a.png").stat().st_size < free
    with pytest.raises(ArrayFileError, match="would take"):
        simulate("power_law", 64, tmp_path / "a.npy", size=64)
    usage.free = 64 * 64**2
    with pytest.raises(ArrayFileError, match="would take"):
        simulate("power_law", 64, tmp_path / "b.png", size=64)


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file is no folder; choose another"):
        simulate("power_law", 1, tmp_path / "file" / "a.npy", size=16)


def test_an_archive_says_which_chain_drew_each_field(tmp_path):
    path = tmp_path / "a.NPZ"  # suffixes may be written as one likes
    report = simulate("phi4", 20, path, size=4, seed=1)
    assert report["chains"] == 16
    assert load_chains(path).tolist() == [*range(16), *range(4)]
    assert load_fields(path).equal(Phi4().sample(20, 4, 1)[:, 0])
    simulate("power_law", 20, tmp_path / "b.npz", size=4)
    assert load_chains(tmp_path / "b.npz") is None


def test_a_contact_sheet_shows_every_field(tmp_path):
    path = tmp_path / "a.PNG"
    simulate("power_law", 5, path, size=16, seed=2)
    sheet = imagecodecs.png_decode(path.read_bytes())
    assert sheet.shape == (2 * 16 + 2, 3 * 16 + 2 * 2)
    fields = ensemble("power_law").sample(5, 16, 2)[:, 0].numpy()
    for k, (row, column) in enumerate([(0, 0), (0, 18), (0, 36), (18, 0), (18, 18)]):
        shown = sheet[row : row + 16, column : column + 16].astype(float)
        assert np.corrcoef(shown.ravel(), fields[k].ravel())[0, 1] > 0.999


def test_the_list_is_what_can_be_drawn():
    listed = list_ensembles()
    assert set(listed) == set(ensemble_kinds())
    for name, entry in listed.items():
        assert any_ensemble(name).params == entry["params"]
    assert listed["phi4"]["presets"] == ["critical", "disordered", "ordered", "soft"]


@pytest.mark.skipif(not HAS_LOCKS, reason="locks of POSIX systems")
@pytest.mark.parametrize("overwrite", [True, False])
def test_two_jobs_with_one_output(tmp_path, overwrite):
    """Whoever comes second is refused before it draws; the first one's file is not removed."""
    path = tmp_path / "a.npy"
    if overwrite:
        path.touch()

    def second(_done):
        with pytest.raises(InputError, match=r"Another scorelet job is writing .*a\.npy: wait"):
            simulate("power_law", 2, path, size=8, seed=2, overwrite=overwrite)

    simulate("power_law", 2, path, size=8, seed=1, overwrite=overwrite, progress=second)
    expected = simulate("power_law", 2, tmp_path / "b.npy", size=8, seed=1)
    assert path.read_bytes() == Path(expected["output"]).read_bytes()


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".png"])
def test_what_another_job_makes_meanwhile_is_kept(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with pytest.raises(InputError, match="exists already"):
        simulate("power_law", 2, path, size=8, progress=lambda _done: path.write_text("mine"))
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
