"""What becomes what: names of results, and plans that cannot be."""

import shutil

import pytest

from job_samples import NAMES, pairs, planned, run
from scorelet.core.errors import InputError
from scorelet.tasks.planning import plan_tasks, with_beside


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


def test_files_beside_earlier_results_are_left_out_too(path):
    said = []
    for name in ("in/a_new_000.png", "in/a_new_deviation.png", "in/a_new_wide.png", "in/_000.png"):
        path(name).write_text(name)
    path("in_new").mkdir()
    path("in_new/b_001.png").write_text("b")
    tasks = plan_tasks(
        [path("in"), path("in_new")],
        "out",
        suffix="_new",
        beside=r"_(\d{3,}|deviation)",
        say=said.append,
    )
    assert [t.source.name for t in tasks] == [
        "_000.png",
        "a.png",
        "a_new_wide.png",
        "b.png",
        "c.png",
    ]
    assert said == ["3 pictures are left out, called ..._new beside the original"]


def test_what_a_folder_holds_besides_is_said(path):
    said = []
    for name in ("in/a.jxl", "in/b.gif", "in/c.gif"):
        path(name).write_text("x")
    assert len(plan_tasks([path("in")], None, suffix="_new", say=said.append)) == 3
    assert said == [
        "in in, 3 files are of no kind that is read: 2 .gif, 1 .jxl (a.jxl, b.gif, c.gif)"
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


def test_only_files_that_would_become_the_same_one_fail(folder, path):
    (folder / "other").mkdir()
    shutil.copy("in/a.png", "other/a.png")
    paths = [path("in/a.png"), path("other/a.png"), path("in/b.png")]
    tasks = plan_tasks(paths, path("out"), suffix="_")
    assert [task.problem for task in tasks] == [
        "in/a.png and other/a.png would both become out/a.png: run them apart.",
        "other/a.png and in/a.png would both become out/a.png: run them apart.",
        None,
    ]
    assert [outcome.error is None for outcome in run(tasks)] == [False, False, True]
    assert not (folder / "out" / "a.png").exists()


def test_only_files_that_would_make_the_same_one_beside_fail(folder, path):
    (folder / "in" / "a_001.png").write_text("a")
    tasks = with_beside(
        plan_tasks([path("in")], path("out"), suffix="_"),
        lambda target: [target.with_stem(target.stem + "_001")],
    )
    assert {str(task.source): task.problem for task in tasks} == {
        "in/a.png": "in/a.png and in/a_001.png would both become out/a_001.png: run them apart.",
        "in/a_001.png": "in/a_001.png and in/a.png would both become out/a_001.png: run them "
        "apart.",
        "in/b.png": None,
        "in/deep/c.png": None,
    }


def test_plans_that_cannot_be(folder, path):
    with pytest.raises(InputError, match="results are not written to pipes"):
        plan_tasks([path("in/a.png")], "-", suffix="_x")
    with pytest.raises(InputError, match="No picture was named"):
        plan_tasks([], None, suffix="_")
    with pytest.raises(InputError, match="several results need a folder"):
        plan_tasks([path("in")], path("other/a.png"), suffix="_")
    with pytest.raises(InputError, match="several results need a folder"):
        plan_tasks([path("in/a.png"), path("in/b.png")], "new.png", suffix="_")
