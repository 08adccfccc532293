"""Data by path, or by a name under $SCORELET_DATA."""

import pytest

from scorelet.core.errors import InputError
from scorelet.data import locate


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A data folder that the variable names, while the working directory is another one."""
    root, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    (root / "photos" / "set").mkdir(parents=True)
    elsewhere.mkdir()
    monkeypatch.setenv("SCORELET_DATA", str(root))
    monkeypatch.chdir(elsewhere)
    return root


def test_a_name_is_looked_up_under_the_variable(root):
    assert locate("photos/set") == root / "photos" / "set"


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_the_suffix_of_an_array_may_be_left_out(root, suffix):
    (root / f"faces{suffix}").touch()
    assert locate("faces") == locate(f"faces{suffix}") == root / f"faces{suffix}"


def test_a_folder_wins_over_an_array_of_the_same_name(root):
    (root / "faces").mkdir()
    (root / "faces.npz").touch()
    assert locate("faces") == root / "faces"


def test_a_path_that_exists_wins(root, tmp_path):
    here = tmp_path / "elsewhere" / "photos" / "set"
    here.mkdir(parents=True)
    assert locate("photos/set").resolve() == here
    assert locate(here) == here


def test_the_home_folder_is_understood(root, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert locate("~/data") == root
    monkeypatch.setenv("SCORELET_DATA", "~/data")
    assert locate("photos") == root / "photos"


def test_what_is_missing_is_one_sentence_that_says_where_it_was_sought(root, monkeypatch):
    with pytest.raises(InputError, match=rf"^There is no data 'none' here or under {root}: .*\.$"):
        locate("none")
    monkeypatch.delenv("SCORELET_DATA")
    with pytest.raises(InputError, match=r"'photos/set' .* SCORELET_DATA is not set: .*\.$"):
        locate("photos/set")
