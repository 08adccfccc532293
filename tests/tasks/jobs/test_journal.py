"""Journals that are torn, nonsense, or cannot be read or written."""

import errno
import json
import os
from pathlib import Path

import pytest

from job_samples import JOURNAL_NAME, Worker, run
from scorelet.core.errors import InputError
from scorelet.tasks import journal
from scorelet.tasks.journal import Journal, digest


def test_a_torn_line_does_not_spoil_the_next_one(path, tasks):
    run(tasks)
    journal = path("out") / JOURNAL_NAME
    journal.write_bytes(journal.read_bytes()[:-20])  # the line of b.png
    path("out/b.png").unlink()
    worker = Worker()
    run(tasks, worker, resume=True)
    assert worker.done == ["b.png"]
    worker = Worker()
    run(tasks, worker, resume=True)
    assert worker.done == []


def test_a_journal_of_nonsense_is_no_journal(path, tasks):
    run(tasks)
    (path("out") / JOURNAL_NAME).write_bytes(b"\xff\xfe\n[]\n{}\n3\n" + json.dumps({}).encode())
    with pytest.raises(InputError, match="no job that can go on"):
        run(tasks, resume=True)
    for name in ("a.png", "b.png"):
        path("out").joinpath(name).unlink()
    worker = Worker()
    run(tasks, worker, resume=True)
    assert worker.done == ["a.png", "b.png"]  # c.png has a journal in its own folder


def refused(target_folder, verb, reason):
    return (
        f"The journal {target_folder / JOURNAL_NAME} cannot be {verb} ({reason}): change its "
        "permissions or remove it, or choose another -o."
    )


def test_a_folder_in_the_place_of_a_journal_is_one_sentence_before_any_work(path, tasks):
    (path("out") / JOURNAL_NAME).mkdir(parents=True)
    worker = Worker()
    outcomes = run(tasks, worker)
    expected = refused(path("out"), "read", "Is a directory")
    assert [outcome.error for outcome in outcomes] == [
        f"in/a.png: {expected}",
        f"in/b.png: {expected}",
        None,  # deep/c.png has a journal of its own
    ]
    assert worker.done == ["c.png"]
    path("out/a.png").write_text("a result")
    with pytest.raises(InputError) as caught:
        run(tasks, resume=True)
    assert str(caught.value) == expected


def deny(monkeypatch, method, name):
    """Let a method of paths fail for files of this name, as modes do not stop root."""
    plain = getattr(Path, method)

    def refuse(self, *args, **kwargs):
        if self.name == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(Path, method, refuse)


def test_a_journal_that_may_not_be_read_is_one_sentence(path, tasks, monkeypatch):
    run(tasks)
    deny(monkeypatch, "read_text", JOURNAL_NAME)
    with pytest.raises(InputError) as caught:
        run(tasks, resume=True)
    assert str(caught.value) == refused(path("out"), "read", "Permission denied")


def test_a_journal_that_may_not_be_written_is_one_sentence_before_any_work(
    path, tasks, monkeypatch
):
    run(tasks)
    path("in/a.png").write_text("changed")
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != JOURNAL_NAME)
    worker = Worker()
    outcomes = run(tasks, worker, resume=True)
    expected = refused(path("out"), "written", "Permission denied")
    assert [outcome.error for outcome in outcomes] == [f"in/a.png: {expected}", None, None]
    assert worker.done == []


def test_a_journal_that_fills_the_disk_leaves_no_result_without_a_line(path, tasks, monkeypatch):
    deny(monkeypatch, "open", JOURNAL_NAME)
    outcomes = run(tasks)
    expected = refused(path("out"), "written", "Permission denied")
    assert outcomes[0].error == f"in/a.png: {expected}"
    assert not any(path("out").rglob("*.png"))


def test_a_result_that_may_not_be_read_was_made_by_nobody(path, tasks, monkeypatch):
    run(tasks)
    deny(monkeypatch, "open", "b.png")
    with pytest.raises(InputError, match=r"^out/b.png exists already and no job that can go on"):
        run(tasks, resume=True)


@pytest.mark.parametrize("unreadable", [False, True])
def test_what_is_beside_a_target_is_finished_with_it(tmp_path, monkeypatch, unreadable):
    """Of this source, as they were made; a source that cannot be read tells nothing."""
    source, target, sample = (tmp_path / f"{name}.png" for name in ("source", "target", "sample"))
    for file in (source, target, sample):
        file.write_bytes(file.name.encode())
    book = Journal("test", {})
    for file in (sample, target):
        book.add(file, digest(source), digest(file), {"of": file.name})
    book = Journal("test", {})
    if unreadable:
        read = journal.digest_or_none
        monkeypatch.setattr(
            journal, "digest_or_none", lambda path: None if path == source else read(path)
        )
        assert book.report(source, target, [sample]) is None
        return
    assert book.report(source, target, [sample]) == {"of": "target.png"}
    assert book.report(source, target, [tmp_path / "other.png"]) is None
    sample.write_bytes(b"changed")
    assert book.report(source, target, [sample]) is None
    assert book.report(source, target) == {"of": "target.png"}
    source.write_bytes(b"another")
    assert book.report(source, target) is None
