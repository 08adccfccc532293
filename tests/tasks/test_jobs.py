"""Jobs of many files, with a stand-in for the work: it copies text in capitals."""

import errno
import json
import logging
import os
import shutil
from pathlib import Path

import pytest

from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.files import atomic_path
from scorelet.tasks import journal as journals
from scorelet.tasks.jobs import run_tasks
from scorelet.tasks.planning import FileTask, plan_tasks

NAMES = ("a.png", "b.png", "deep/c.png")
JOURNAL_NAME = journals.NAME.format(verb="test")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder `in` of three files, in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


class Worker:
    """Writes the source in capitals, unless it is told to fail; remembers what it did."""

    def __init__(self, **errors):
        self.errors = errors
        self.done = []

    def __call__(self, task, publish):
        self.done.append(task.source.name)
        if task.source.stem in self.errors:
            raise self.errors[task.source.stem]
        text = task.source.read_text()
        report = {"letters": len(text), "share": 1 / 3}
        with atomic_path(task.target) as temporary:
            temporary.write_text(text.upper())
            publish(temporary, report)
        return report


def run(tasks, worker=None, **options):
    options = {"verb": "test", "settings": {"strength": 1}, **options}
    return list(run_tasks(tasks, worker or Worker(), **options))


def planned(path, *paths):
    """Plan one path in the working directory, or several."""
    return plan_tasks([path, *paths], None, suffix="_new")


def pairs(tasks):
    return [(str(task.source), str(task.target)) for task in tasks]


@pytest.fixture
def tasks(folder, path):
    return plan_tasks([path("in")], path("out"), suffix="_new")


@pytest.fixture
def path(folder):
    """Paths relative to the working directory, as users type them."""
    return lambda name: (folder / name).relative_to(folder)


# ---------------------------------------------------------------- what becomes what


def test_default_names_lie_beside_the_source(path):
    assert pairs(planned(path("in/a.png"))) == [("in/a.png", "in/a_new.png")]
    expected = [(f"in/{name}", f"in_new/{name}") for name in NAMES]
    assert pairs(planned(path("in"))) == expected


def test_the_folder_that_one_stands_in(folder, path, monkeypatch):
    monkeypatch.chdir(folder / "in")
    got = planned(path("in").relative_to("in"))
    assert [task.target for task in got] == [folder / "in_new" / name for name in NAMES]
    monkeypatch.chdir(folder / "in" / "deep")
    got = planned(type(folder)(".."))
    assert [task.target for task in got] == [folder / "in_new" / name for name in NAMES]


@pytest.mark.parametrize(
    ("output", "target"), [("x.tif", "x.tif"), ("new", "new/a.png"), ("in/deep", "in/deep/a.png")]
)
def test_one_file_into_a_file_or_a_folder(path, output, target):
    assert pairs(plan_tasks([path("in/a.png")], path(output), suffix="_")) == [("in/a.png", target)]


def test_results_inside_the_source_are_no_sources(path):
    tasks = plan_tasks([path("in")], path("in/out"), suffix="_")
    run(tasks)
    assert pairs(plan_tasks([path("in")], path("in/out"), suffix="_")) == pairs(tasks)
    for name in NAMES:
        path("in").joinpath(name).unlink()
    (task,) = plan_tasks([path("in")], path("in/out"), suffix="_")
    assert task.problem == "in contains no pictures but those in in/out."


@pytest.mark.parametrize("output", ["in", "."])
def test_a_folder_into_itself_or_one_around_it(path, output):
    expected = [(f"in/{name}", str(path(output) / name)) for name in NAMES]
    assert pairs(plan_tasks([path("in")], path(output), suffix="_")) == expected


def test_what_is_named_twice_is_done_once(path):
    expected = pairs(planned(path("in")))
    assert pairs(planned(path("in"), path("in"))) == expected
    twice = plan_tasks([path("in/a.png"), path("in")], "out/", suffix="_")
    assert pairs(twice) == [(f"in/{name}", f"out/{name}") for name in NAMES]


def test_results_of_an_earlier_run_are_left_out_beside_their_originals(path):
    said = []
    for name in ("in/a_new.png", "in/deep/c_new.jpg", "in/alone_new.png"):
        path(name).write_text(name)
    path("in_new").mkdir()
    path("in_new/b.png").write_text("b")
    tasks = plan_tasks([path("in"), path("in_new")], "out", suffix="_new", say=said.append)
    assert [task.source.name for task in tasks] == ["a.png", "alone_new.png", "b.png", "c.png"]
    assert said == ["3 pictures are left out, called ..._new beside the original"]
    (alone,) = plan_tasks([path("in/a_new.png")], None, suffix="_new")
    assert alone.target == path("in/a_new_new.png")


def test_what_a_folder_holds_besides_is_said(path):
    said = []
    for name in ("in/a.heic", "in/b.gif", "in/c.gif"):
        path(name).write_text("x")
    assert len(plan_tasks([path("in")], None, suffix="_new", say=said.append)) == 3
    assert said == [
        "in in, 3 files are of no kind that is read: 2 .gif, 1 .heic (a.heic, b.gif, c.gif)"
    ]


@pytest.mark.parametrize(("form", "ending"), [("jpeg", "jpg"), ("tiff", "tif"), (None, "png")])
def test_names_that_are_not_given_follow_the_format(path, form, ending):
    found = plan_tasks([path("in/a.png"), path("in/b.png")], "out", suffix="_", form=form)
    assert [task.target.name for task in found] == [f"a.{ending}", f"b.{ending}"]


@pytest.mark.parametrize("paths", [[""], ["in/a.png", ""], ["a\0.png"], ["x" * 300 + ".png"]])
def test_paths_that_nobody_can_mean(folder, paths):
    with pytest.raises(InputError, match=r"empty|NUL|304 bytes"):
        plan_tasks(paths, None, suffix="_")
    with pytest.raises(InputError, match="output is empty"):
        plan_tasks(["in/a.png"], "", suffix="_")


def test_a_slash_makes_a_folder(path):
    assert pairs(plan_tasks([path("in/a.png")], "v1.0/", suffix="_")) == [
        ("in/a.png", "v1.0/a.png")
    ]


def test_inputs_that_cannot_be_used_stop_nobody(folder, path):
    (folder / "empty").mkdir()
    tasks = planned(path("empty"), path("in/a.png"), path("hoilday"))
    assert [task.problem and task.problem.split(";")[0] for task in tasks] == [
        "empty contains no pictures",
        None,
        "There is no file or folder hoilday: check the path.",
    ]
    outcomes = run(tasks)
    assert [outcome.error is None for outcome in outcomes] == [False, True, False]
    assert path("in/a_new.png").read_text() == "A.PNG"


def test_plans_that_cannot_be(folder, path):
    with pytest.raises(InputError, match="No picture was named"):
        plan_tasks([], None, suffix="_")
    (folder / "other").mkdir()
    shutil.copy("in/a.png", "other/a.png")
    with pytest.raises(InputError, match="would both become"):
        plan_tasks([path("in/a.png"), path("other/a.png")], path("out"), suffix="_")
    with pytest.raises(InputError, match="several results need a folder"):
        plan_tasks([path("in")], path("other/a.png"), suffix="_")
    with pytest.raises(InputError, match="several results need a folder"):
        plan_tasks([path("in/a.png"), path("in/b.png")], "new.png", suffix="_")


# ---------------------------------------------------------------- never over what is there


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


# ---------------------------------------------------------------- one stops nobody


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImageFileError("in/b.png is damaged."), "in/b.png is damaged."),
        (InputError("A JPEG cannot hold it."), "in/b.png: A JPEG cannot hold it."),
        (OSError(errno.ENOSPC, "No space left"), "out/b.png cannot be written: No space left."),
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


def test_the_traceback_is_logged_for_debugging(tasks, caplog):
    with caplog.at_level(logging.DEBUG, logger="scorelet"):
        run(tasks, Worker(b=ZeroDivisionError("oh")))
    assert "in/b.png failed" in caplog.text
    assert "Traceback" in caplog.text


def test_a_target_whose_folder_is_a_file(path):
    (outcome,) = run([FileTask(path("in/b.png"), path("in/a.png/b.png"))])
    assert outcome.error is not None
    assert outcome.error.startswith("in/a.png/b.png cannot be written: ")


# ---------------------------------------------------------------- going on


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


# ---------------------------------------------------------------- a journal that cannot be used


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
    monkeypatch.setattr(os, "access", lambda *_: False)
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
