"""The door for paths."""

from pathlib import Path

import pytest

from scorelet.core.errors import InputError
from scorelet.core.paths import LONGEST, as_path, as_text


def test_home_is_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert as_path("~") == Path("/home/somebody")
    assert as_path("~/a b/c.png") == Path("/home/somebody/a b/c.png")
    assert as_path("a/~/b") == Path("a/~/b")
    assert as_path(Path("~/x")) == Path("/home/somebody/x")
    assert as_text("~/folder/") == "/home/somebody/folder/"


def test_a_file_whose_name_starts_with_a_tilde_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~nobody-of-this-name").touch()
    assert as_path("~nobody-of-this-name") == Path("~nobody-of-this-name")


def test_names_that_are_as_long_as_they_may_be():
    text = f"{'a' * LONGEST}/{'ü' * (LONGEST // 2)}"
    assert as_path(text) == Path(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"The model is empty: give the name of a file or folder"),
        ("  ", "is empty"),
        ("a\0b", "NUL byte"),
        ("~nobody-of-this-name/a", "starts with ~nobody-of-this-name: there is no such home"),
        ("a/" + "b" * 300 + ".png", "a name of 304 bytes"),
        ("ü" * 128, "a name of 256 bytes"),
    ],
)
def test_what_is_no_path(text, words):
    with pytest.raises(InputError, match=words):
        as_path(text, name="model")
