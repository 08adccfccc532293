"""Running a recipe: results and report, resuming, and folders that hold something else."""

import json
import os
import sys
from dataclasses import dataclass, replace

import pytest

from scorelet.core.errors import InputError, MissingExtraError
from scorelet.recipes import Claim, Findings, Measured, Recipe, at_least, run
from scorelet.recipes.base import Setup
from scorelet.recipes.report import verdict


@dataclass(frozen=True)
class Settings:
    value: float = 5.0


class Toy:
    """A recipe of two steps that counts what it does, and fails in the second when told to."""

    def __init__(self):
        self.done, self.fails = [], False

    def run(self, settings, seed, steps):
        first = steps("first", lambda: self.work("first", settings.value))
        second = steps("second", lambda: self.work("second", [seed, 0.1]))
        return Findings("numbers", {"size": Measured(first, second[1])})

    def work(self, name, result):
        if self.fails and name == "second":
            raise KeyboardInterrupt
        self.done.append(name)
        return result

    def recipe(self, value=5.0):
        claims = (
            Claim("it is large", "size", "page 1", "units", at_least(4), published=6.0),
            Claim("it is huge", "size", "page 2", "units", at_least(400), note="<not really>"),
        )
        setups = {"smoke": Setup(Settings(value), claims)}
        return Recipe(
            "toy", "A toy", "Nobody, 1900.", "Sizes.", setups, self.run, lambda _: {"size"}
        )


@pytest.fixture
def toy(monkeypatch):
    found = Toy()
    monkeypatch.setattr(run, "find_recipe", lambda _: found.recipe())
    return found


def test_results_and_report(toy, tmp_path):
    document = run.reproduce("toy", tmp_path / "out", seed=3)
    stored = json.loads((tmp_path / "out/results.json").read_text(encoding="utf-8"))
    assert document.items() >= stored.items()
    assert stored["command"] == "scorelet reproduce toy --scale smoke --seed 3"
    assert stored["settings"] == {"value": 5.0}
    assert stored["versions"]["torch"]
    assert [(c["measured"], c["error"], c["holds"]) for c in stored["claims"]] == [
        (5.0, 0.1, True),
        (5.0, 0.1, False),
    ]
    text = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "1 of 2 claims hold at scale smoke." in text
    for part in (
        "it is huge",
        "does not hold",
        "5.00 ± 0.10",
        "&lt;not really&gt;",
        "Nobody, 1900.",
    ):
        assert part in text


def test_controls_are_no_claims_of_a_publication():
    places = ["table 1", "control", "control: a formula", "section on controls"]
    claims = [{"where": place, "holds": place != "control"} for place in places]
    said = verdict({"claims": claims, "scale": "smoke"})
    assert said == "2 of 2 claims and 1 of 2 controls hold at scale smoke."
    said = verdict({"claims": claims[1:2], "scale": "small"})
    assert said == "0 of 1 controls hold at scale small."


def test_a_package_that_lacks_is_said_before_any_work(toy, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(MissingExtraError, match=r"scorelet\[train\]"):
        run.reproduce("toy", tmp_path / "out")
    assert not toy.done
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(run, "find_recipe", lambda _: replace(toy.recipe(), trains=False))
    assert run.reproduce("toy", tmp_path / "out")["claims"]


def test_an_interrupted_run_goes_on(toy, tmp_path):
    toy.fails = True
    with pytest.raises(KeyboardInterrupt):
        run.reproduce("toy", tmp_path)
    toy.fails = False
    with pytest.raises(InputError, match="--resume"):
        run.reproduce("toy", tmp_path)
    told = []
    run.reproduce("toy", tmp_path, resume=True, on_step=lambda name, **kw: told.append((name, kw)))
    assert toy.done == ["first", "second"]
    assert [(name, kw["kept"]) for name, kw in told] == [("first", True), ("second", False)]
    with pytest.raises(InputError, match="--overwrite"):
        run.reproduce("toy", tmp_path)
    run.reproduce("toy", tmp_path, overwrite=True)
    assert toy.done == ["first", "second"] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX systems")
@pytest.mark.parametrize("how", [{}, {"resume": True}, {"overwrite": True}])
def test_a_folder_has_one_run_at_a_time(toy, tmp_path, monkeypatch, how):
    def second_run(name, _):
        with pytest.raises(InputError, match=r"Another scorelet job .* choose another output"):
            run.reproduce("toy", tmp_path, **how)
        toy.done.append(name)
        return 5.0 if name == "first" else [0, 0.1]

    monkeypatch.setattr(toy, "work", second_run)
    run.reproduce("toy", tmp_path)
    assert toy.done == ["first", "second"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "report.html",
        "results.json",
        "steps",
    ]


def test_steps_of_other_settings_are_not_mixed(toy, tmp_path, monkeypatch):
    run.reproduce("toy", tmp_path)
    with pytest.raises(InputError, match="that differs in seed: choose"):
        run.reproduce("toy", tmp_path, seed=1, resume=True)
    monkeypatch.setattr(run, "find_recipe", lambda _: toy.recipe(7.0))
    with pytest.raises(InputError, match="that differs in settings"):
        run.reproduce("toy", tmp_path, resume=True)


def test_a_damaged_step_is_named(toy, tmp_path):
    run.reproduce("toy", tmp_path)
    (tmp_path / "steps/first.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"first\.json is damaged"):
        run.reproduce("toy", tmp_path, resume=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_steps_that_no_run_has_made_is_left_alone(toy, tmp_path, overwrite):
    mine = tmp_path / "steps" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("a year of work")
    for marker in (None, "{", "[]", "{}"):
        if marker is not None:
            (tmp_path / "steps/run.json").write_text(marker)
        with pytest.raises(InputError, match=r"not known to hold steps of a run.*another folder"):
            run.reproduce("toy", tmp_path, overwrite=overwrite)
        assert mine.read_text() == "a year of work"
    assert not (tmp_path / "results.json").exists()


def test_files_of_the_names_of_results_are_not_replaced_unasked(toy, tmp_path):
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(InputError, match="another folder, or begin anew"):
        run.reproduce("toy", tmp_path, resume=True)
    assert (tmp_path / "report.html").read_text() == "mine"
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "results.json")
    with pytest.raises(InputError, match="device or pipe"):
        run.reproduce("toy", tmp_path / "pipe", overwrite=True)
    assert toy.done == []
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/steps").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        run.reproduce("toy", tmp_path / "taken", overwrite=True)


def test_a_run_that_could_not_begin_leaves_its_folder_free(toy, tmp_path, monkeypatch):
    def no_data(_settings, _seed, _steps):
        raise InputError("There is no data set.")

    lacking = replace(toy.recipe(7.0), run=no_data)
    monkeypatch.setattr(run, "find_recipe", lambda _: lacking)
    with pytest.raises(InputError, match="no data set"):
        run.reproduce("toy", tmp_path)
    monkeypatch.setattr(run, "find_recipe", lambda _: toy.recipe())
    run.reproduce("toy", tmp_path)
    assert toy.done == ["first", "second"]


def test_a_step_whose_file_has_another_form_is_named(toy, tmp_path):
    run.reproduce("toy", tmp_path)
    for text in ("[]", "null", '{"seconds": null, "result": 1}', '{"seconds": 1}'):
        (tmp_path / "steps/first.json").write_text(text)
        with pytest.raises(InputError, match=r"first\.json is damaged"):
            run.reproduce("toy", tmp_path, resume=True)
    (tmp_path / "steps/run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json is missing or damaged"):
        run.reproduce("toy", tmp_path, resume=True)


def test_what_cannot_be_run(toy, tmp_path):
    (tmp_path / "file").touch()
    for options, words in (
        ({"scale": "paper"}, "no scale 'paper': use one of smoke"),
        ({"seed": -1}, "seed is -1"),
        ({"resume": True, "overwrite": True}, "give one"),
    ):
        with pytest.raises(InputError, match=words):
            run.reproduce("toy", tmp_path / "new", **options)
    with pytest.raises(InputError, match="is a file"):
        run.reproduce("toy", tmp_path / "file")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("words", [{"of": "seize"}, {"given": {"seize": at_least(1)}}])
@pytest.mark.parametrize("scale", ["smoke", "small", "paper", "imagenet"])
def test_a_claim_on_what_is_not_measured_is_refused_before_any_run(toy, words, scale):
    recipe = toy.recipe()
    (setup,) = recipe.setups.values()
    wrong = replace(setup, claims=(replace(setup.claims[0], **words),))
    with pytest.raises(ValueError, match=f"toy, {scale}: claims need .* not measured: 'seize'"):
        replace(recipe, setups={"smoke": setup, scale: wrong})


def test_a_run_measures_what_is_stated_and_nothing_else(toy, tmp_path, monkeypatch):
    for stated, unlike in (({"size", "age"}, "'age'"), ({"size"}, "'weight'")):

        def more(*given, stated=stated):
            found = toy.run(*given)
            extra = {"weight": Measured(1.0)} if "age" not in stated else {}
            return replace(found, measured={**found.measured, **extra})

        wrong = replace(toy.recipe(), run=more, measures=lambda _, stated=stated: stated)
        monkeypatch.setattr(run, "find_recipe", lambda _, wrong=wrong: wrong)
        with pytest.raises(ValueError, match=f"either stated or measured, not both: {unlike}"):
            run.reproduce("toy", tmp_path, overwrite=True)
        assert not (tmp_path / "results.json").exists()
    monkeypatch.setattr(run, "find_recipe", lambda _: toy.recipe())
    done = list(toy.done)
    assert run.reproduce("toy", tmp_path, resume=True)["claims"]
    assert toy.done == done  # all steps were kept
