"""The pictures of a folder, and what else lies there is counted and named."""

import os
import re
from pathlib import Path

import pytest

from scorelet.core.errors import InputError
from scorelet.data import READ_SUFFIXES, SUFFIXES, find_pictures, list_folder, skipped_sentence
from scorelet.data.pictures.folders import left_out_of
from scorelet.data.pictures.formats import libraw


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names(folder, paths):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_what_is_no_picture_is_listed_too(tmp_path, monkeypatch):
    monkeypatch.setattr(libraw, "find_spec", lambda _name: None)  # nobody reads d.dng
    fill(tmp_path, "b.JXL", "a.png", "sub/c.gif", "sub/d.dng", "raw", ".hidden.gif", ".git/e.gif")
    found = list_folder(tmp_path)
    assert names(tmp_path, found.pictures) == ["a.png"]
    assert names(tmp_path, found.skipped) == ["b.JXL", "raw", "sub/c.gif", "sub/d.dng"]
    assert names(tmp_path, list_folder(tmp_path, recursive=False).skipped) == ["b.JXL", "raw"]


def test_pictures_that_are_taken_by_name_are_taken_from_folders(tmp_path):
    every = sorted(f"a{suffix}" for suffix in READ_SUFFIXES)
    fill(tmp_path, *every)
    assert names(tmp_path, find_pictures(tmp_path)) == every
    assert {".pbm", ".jpe", ".mpo", ".avif"} == set(READ_SUFFIXES) - set(SUFFIXES)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_links_count_as_what_they_lead_to(tmp_path):
    fill(tmp_path, "sub/a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "sub" / "a.png")
    (tmp_path / "c.png").symlink_to(tmp_path / "sub")
    (tmp_path / "d.png").symlink_to(tmp_path / "missing")
    os.mkfifo(tmp_path / "e.png")
    found = list_folder(tmp_path)
    assert names(tmp_path, found.pictures) == ["b.png", "sub/a.png"]
    assert names(tmp_path, found.skipped) == ["c.png", "d.png", "e.png"]
    assert skipped_sentence(found.skipped) == (
        "1 linked folder is not looked into (c.png): name it; 1 link leads nowhere (d.png); "
        "1 is a device or a pipe (e.png)"
    )
    flat = list_folder(tmp_path, recursive=False)
    assert names(tmp_path, flat.skipped) == ["d.png", "e.png"]


def test_linked_folders_and_broken_links_are_said(tmp_path):
    fill(tmp_path / "albums", *(f"{k}/a.png" for k in range(5)))
    folder = tmp_path / "in"
    folder.mkdir()
    for k in range(5):
        (folder / f"album{k}").symlink_to(tmp_path / "albums" / str(k))
    (folder / "gone.png").symlink_to(tmp_path / "missing")
    (folder / ".hidden").symlink_to(tmp_path / "albums")
    (folder / "lost").symlink_to(tmp_path / "missing")
    said = (
        "5 linked folders are not looked into (album0, album1, album2 and 2 more): name them; "
        "2 links lead nowhere (gone.png, lost)"
    )
    with pytest.raises(InputError, match=re.escape(f"contains no pictures ({said}); expected")):
        find_pictures(folder)
    fill(folder, "a.png")
    assert left_out_of(folder) == [f"in {folder}, {said}"]


@pytest.mark.parametrize(
    ("skipped", "said"),
    [
        ([], ""),
        (["a.gif"], "1 file is of no kind that is read: 1 .gif (a.gif)"),
        (
            ["a.gif", "b", "c.JXL", "d.jxl"],
            "4 files are of no kind that is read: 2 .jxl, 1 .gif, 1 without a suffix "
            "(a.gif, b, c.JXL and 1 more)",
        ),
    ],
)
def test_what_is_skipped_in_words(skipped, said):
    assert skipped_sentence([Path("in") / name for name in skipped]) == said


def test_a_folder_of_other_pictures_says_so(tmp_path):
    fill(tmp_path, "a.jxl", "b.jxl")
    with pytest.raises(InputError, match=r"no pictures \(2 files are .*: 2 \.jxl .*\); expected"):
        find_pictures(tmp_path)


def test_find_pictures(tmp_path):
    for name in ["b.PNG", "a.tif", "sub/c.jpg", ".hidden.png", ".cache/d.png", "notes.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [path.relative_to(tmp_path).as_posix() for path in find_pictures(tmp_path)]
    assert names == ["a.tif", "b.PNG", "sub/c.jpg"]
    flat = find_pictures(tmp_path, recursive=False)
    assert [path.name for path in flat] == ["a.tif", "b.PNG"]


def test_find_pictures_finds_none(tmp_path):
    with pytest.raises(InputError, match=r"no pictures.*\.png"):
        find_pictures(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        find_pictures(tmp_path / "none")
    with pytest.raises(InputError, match="The folder is empty"):
        find_pictures("")
