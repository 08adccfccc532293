"""Atomic writes: whole or not at all; what may be opened."""

import contextlib
import os
import threading
import time
from pathlib import Path

import pytest

from scorelet.core import files
from scorelet.core.errors import ArrayFileError, InputError
from scorelet.core.file_locks import HAS_LOCKS, is_locked, lock
from scorelet.core.files import (
    atomic_path,
    check_regular,
    refuse_other_writer,
    remove_leftovers,
    write_text,
)


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "weights.bin"
    target.write_bytes(b"old")

    def write_half():
        with atomic_path(target) as temporary:
            temporary.write_bytes(b"new, but ha")
            raise RuntimeError("the power failed")

    with pytest.raises(RuntimeError, match="the power failed"):
        write_half()
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights.bin"]


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "log.txt"
    target.write_text("old")
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.parent == tmp_path  # the same file system, or renaming would copy
        assert temporary.name.startswith(".")
        assert temporary.suffix == ".txt"
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["log.txt"]


def test_a_writer_that_replaces_the_temporary_file_itself_is_fine(tmp_path):
    with atomic_path(tmp_path / "a.txt") as temporary:
        temporary.unlink()
        temporary.write_text("another file")
    assert (tmp_path / "a.txt").read_text() == "another file"


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "ü")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "a.txt").read_bytes() == "ü".encode()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_not_replaced_by_a_file(tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for target in (pipe, link):
        with pytest.raises(InputError, match="pipe is a device or a pipe"):
            write_text(target, "text")
    assert pipe.is_fifo()
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]


def test_a_missing_folder_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "none" / "a.txt", "")


def test_only_regular_files_are_opened(tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for name in ("a", "link", "missing", "a/below"):
        check_regular(tmp_path / name)
    with pytest.raises(InputError, match="is a folder; expected a model: name one of the files"):
        check_regular(tmp_path, what="a model")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", Path(os.devnull)):
        with pytest.raises(ArrayFileError, match="is a device or pipe; expected a file: save it"):
            check_regular(path, error=ArrayFileError)


@pytest.mark.skipif(not HAS_LOCKS, reason="locks of POSIX systems")
def test_what_is_being_written_is_no_leftover(tmp_path):
    target = tmp_path / "a.txt"
    with atomic_path(target) as temporary:
        leftover = temporary.with_name(temporary.name.replace("-0.partial", "-1.partial"))
        leftover.touch()
        remove_leftovers(target)
        assert temporary.exists()
        assert not leftover.exists()
        with pytest.raises(InputError, match=r"Another scorelet job is writing .*a\.txt: wait"):
            refuse_other_writer(target)
        refuse_other_writer(tmp_path / "b.txt")
        temporary.write_text("whole")
    refuse_other_writer(target)
    assert target.read_text() == "whole"


@pytest.mark.skipif(not HAS_LOCKS, reason="locks of POSIX systems")
def test_another_process_that_looks_for_writers_is_no_writer(tmp_path, monkeypatch):
    with atomic_path(tmp_path / "a.txt") as leftover:
        pass
    leftover.touch()
    looking = os.open(leftover, os.O_RDWR)
    assert lock(looking)
    monkeypatch.setattr(time, "sleep", lambda _: os.close(looking))
    refuse_other_writer(tmp_path / "a.txt")


@pytest.mark.skipif(not HAS_LOCKS, reason="locks of POSIX systems")
def test_a_temporary_file_that_is_taken_for_a_leftover_at_once_is_made_again(tmp_path, monkeypatch):
    removed = []

    def lock_late(descriptor, **options):
        if not removed:
            removed.extend(tmp_path.iterdir())
            removed[0].unlink()
        return lock(descriptor, **options)

    monkeypatch.setattr(files, "lock", lock_late)
    write_text(tmp_path / "a.txt", "whole")
    assert removed
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not HAS_LOCKS, reason="locks of POSIX systems")
def test_a_temporary_file_is_locked_though_another_process_looks_at_it_at_once(
    tmp_path, monkeypatch
):
    ends = []

    def lock_late(descriptor, **options):
        if not ends:
            (partial,) = tmp_path.iterdir()
            other = os.open(partial, os.O_RDWR)
            lock(other)
            ends.append(threading.Timer(0.05, os.close, [other]))
            ends[0].start()
        return lock(descriptor, **options)

    monkeypatch.setattr(files, "lock", lock_late)
    with atomic_path(tmp_path / "a.txt") as temporary:
        ends[0].join()
        assert is_locked(temporary)


@pytest.mark.skipif(not HAS_LOCKS, reason="locks of POSIX systems")
def test_kills_take_no_name_for_ever_and_writers_take_turns(tmp_path):
    target = tmp_path / "a.txt"
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(atomic_path(target)) for _ in range(8)]
        assert len(set(others)) == 8
        with pytest.raises(InputError, match="Another scorelet job is writing"):
            write_text(target, "one more")
        for other in others:
            other.touch()
    for other in others:
        other.write_text("killed")
    write_text(target, "whole")
    assert target.read_text() == "whole"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name", ["x." + "b" * 250, "é" * 120 + ".txt", "𝛼" * 60 + "." + "𝛼" * 3])
def test_any_name_that_a_file_may_have_can_be_written(tmp_path, name):
    write_text(tmp_path / name, "whole")
    assert os.listdir(tmp_path) == [name]


def test_names_that_may_not_be_removed_stop_no_writer(tmp_path):
    target = tmp_path / "a.txt"
    with atomic_path(target) as temporary:
        pass
    for k in range(8):
        temporary.with_name(temporary.name.replace("-0.partial", f"-{k}.partial")).mkdir()
    write_text(target, "whole")
    assert target.read_text() == "whole"
    assert len(os.listdir(tmp_path)) == 9


def test_what_a_target_has_left_is_found_without_a_look_through_its_folder(tmp_path, monkeypatch):
    def look(*_):
        raise AssertionError("as long as the folder is large")

    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, look)
    target = tmp_path / "a.txt"
    with atomic_path(target) as temporary:
        pass
    temporary.touch()
    refuse_other_writer(target)
    remove_leftovers(target)
    assert not temporary.exists()
