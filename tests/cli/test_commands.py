"""The other commands, and what all of them share: statuses, JSON, help."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from samples import Identity, noisy, small_network, waves, write_png
from scorelet.cli.evaluate import parse_levels
from scorelet.cli.main import run
from scorelet.core.ending import STATUS
from scorelet.core.errors import InputError
from scorelet.data import from_unit
from scorelet.models import ResidualDenoiser
from scorelet.tasks import evaluate as measuring
from scorelet.tasks.experiments.reading import shipped
from scorelet.zoo import card, names, registry, save

pytestmark = pytest.mark.usefixtures("float32")


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """Two built-in models with cards, instead of the shipped ones."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.safetensors").touch()
        document = {"name": name, "summary": f"Model {name}.", "data": {"sets": ["a", "b"]}}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    monkeypatch.setattr(registry, "WEIGHTS", tmp_path)
    return tmp_path


def test_models_are_listed(shell, cards):
    status, stdout, stderr = shell("models")
    assert (status, stderr) == (0, "")
    assert [line.split() for line in stdout.splitlines()] == [
        ["model", "what", "it", "is"],
        ["one", "Model", "one."],
        ["two", "Model", "two."],
    ]
    status, stdout, stderr = shell("models", "--json")
    assert (status, stderr) == (0, "")
    assert [document["name"] for document in json.loads(stdout)] == ["one", "two"]


def test_a_card_is_shown(shell, cards):
    status, stdout, _ = shell("models", "two")
    assert status == 0
    assert stdout.splitlines() == [
        "name: two",
        "summary: Model two.",
        "data:",
        "  sets:",
        "    - a",
        "    - b",
    ]
    assert json.loads(shell("models", "two", "--json")[1])["data"] == {"sets": ["a", "b"]}
    status, _, stderr = shell("models", "three")
    assert status == 2
    assert "Unknown model 'three': use one of one, two" in stderr


def test_every_shipped_model_is_listed_and_its_card_shown(shell):
    listed = shell("models")[1]
    for name in names():
        assert [name, *card(name)["summary"].split()] in [x.split() for x in listed.splitlines()]
        status, stdout, stderr = shell("models", name)
        assert (status, stderr) == (0, "")
        assert f"sha256: {card(name)['sha256']}\n" in stdout


def test_info_tells_what_a_bug_report_needs(shell, monkeypatch):
    monkeypatch.setenv("SCORELET_DATA", "somewhere")
    status, stdout, stderr = shell("info", "--json", "--device", "cpu")
    assert (status, stderr) == (0, "")
    document = json.loads(stdout)
    assert document["versions"]["numpy"] == np.__version__
    assert (document["device"], document["convolutions_in"]) == ("cpu", "float32")
    assert "photo" in document["models"]
    assert document["data_folder"] == "somewhere"
    status, stdout, _ = shell("info")
    assert status == 0
    assert ["numpy", np.__version__] in [line.split() for line in stdout.splitlines()]


@pytest.mark.slow
def test_evaluate_prints_what_python_returns(shell, tmp_path, model):
    for k in range(2):
        write_png(tmp_path / f"{k}.png", from_unit(waves(24, 32, 3), "uint8"))
    words = ("evaluate", "--data", tmp_path, "--model", model, "--sigma", "15,50")
    status, stdout, stderr = shell(*words, "--json")
    assert (status, stderr) == (0, "")
    expected = measuring.evaluate(tmp_path, model=model, sigmas=[15.0, 50.0])
    assert json.loads(stdout) == expected
    status, stdout, _ = shell(*words)
    assert status == 0
    assert stdout.splitlines()[:3] == [f"{model} on {tmp_path}", "  pictures: 2", "  channels: 3"]
    for row in expected["rows"]:
        assert f"{row['sigma']:g}   {row['psnr']:.2f} ± {row['psnr_error']:.2f}   " in stdout


def test_one_picture_has_no_standard_error(shell, tmp_path, model):
    write_png(tmp_path / "a.png", noisy(16, 16))
    words = ("evaluate", "--data", tmp_path / "a.png", "--model", model, "--sigma", "25")
    status, stdout, stderr = shell(*words)
    assert (status, stderr) == (0, "")
    assert "  pictures: 1\n" in stdout
    assert "±" not in stdout
    (row,) = json.loads(shell(*words, "--json")[1])["rows"]
    assert row["psnr_error"] is None


def test_what_json_cannot_express_is_null(shell, tmp_path, monkeypatch):
    """A perfect result has infinite PSNR, a small picture no SSIM."""
    write_png(tmp_path / "a.png", noisy(4, 4))
    monkeypatch.setattr(measuring.verb, "load", lambda _: Identity())
    words = ("evaluate", "--data", tmp_path, "--sigma", "0")
    status, stdout, stderr = shell(*words, "--json")
    assert status == 0
    assert json.loads(stdout)["rows"] == [
        {"sigma": 0, "psnr": None, "psnr_error": None, "ssim": None}
    ]
    assert stderr.startswith("warning: SSIM was not measured: it needs at least 6 pixels a side")
    assert shell(*words)[1].splitlines()[-1].split() == ["0", "inf", "–"]


@pytest.mark.parametrize(("command", "named"), [("evaluate", "--data"), ("denoise", None)])
def test_a_level_below_one_is_said_to_be_in_8_bit_units(shell, tmp_path, model, command, named):
    write_png(tmp_path / "a.png", noisy(24, 24))
    words = [command, *([named] if named else []), tmp_path / "a.png", "--model", model]
    for sigma, warned in (("0.1", True), ("2", False)):
        out = ["-o", tmp_path / f"{sigma}.png"] if command == "denoise" else []
        status, _, stderr = shell(*words, "--sigma", sigma, *out)
        assert status == 0
        assert ("0.1 in [0, 1] is --sigma 25.5" in stderr) == warned


@pytest.mark.slow
def test_models_tells_what_a_file_holds(shell, tmp_path):
    """Of a cascade, what its parts are."""
    network = small_network()
    save(ResidualDenoiser(network), tmp_path / "mine.safetensors")
    status, stdout, _ = shell("models", tmp_path / "mine.safetensors", "--json")
    assert status == 0
    assert json.loads(stdout) == {
        "file": str(tmp_path / "mine.safetensors"),
        "kind": "blind-denoiser",
        "architecture": type(network).__name__,
        "options": network.options,
        "numbers": sum(t.numel() for t in network.state_dict().values()),
    }
    stdout = shell("models", registry.WEIGHTS / "faces.safetensors")[1]
    assert "kind: multiscale\nsize:\n  - 80\n  - 80\nchannels: 1\n" in stdout
    assert "wavelet: haar\ndepth: 2\nparts:\n  coarse:\n    kind: scaled-denoiser\n" in stdout


@pytest.mark.parametrize("words", [["models"], ["models", "photo"], ["info"], ["evaluate"]])
def test_results_are_shown_though_messages_are_not(shell, tmp_path, model, words):
    if words == ["evaluate"]:
        write_png(tmp_path / "a.png", noisy(16, 16))
        words = ["evaluate", "--data", tmp_path, "--model", model]
    expected = shell(*words)
    assert expected[1]
    assert shell(*words, "--quiet") == expected
    document = shell(*words, "--quiet", "--json")
    assert json.loads(document[1]) == json.loads(shell(*words, "--json")[1])


def test_evaluate_in_gray_and_on_few(shell, tmp_path, model):
    for k in range(3):
        write_png(tmp_path / f"{k}.png", noisy(16, 16))
    words = ("evaluate", "--data", tmp_path, "--model", model, "--json")
    document = json.loads(shell(*words, "--channels", 1, "--limit", 2)[1])
    assert (document["pictures"], document["channels"]) == (2, 1)
    assert [row["sigma"] for row in document["rows"]] == [15, 25, 50]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["evaluate"], "--data"),
        (["evaluate", "--data", "nowhere"], "no data 'nowhere'"),
        (["evaluate", "--data", ".", "--sigma", "a"], "--sigma a"),
        (["evaluate", "--data", ".", "--sigma", "15,-1"], "--sigma 15,-1"),
        (["evaluate", "--data", "."], "contains no pictures"),
        (["evaluate", "--data", ".", "--channels", "4"], "channels is 4"),
        (["evaluate", "--data", ".", "--limit", "0"], "limit is 0"),
        (["denoise"], "PATHS"),
        (["nonsense"], "nonsense"),
        (["info", "--device", "abacus"], "Unknown device 'abacus'"),
    ],
)
def test_usage_errors_are_one_line_on_stderr(shell, tmp_path, monkeypatch, words, part):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCORELET_DATA", raising=False)
    status, stdout, stderr = shell(*words)
    assert (status, stdout) == (2, "")
    (line,) = stderr.splitlines()
    assert line.startswith("error: ")
    assert part in line


def test_levels_are_numbers():
    assert parse_levels("15,2.5") == [15.0, 2.5]
    for text in ("", "15,", "inf", "nan"):
        with pytest.raises(InputError, match="--sigma"):
            parse_levels(text)


def test_help_names_configurations_arguments_and_debug(shell):
    words = shell("train", "--help")[1].replace("│", " ").split()
    assert {*shipped()} <= {word.rstrip(".,") for word in words}
    assert " ".join(words).startswith("Usage: scorelet train [OPTIONS] CONFIG [CFG...]")
    found = shell("models", "--help")[1]
    assert found.startswith("Usage: scorelet models [OPTIONS] [NAME]")
    assert "--debug" in found.split("Shared options")[1]


@pytest.mark.slow
def test_version_and_help(shell):
    from importlib.metadata import version

    assert shell("--version")[:2] == (0, f"{version('scorelet')}\n")
    for command in ("denoise", "evaluate", "train", "models", "info"):
        assert command in shell("--help")[1]
        status, stdout, _ = shell(command, "--help")
        assert status == 0
        assert f"scorelet {command}" in stdout.split("For example:")[1]


def broken(*_, **__):
    raise ZeroDivisionError("oh")


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_what_nobody_expected_is_said_to_be_a_bug(shell, monkeypatch, tmp_path):
    monkeypatch.setattr(measuring, "evaluate", broken)
    words = ("evaluate", "--data", tmp_path)
    status, stdout, stderr = shell(*words)
    assert (status, stdout) == (2, "")
    assert stderr.startswith("error: ZeroDivisionError: oh. This is a bug")
    assert "Traceback" not in stderr
    with pytest.raises(ZeroDivisionError):
        shell(*words, "--debug")


def test_an_interrupt_is_no_bug(shell, monkeypatch, tmp_path):
    monkeypatch.setattr(measuring, "evaluate", interrupted)
    assert shell("evaluate", "--data", tmp_path) == (130, "", "Interrupted.\n")


@pytest.mark.parametrize(
    ("place", "words", "kept"),
    [
        ("basis.basis_of_picture", "basis a.png", False),
        ("denoise.denoise_files", "denoise a.png", False),
        ("denoise.denoise_files", "denoise a.png b.png", True),
        ("denoise.denoise_files", f"denoise {Path(__file__).parent}", True),
        ("restore.restore_files", "restore a.png --task deblur --blur 1", False),
        ("restore.restore_files", "restore a.png b.png --task deblur --blur 1", True),
        ("audit.audit_twins", "audit --data a", True),
        ("audit.audit_models", "audit --data a --models b c", False),
        ("robust.robustness", "robust a --model b -o r.html", True),
        ("robust.robustness", "robust a --model b", False),
        ("field.sample", "field sample a -n 1 -o a.npy", True),
    ],
)
def test_an_interrupt_says_whether_something_is_kept(shell, monkeypatch, place, words, kept):
    monkeypatch.setattr(f"scorelet.tasks.{place}", interrupted)
    said = "Interrupted; what was finished is kept." if kept else "Interrupted."
    assert shell(*words.split()) == (130, "", f"{said}\n")


@pytest.mark.parametrize("where", ["basis.basis_of_picture", "denoise.denoise_files"])
def test_a_polite_kill_says_what_is_kept(monkeypatch, capsys, where):
    def end(*_, **__):
        raise SystemExit(STATUS)

    monkeypatch.setattr(f"scorelet.tasks.{where}", end)
    verb = where.split(".")[0]
    with pytest.raises(SystemExit, match=str(STATUS)):
        run([verb, "a.png", *(["b.png"] if verb == "denoise" else [])])
    said = "Interrupted; what was finished is kept.\n" if verb == "denoise" else ""
    assert capsys.readouterr().err == said


def test_an_interrupted_training_says_which_steps_are_kept(shell, monkeypatch, tmp_path):
    monkeypatch.setattr("scorelet.tasks.train.train", interrupted)
    words = ("train", "photo", "--cfg.output", tmp_path)
    said = "Interrupted; no state of the run was saved.\n"
    assert shell(*words) == (130, "", said)
    (tmp_path / "state.safetensors").touch()
    monkeypatch.setattr("scorelet.training.state.read_facts", lambda _path: {"step": 7})
    said = f"Interrupted; {tmp_path} holds 7 steps: --resume goes on from there.\n"
    assert shell(*words) == (130, "", said)


def test_reproduce_takes_the_device_that_auto_chooses(shell, monkeypatch):
    def choose(name="auto"):
        return torch.device("cuda" if name == "auto" else name)

    monkeypatch.setattr("scorelet.core.device.choose_device", choose)
    status, _, stderr = shell("reproduce", "rainbow", "--device", "cpu")
    assert status == 2
    assert "on the one that auto chooses, here cuda: leave it out" in stderr


@pytest.mark.parametrize("command", [("audit",), ("field", "simulate")])
def test_options_of_several_values_have_no_negative_form(shell, command):
    assert "--empty" not in shell(*command, "--help")[1]
