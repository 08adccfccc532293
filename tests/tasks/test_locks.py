"""A folder belongs to one job at a time; a job that was killed owns nothing."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from samples import environment
from scorelet.core.errors import InputError
from scorelet.tasks.jobs import run_tasks
from scorelet.tasks.locks import NAME, Locks
from scorelet.tasks.planning import FileTask

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX systems")
HOLD = """
import sys, pathlib
from scorelet.tasks.locks import Locks
with Locks("test") as locks:
    locks.take(pathlib.Path(sys.argv[1]))
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the folder until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_second_job_is_told_whose_the_folder_is(tmp_path, other):
    with Locks("test") as locks:
        with pytest.raises(InputError, match=rf"process {other.pid}\) is writing to {tmp_path}"):
            locks.take(tmp_path)
        locks.take(tmp_path.parent)
    with Locks("another-verb") as locks:
        locks.take(tmp_path)


def test_the_folder_is_free_when_the_job_has_ended(tmp_path, other):
    other.communicate(b"")
    assert list(tmp_path.iterdir()) == []
    with Locks("test") as locks:
        locks.take(tmp_path)
        locks.take(tmp_path)  # its own
        assert (tmp_path / NAME.format(verb="test")).read_text() == str(os.getpid())
    assert list(tmp_path.iterdir()) == []


def test_a_killed_job_locks_nobody_out(tmp_path, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert [path.name for path in tmp_path.iterdir()] == [".scorelet-test.lock"]
    with Locks("test") as locks:
        locks.take(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_job_in_a_locked_folder_does_nothing(tmp_path, other):
    source = tmp_path / "a.png"
    source.write_text("a")

    def never(*_):
        raise AssertionError("the work was begun")

    tasks = [FileTask(source, tmp_path / "b.png")]
    for journal in (True, False):  # a job of many files, and one of a single file
        with pytest.raises(InputError, match="wait until it ends"):
            list(run_tasks(tasks, never, verb="test", settings={}, journal=journal))


def test_jobs_of_single_files_do_not_hinder_one_another(tmp_path):
    with Locks("test") as one, Locks("test") as two:
        one.heed(tmp_path)
        two.heed(tmp_path)
        assert list(tmp_path.iterdir()) == []
    assert not (tmp_path / "b.png").exists()


def test_what_cannot_be_locked_is_not(tmp_path):
    with Locks("test") as locks:
        locks.take(tmp_path / "none")
        locks.drop(tmp_path / "none")


def test_on_a_full_disk_the_folder_is_locked_all_the_same(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with Locks("test") as locks, Locks("test") as others:
        locks.take(tmp_path)
        with pytest.raises(InputError, match="process unknown"):
            others.take(tmp_path)
