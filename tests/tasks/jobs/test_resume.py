"""Going on with a job: what is done again, and what is not touched."""

import errno
import os

import pytest

from job_samples import NAMES, Worker, run
from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.files import atomic_path
from scorelet.data.pictures import folders
from scorelet.tasks import journal
from scorelet.tasks.planning import FileTask, plan_tasks


def test_resuming_does_only_what_is_missing_and_reports_the_same(path, tasks):
    first = run(tasks)
    path("out/b.png").unlink()
    worker = Worker()
    again = run(tasks, worker, resume=True)
    assert worker.done == ["b.png"]
    assert [outcome.report for outcome in again] == [outcome.report for outcome in first]
    assert [outcome.resumed for outcome in again] == [True, False, True]
    assert first[0].report == {
        "input": "in/a.png",
        "output": "out/a.png",
        "letters": 5,
        "share": 1 / 3,
    }


def test_reports_name_paths_as_this_call_does(folder, path, tasks):
    run(tasks)
    absolute = plan_tasks([folder / "in"], folder / "out", suffix="_")
    worker = Worker()
    outcomes = run(absolute, worker, resume=True)
    assert worker.done == []
    assert [outcome.report["input"] for outcome in outcomes] == [
        str(folder / "in" / name) for name in NAMES
    ]


@pytest.mark.parametrize("strength", [1, 0.5])
def test_on_a_full_disk_what_was_done_is_kept(path, tasks, monkeypatch, strength):
    """With room again only what is missing is made, or what lines of other settings name."""
    run(tasks)
    path("out/b.png").unlink()
    kept = {file: file.read_bytes() for file in path("out").rglob("*") if file.is_file()}

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        *_, last = run(tasks, resume=True, settings={"strength": strength})
    assert ": No space left on device. The job ends here" in last.error
    done = strength == 1
    for file, content in kept.items():
        assert file.read_bytes().startswith(content)  # a journal may have got another line
    assert {file for file in path("out").rglob("*") if file.is_file()} == set(kept)
    worker = Worker()
    run(tasks, worker, resume=True)
    assert worker.done == (["b.png"] if done else ["a.png", "b.png"])


def test_results_are_read_once_and_folders_looked_through_once(path, tasks, monkeypatch):
    """Of many and large files nothing is seen before the first that is missing is made."""
    run(tasks)
    path("out/b.png").unlink()
    read, looked, digest, look = [], [], journal.digest, folders.list_folder
    monkeypatch.setattr(journal, "digest", lambda file: read.append(str(file)) or digest(file))
    monkeypatch.setattr(folders, "list_folder", lambda *a, **k: looked.append(a) or look(*a, **k))
    again = plan_tasks([path("in")], path("out"), suffix="_new")
    assert [outcome.resumed for outcome in run(again, resume=True)] == [True, False, True]
    assert sorted(read) == ["in/a.png", "in/b.png", "in/deep/c.png", "out/a.png", "out/deep/c.png"]
    assert len(looked) == 1


def test_a_failed_file_is_tried_again(tasks):
    run(tasks, Worker(b=ImageFileError("in/b.png is damaged.")))
    worker = Worker()
    assert all(outcome.error is None for outcome in run(tasks, worker, resume=True))
    assert worker.done == ["b.png"]


def test_other_settings_or_another_source_are_done_anew(path, tasks):
    run(tasks)
    worker = Worker()
    run(tasks, worker, resume=True, settings={"strength": 0.5})
    assert worker.done == ["a.png", "b.png", "c.png"]
    path("in/a.png").write_text("changed")
    worker = Worker()
    run(tasks, worker, resume=True, settings={"strength": 0.5})
    assert worker.done == ["a.png"]
    assert path("out/a.png").read_text() == "CHANGED"


@pytest.mark.parametrize("replaced", [True, False])
def test_what_changes_while_it_is_worked_on_is_done_anew(path, tasks, replaced):
    """Whether another file takes its name or it is written to: the result is of what was read."""

    class Slow(Worker):
        def __call__(self, task, publish):
            text = task.source.read_text()
            if task.source.name == "b.png":
                if replaced:
                    task.source.unlink()
                task.source.write_text("newer")
            with atomic_path(task.target) as temporary:
                temporary.write_text(text.upper())
                publish(temporary, {})
            return {}

    run(tasks, Slow())
    assert path("out/b.png").read_text() == "B.PNG"
    worker = Worker()
    run(tasks, worker, resume=True)
    assert worker.done == ["b.png"]
    assert path("out/b.png").read_text() == "NEWER"


def test_a_source_that_goes_after_it_was_read_has_its_result(path, tasks):
    class Removing(Worker):
        def __call__(self, task, publish):
            report = super().__call__(task, lambda *_: None)
            task.source.unlink()
            publish(task.target, report)
            return report

    (outcome,) = run(tasks[:1], Removing(), overwrite=True)
    assert outcome.error is None


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def killed_before_or_after_the_rename(monkeypatch, moment, task, **options):
    """Run one task and die at either side of the moment when the result gets its name."""
    plain = type(task.target).replace

    def replace(self, target):
        if moment == "after":
            plain(self, target)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(task.target), "replace", replace)
        with pytest.raises(Killed):
            run([task], **options)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_when_the_result_gets_its_name(path, tasks, monkeypatch, moment):
    expected = [outcome.report for outcome in run(tasks)]
    path("out/b.png").unlink()
    killed_before_or_after_the_rename(monkeypatch, moment, tasks[1], resume=True)
    worker = Worker()
    assert [o.report for o in run(tasks, worker, resume=True)] == expected
    assert worker.done == (["b.png"] if moment == "before" else [])
    assert path("out/b.png").read_text() == "B.PNG"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_in_place_nothing_is_done_twice(path, monkeypatch, moment):
    """What was done to a file already must not be done to the result again."""

    class Longer(Worker):
        def __call__(self, task, publish):
            with atomic_path(task.target) as temporary:
                temporary.write_text(task.source.read_text() + "!")
                publish(temporary, {})
            return {}

    task = FileTask(path("in/b.png"), path("in/b.png"))
    options = {"worker": Longer(), "overwrite": True, "resume": True}
    killed_before_or_after_the_rename(monkeypatch, moment, task, **options)
    run([task], **options)
    run([task], **options)
    assert path("in/b.png").read_text() == "b.png!"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_results_are_made_with_other_settings(path, tasks, monkeypatch, moment):
    class Other(Worker):
        def __call__(self, task, publish):
            with atomic_path(task.target) as temporary:
                temporary.write_text("other")
                publish(temporary, {})
            return {}

    run(tasks)
    options = {"worker": Other(), "overwrite": True, "settings": {"strength": 0.5}}
    killed_before_or_after_the_rename(monkeypatch, moment, tasks[1], **options)
    run(tasks, resume=True)
    assert path("out/b.png").read_text() == "B.PNG"


def test_another_folder_of_the_same_names_sizes_and_times_is_another_source(path, tasks):
    run(tasks)
    status = path("in/a.png").stat()
    path("in/a.png").write_text("z.png")
    os.utime(path("in/a.png"), ns=(status.st_atime_ns, status.st_mtime_ns))
    worker = Worker()
    run(tasks, worker, resume=True)
    assert worker.done == ["a.png"]
    assert path("out/a.png").read_text() == "Z.PNG"


@pytest.mark.parametrize("damage", ["junk", "B.PNg"])
def test_a_result_that_was_changed_since_is_not_touched(path, tasks, damage):
    run(tasks)
    path("out/b.png").write_text(damage)
    worker = Worker()
    with pytest.raises(InputError, match=r"out/b.png exists already and no job that can go on"):
        run(tasks, worker, resume=True)
    assert worker.done == []
    assert path("out/b.png").read_text() == damage


def test_resuming_does_not_touch_what_no_job_has_made(path, tasks):
    path("out").mkdir()
    path("out/a.png").write_text("thesis")
    with pytest.raises(InputError, match=r"a.png exists already and no job that can go on"):
        run(tasks, resume=True)
    assert path("out/a.png").read_text() == "thesis"
    run(tasks, resume=True, overwrite=True)
    assert path("out/a.png").read_text() == "A.PNG"


def test_half_written_files_of_a_killed_job_go_away(path, tasks):
    run(tasks)
    path("out/b.png").unlink()
    with atomic_path(path("out/b.png")) as left, atomic_path(path("out/b-c.png")) as other:
        pass
    for partial in (left, other):
        partial.write_text("half")
    for name in ("b.png", "b-c.png"):
        path("out").joinpath(name).unlink()
    run(tasks, resume=True)
    assert not left.exists()
    assert other.exists()  # it may belong to a job that runs now


def test_a_source_that_is_gone_is_an_error_of_its_own(path, tasks):
    run(tasks)
    path("in/b.png").unlink()
    outcomes = run(tasks, resume=True)
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert path("out/b.png").read_text() == "B.PNG"
