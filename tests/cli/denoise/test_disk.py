"""`scorelet denoise` on disks that are full or cannot be written."""

import errno
import json
import os
from pathlib import Path

import pytest

from denoise_samples import errors, write_and_get, write_tiff
from samples import names, noisy
from scorelet.core import files


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")],
)
def test_a_full_or_read_only_disk_leaves_nothing(shell, monkeypatch, number, words):
    write_and_get("in/a.png")
    write_tiff(Path("in/b.tif"), noisy(9, 9))

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(
        *((os, "fsync") if number == errno.ENOSPC else (files, "_locked_temporary")), refuse
    )
    status, _, stderr = shell("in")
    assert status == 2
    found = errors(stderr)
    failed = ["in_denoised/a.png", *(["in_denoised/b.tif"] if number == errno.EACCES else [])]
    assert [sentence.split()[0] for sentence in found] == failed
    assert all(words in sentence for sentence in found)
    assert names("in_denoised") == []


def test_a_disk_that_gets_full_ends_the_job_and_what_was_finished_is_kept(shell, monkeypatch):
    for name in ("in/a.png", "in/b.png", "in/c.png"):
        write_and_get(name)
    replace = Path.replace

    def refuse(path, target):
        if target.name == "b.png":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    status, stdout, stderr = shell("in", "--json")
    assert status == 2
    document = json.loads(stdout)
    assert [file["output"] for file in document["files"]] == ["in_denoised/a.png"]
    assert [file["input"] for file in document["failed"]] == ["in/b.png"]
    (sentence,) = errors(stderr)
    assert sentence.startswith("in_denoised/b.png cannot be written because the disk is full")
    assert sentence.endswith("what was finished is kept: --resume goes on with it.")
    assert names("in_denoised") == ["a.png"]
    monkeypatch.setattr(Path, "replace", replace)
    assert shell("in", "--resume")[0] == 0
    assert names("in_denoised") == ["a.png", "b.png", "c.png"]


def test_an_output_below_a_file(shell):
    write_and_get("a.png")
    Path("file").touch()
    status, _, stderr = shell("a.png", "-o", "file/b.png")
    assert status == 2
    (sentence,) = errors(stderr)
    assert sentence == "file/b.png cannot be written: file is no folder; choose another -o."


def test_a_result_whose_name_would_be_too_long(shell):
    write_and_get("n" * 250 + ".png")
    status, _, stderr = shell("n" * 250 + ".png")
    assert status == 2
    (sentence,) = errors(stderr)
    assert sentence.endswith(
        "_denoised.png cannot be written because its name is too long; "
        "expected at most 255 bytes: choose a shorter one."
    )
