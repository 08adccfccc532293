"""Configurations: YAML in, one sentence out when something is wrong."""

import os
from pathlib import Path

import pytest
import yaml

from scorelet.cli.main import run
from scorelet.core.errors import InputError
from scorelet.tasks.experiments import read_config, shipped
from scorelet.tasks.experiments.unique_keys import parse_yaml
from scorelet.training import LoopConfig, write_config

TREE = {
    "model": {"architecture": "BFCNN", "options": {"width": 8, "depth": 3}},
    "data": {"train": ["photos"], "sigma": [5, 50]},
    "steps": 100,
    "output": "runs/try",
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(TREE))
    return path


def test_fields_come_from_the_file_and_the_rest_from_the_defaults(file):
    config = read_config(file)
    assert config.model.options == {"width": 8, "depth": 3}
    assert config.data.sigma == (5.0, 50.0)
    assert config.output == Path("runs/try")
    assert (config.optimizer.name, config.schedule.shape, config.precision) == (
        "adamw",
        "cosine",
        "no",
    )


def test_overrides_change_fields_of_any_depth_and_make_missing_sections(file):
    config = read_config(
        file,
        {
            "steps": 7,
            "optimizer.rate": "1e-3",  # YAML 1.1 takes it for text
            "model.options.width": 16,
            "data.validation": ["a", "b"],
        },
    )
    assert config.steps == 7
    assert config.optimizer.rate == 1e-3
    assert config.model.options == {"width": 16, "depth": 3}
    assert config.data.validation == ["a", "b"]


def test_what_is_written_reads_back_the_same_with_all_defaults_spelt_out(file, tmp_path):
    config = read_config(file, {"optimizer.name": "muon"})
    again = tmp_path / "again.yaml"
    again.write_text(write_config(config))
    assert read_config(again) == config
    assert yaml.safe_load(again.read_text())["schedule"]["warmup"] == 200


def test_a_configuration_does_not_change_under_a_run(file):
    config = read_config(file)
    with pytest.raises(ValueError, match="frozen"):
        config.steps = 3


@pytest.mark.parametrize("name", shipped())
def test_the_configurations_that_come_with_the_package_are_valid(name):
    assert isinstance(read_config(name), LoopConfig)


FAULTS = {
    "optimizer.ratte": (0.1, "the task denoise has no field optimizer.ratte: correct the name"),
    "steps": (0, "steps: Input should be greater than or equal to 1 (got 0)"),
    "data.patch": (4, "data.patch: Input should be greater than or equal to 8 (got 4)"),
    "data.channels": (2, "data.channels: Input should be 1 or 3 (got 2)"),
    "data.sigma": ([50, 5], "data: sigma must be two noise levels, 0 <= low <= high"),
    "data.gray": (0.5, "data: gray is a share of colour patches, it needs channels: 3"),
    "optimizer.rate": (float("nan"), "optimizer.rate: Input should be a finite number (got nan)"),
    "optimizer.matrix_rate": (
        1e39,
        "optimizer.matrix_rate: Input should be less than 1000000000000 (got",
    ),
    "optimizer.clip": (float("inf"), "optimizer.clip: Input should be a finite number (got inf)"),
    "optimizer.ema": (1.0, "optimizer.ema: Input should be less than 1 (got 1.0)"),
    "optimizer.betas": (
        [0.9, 1.0],
        "optimizer: betas must be two decays from 0 to below 1, not [0.9, 1.0].",
    ),
    "seed": (2**63, f"seed: Input should be less than {2**63} (got {2**63})."),
    "precision": ("fp16", "precision: Input should be 'no' or 'bf16' (got 'fp16')"),
    "schedule": ("cosine", "schedule: Input should be a valid dictionary"),
    "model.options": (3, "model.options: Input should be a valid dictionary (got 3)"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_field_that_is_wrong_is_named_with_what_was_got(file, name):
    value, message = FAULTS[name]
    with pytest.raises(InputError) as caught:
        read_config(file, {name: value})
    assert str(caught.value).startswith(f"{file}: {message}")
    assert "\n" not in str(caught.value)


def test_negative_noise_is_refused(file):
    with pytest.raises(InputError, match=r"two noise levels, 0 <= low <= high\.$"):
        read_config(file, {"data.sigma": [-5, 5]})


def test_what_is_a_type_of_python_is_said_in_the_words_of_yaml(file):
    with pytest.raises(InputError, match=r"sigma: .* a list, as \[low, high\] \(got 25"):
        read_config(file, {"data.sigma": 25})
    with pytest.raises(InputError, match=r"whole number, in digits alone as 100 \(got '1e2'\)"):
        read_config(file, {"steps": yaml.safe_load("1e2")})


def test_a_whole_sentence_ends_once(file):
    """And the value that an empty word is to YAML is not shown."""
    with pytest.raises(InputError, match=r": output: The output is empty: .*\(\. is this one\)\.$"):
        read_config(file, {"output": None})


def test_an_override_cannot_go_through_a_number(file):
    with pytest.raises(InputError, match=r"^Cannot set steps\.many: steps is not a section\.$"):
        read_config(file, {"steps.many": 3})


def test_several_sections_are_merged_into_one():
    tree = parse_yaml("a: &a {x: 1}\nb: &b {y: 2}\nc:\n  <<: *a\n  <<: *b\n  z: 3\n")
    assert tree["c"] == {"x": 1, "y": 2, "z": 3}


CONTENTS = {
    "a list": (b"- a\n- b\n", "must hold a mapping with model, data, steps and output"),
    "nothing": (b"", "must hold a mapping with model, data, steps and output"),
    "bad YAML": (b"steps: [1,\nmodel: {", "is not valid YAML: "),
    "a key twice": (
        b"steps: 3\ndata: {}\noptimizer:\n  rate: 1\n  name: sgd\n  rate: 2\nsteps: 4\n",
        ": the key rate stands twice, in lines 4 and 6: keep one of them.",
    ),
    "no text": (b"\xff\xfe\x00\x81", "is not valid YAML: "),
    "no output": (yaml.safe_dump({**TREE, "output": None}).encode(), ": output: "),
    "a field missing": (b"steps: 3\n", ": the task denoise needs output"),
    "unknown field": (
        yaml.safe_dump({**TREE, "step": 3}).encode(),
        ": the task denoise has no field step: ",
    ),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_the_shell_gets_one_sentence_and_status_2(tmp_path, capsys, kind):
    content, message = CONTENTS[kind]
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    assert run(["train", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"error: {path}")
    assert message in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cfg.steps", "0"], "steps: Input should be greater than or equal to 1 (got 0)."),
        (
            ["--cfg.optimizer.ratte=3"],
            "has no field optimizer.ratte: correct the name, or leave it out.",
        ),
        (["--cfg.steps"], "error: --cfg.steps needs a value, as --cfg.steps 500."),
        (
            ["--cfg.data.train", "[mine,", "few]"],
            "error: --cfg.data.train [mine, is no value of YAML: give a list in quotes, as "
            '--cfg.data.train "[a, b]".',
        ),
        (["--steps", "3"], "--steps"),
    ],
)
def test_overrides_of_the_shell_are_checked_too(file, capsys, words, message):
    assert run(["train", str(file), *words]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_a_missing_file_is_one_sentence_and_status_2(tmp_path, capsys):
    missing, folder = tmp_path / "none.yaml", tmp_path
    said = {
        missing: f"Cannot read the configuration {missing}: ",
        folder: f"{folder} is a folder; ",
    }
    for path, words in said.items():
        assert run(["train", str(path)]) == 2
        printed = capsys.readouterr()
        assert printed.err.startswith(f"error: {words}")
        assert printed.err.count("\n") == 1


def test_batch_and_workers_may_stand_under_data_as_they_once_did(file):
    old = read_config(file, {"data.batch": 3, "data.workers": 1})
    assert (old.batch, old.workers) == (3, 1)
    assert old == read_config(file, {"batch": 3, "workers": 1})
    with pytest.raises(InputError, match=r": batch and data\.batch mean the same: leave data"):
        read_config(file, {"data.batch": 3, "batch": 4})


def test_a_task_is_chosen_by_name_and_denoise_is_the_usual_one(file):
    assert read_config(file).task == "denoise"
    assert read_config(file, {"task": "denoise"}) == read_config(file)
    for name in ("paint", 3, None, ["denoise"]):
        with pytest.raises(
            InputError, match=r": task: there is no task .*: choose one of .*denoise"
        ):
            read_config(file, {"task": name})


def test_a_folder_of_runs_does_not_hide_a_configuration_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faces").mkdir()
    assert read_config("faces").output == Path("runs/faces")


def test_configurations_of_the_package_go_by_their_names_and_a_file_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "photo" in shipped()
    assert read_config("photo").output == Path("runs/photo")
    with pytest.raises(InputError, match=r"no configuration 'foto': give a YAML file, or one of"):
        read_config("foto")
    (tmp_path / "photo").write_text(yaml.safe_dump(TREE))
    assert read_config("photo").output == Path("runs/try")


SOURCES = {
    "neither": ({"share": 1}, "a source is either a folder or drawn: true"),
    "both": ({"folder": "a", "drawn": True}, "a source is either a folder or drawn: true"),
    "halved pages": (
        {"drawn": True, "halved": True},
        "halved, mixed and grainless belong to a folder",
    ),
    "gray pages": ({"drawn": True}, "drawn pages and mixed channels have colour"),
    "mixed gray": ({"folder": "a", "mixed": 0.5}, "drawn pages and mixed channels have colour"),
    "no share": ({"folder": "a", "share": 0}, "Input should be greater than 0"),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_that_cannot_be_is_one_sentence(file, kind):
    source, message = SOURCES[kind]
    with pytest.raises(InputError) as caught:
        read_config(file, {"data.train": ["photos", source]})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_folder_needs_no_brackets(file):
    """As `--cfg.data.train DIR` hands it over."""
    one = {"data.train": "a", "data.validation": "b", "data.exclude": "b/1.png"}
    config = read_config(file, one)
    assert config == read_config(file, {name: [value] for name, value in one.items()})
    assert [source.folder for source in config.data.train] == ["a"]
    source = {"folder": "a", "halved": True}
    assert read_config(file, {"data.train": source}).data.train[0].halved
    assert read_config("faces", {"data.train": "faces.npz"}).data.train == ["faces.npz"]
    with pytest.raises(InputError, match=r"data\.train: Input should be a valid list \(got 3\)"):
        read_config(file, {"data.train": 3})


def test_levels_take_the_place_of_sigma_and_law(file):
    levels = [{"share": 1, "sigma": [0, 0]}, {"share": 3, "sigma": [0, 50]}]
    with pytest.raises(InputError, match="levels take the place of sigma and law"):
        read_config(file, {"data.levels": levels})
    tree = {**TREE, "data": {"train": ["photos"], "levels": levels}}
    file.write_text(yaml.safe_dump(tree))
    config = read_config(file)
    assert [level.share for level in config.data.levels] == [1, 3]
    file.write_text(write_config(config))
    assert read_config(file) == config  # though sigma and law are spelt out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.yaml")
    with pytest.raises(InputError, match="is a device or pipe; expected a configuration: save it"):
        read_config(tmp_path / "a.yaml")


def test_a_mapping_may_replace_what_it_is_lent(file):
    """As YAML merges mappings; the lender lies deeper than the borrower."""
    lent = "model:\n  options: &own {<<: &lent {width: 4, depth: 3}, width: 8}\n"
    rest = yaml.safe_dump({name: value for name, value in TREE.items() if name != "model"})
    file.write_text(lent + "  architecture: BFCNN\n" + rest)
    assert read_config(file).model.options == {"width": 8, "depth": 3}
