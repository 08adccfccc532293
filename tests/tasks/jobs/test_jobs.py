"""One file after the other: never over what is there, and one that fails stops nobody."""

import errno
import logging
import os
import re
from pathlib import Path

import pytest

from job_samples import JOURNAL_NAME, NAMES, Worker, run
from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.file_locks import HAS_LOCKS
from scorelet.core.files import atomic_path
from scorelet.tasks.jobs import run_tasks
from scorelet.tasks.planning import FileTask


@pytest.mark.parametrize("resume", [False, True])
def test_the_input_is_never_written_over(folder, path, resume):
    os.link("in/a.png", "linked.png")
    for target in ("in/a.png", "in/deep/../a.png", "linked.png"):
        with pytest.raises(InputError, match="is an input itself"):
            run([FileTask(path("in/a.png"), folder / target)], resume=resume)
    chain = [
        FileTask(path("in/a.png"), path("in/b.png")),
        FileTask(path("in/b.png"), path("z.png")),
    ]
    with pytest.raises(InputError, match="is an input itself"):
        run(chain, resume=resume)
    assert [path("in").joinpath(name).read_text() for name in NAMES] == [*NAMES]


def test_unless_told(path):
    (outcome,) = run([FileTask(path("in/a.png"), path("in/a.png"))], overwrite=True)
    assert outcome.error is None
    assert path("in/a.png").read_text() == "A.PNG"


def test_what_exists_is_refused_before_anything_is_done(path, tasks):
    path("out/deep").mkdir(parents=True)
    path("out/deep/c.png").write_text("mine")
    worker = Worker()
    with pytest.raises(InputError, match=r"out/deep/c.png exists already.*--resume.*--overwrite"):
        run(tasks, worker)
    assert worker.done == []
    run(tasks, overwrite=True)
    assert path("out/deep/c.png").read_text() == "DEEP/C.PNG"


def test_a_job_of_one_file_is_not_told_of_resuming(path, tasks):
    """It keeps no journal by which it could go on."""
    path("out").mkdir()
    path("out/a.png").write_text("mine")
    with pytest.raises(InputError, match=r"^out/a.png exists already: choose .* add --overwrite.$"):
        run(tasks[:1], journal=False)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_never_replaced(path, make):
    make("special")
    worker = Worker()
    for options in ({}, {"overwrite": True}, {"overwrite": True, "resume": True}):
        with pytest.raises(InputError, match="special is a folder, a device or a pipe"):
            run([FileTask(path("in/a.png"), path("special"))], worker, **options)
    assert worker.done == []


def test_without_targets_nothing_is_written_or_looked_at(folder, tasks, path):
    path("out").mkdir()
    path("out/a.png").write_text("mine")
    before = sorted(folder.rglob("*"))
    outcomes = list(run_tasks(tasks, lambda *_: {"n": 1}, verb="test", settings={}, writes=False))
    assert [outcome.report for outcome in outcomes] == [
        {"input": f"in/{name}", "n": 1} for name in NAMES
    ]
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImageFileError("in/b.png is damaged."), "in/b.png is damaged."),
        (InputError("A JPEG cannot hold it."), "in/b.png: A JPEG cannot hold it."),
        (OSError(errno.EIO, "Input/output error"), "out/b.png cannot be written: Input/output"),
        (MemoryError(), "in/b.png: out of memory; cut it, or choose a smaller --tile"),
        (RuntimeError("can't allocate memory"), "in/b.png: out of memory; cut it"),
        (ZeroDivisionError("two\nlines"), "in/b.png: ZeroDivisionError: two lines. This is a bug"),
    ],
)
def test_an_error_names_its_file_and_the_others_are_done(path, tasks, error, words):
    outcomes = run(tasks, Worker(b=error))
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert outcomes[1].error is not None
    assert outcomes[1].error.startswith(words)
    assert outcomes[1].report is None
    assert path("out/deep/c.png").read_text() == "DEEP/C.PNG"
    assert not path("out/b.png").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_no_file_more_ends_the_job(path, tasks, number):
    """A job of one file says it of the file, as of any that fails."""
    error = ImageFileError("out/b.png cannot be written.")
    error.__cause__ = OSError(number, os.strerror(number))
    worker = Worker(b=error)
    first, last = run(tasks, worker)
    assert first.error is None
    assert last.ends
    assert last.error.startswith("out/b.png cannot be written. The job ends here, and what was fin")
    assert worker.done == ["a.png", "b.png"]
    assert path("out/a.png").read_text() == "A.PNG"
    (alone,) = run(tasks[1:2], worker, journal=False)
    assert alone.error == "out/b.png cannot be written."
    (nothing_else,) = run(tasks[1:], worker, overwrite=True)
    assert nothing_else.error == "out/b.png cannot be written. The job ends here."
    again = Worker()
    assert all(outcome.error is None for outcome in run(tasks, again, resume=True))
    assert again.done == ["b.png", "c.png"]


def test_nothing_is_computed_where_nothing_may_be_written(path, tasks, monkeypatch):
    """One of several folders fails its own files; what is finished counts as ever."""
    run(tasks[:2])
    plain = os.access

    def only(*writable):
        return lambda place, mode: plain(place, mode) and Path(place).name in writable

    path("out/deep").mkdir()
    worker = Worker()
    monkeypatch.setattr(os, "access", only("out", JOURNAL_NAME))
    outcomes = run(tasks, worker, overwrite=True)
    assert worker.done == ["a.png", "b.png"]
    assert outcomes[2].error.startswith("Nothing may be written to ")
    monkeypatch.setattr(os, "access", only())
    (outcome,) = run(tasks, worker, overwrite=True)
    assert re.match(r"Nothing may be written to .*out: choose another -o", outcome.error)
    assert worker.done == ["a.png", "b.png"]
    assert [outcome.resumed for outcome in run(tasks[:2], resume=True)] == [True, True]


def test_the_traceback_is_logged_for_debugging(tasks, caplog):
    with caplog.at_level(logging.DEBUG, logger="scorelet"):
        run(tasks, Worker(b=ZeroDivisionError("oh")))
    assert "in/b.png failed" in caplog.text
    assert "Traceback" in caplog.text


def test_a_target_whose_folder_is_a_file(path):
    (outcome,) = run([FileTask(path("in/b.png"), path("in/a.png/b.png"))])
    assert outcome.error is not None
    assert outcome.error.startswith("in/a.png/b.png cannot be written: ")


@pytest.mark.parametrize("journal", [True, False])
def test_what_another_job_makes_meanwhile_is_kept(path, tasks, journal):
    """Jobs of single files share folders: both may have the same target."""

    def work(task, publish):
        with atomic_path(task.target) as temporary:
            temporary.write_text("mine")
            task.target.write_text("of another")
            publish(temporary, {})
        return {}

    (outcome,) = run(tasks[:1], work, journal=journal)
    assert outcome.error.startswith("out/a.png exists already")
    assert path("out/a.png").read_text() == "of another"
    (outcome,) = run(tasks[:1], work, journal=journal, overwrite=True)
    assert outcome.error is None
    assert path("out/a.png").read_text() == "mine"


@pytest.mark.skipif(not HAS_LOCKS, reason="locks of POSIX systems")
def test_the_temporary_file_of_another_job_stays(path, tasks):
    path("out").mkdir()
    with atomic_path(tasks[0].target) as temporary:
        (outcome,) = run(tasks[:1], journal=False)
        assert outcome.error.startswith("Another scorelet job is writing out/a.png: wait until it")
        temporary.write_text("of another")
    assert path("out/a.png").read_text() == "of another"
