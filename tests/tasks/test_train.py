"""`scorelet train`: pictures and a YAML file in, a model that can be loaded out; killed or not."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import scorelet as sl
from samples import assert_one_sentence, environment
from scorelet.cli.main import run
from scorelet.core.checkpoint import load_tensors
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.data import Picture, PictureMetadata, load_pictures, write_picture
from scorelet.models import LevelMapDenoiser, ResidualDenoiser, TurnedDenoiser
from scorelet.tasks.evaluate import mean_psnr
from scorelet.tasks.experiments import read_config
from scorelet.tasks.train import train, train_once
from scorelet.training import Trainer, loop, read_log
from scorelet.training.processes import make_accelerator
from scorelet.zoo import build_network, load

OPTIONS = {"channels": 3, "widths": [8, 20], "encoder": [1, 1], "decoder": [1]}


pytestmark = pytest.mark.usefixtures("float32")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Five pictures of smooth colours, and one of nothing but noise in a folder of its own."""
    root = tmp_path_factory.mktemp("data")
    for k in range(6):
        rng = np.random.default_rng(k)
        coarse = rng.uniform(size=(6, 5, 3))
        pixels = (255 * coarse.repeat(8, 0).repeat(8, 1)).astype(np.uint8)
        folder = root / ("noise" if k == 5 else "flat")
        folder.mkdir(exist_ok=True)
        if k == 5:
            pixels = rng.integers(0, 256, pixels.shape, dtype=np.uint8)
        write_picture(folder / f"{k}.png", Picture(pixels, None, PictureMetadata(kind="png")))
    return root


@pytest.fixture
def file(configuration, photos):
    """Make a configuration; sections are merged into the usual ones."""
    pictures = {"train": [str(photos / "flat")], "channels": 3, "gray": 0.5}
    tree = {
        "model": {"architecture": "ShuffleUNet", "options": OPTIONS},
        "data": pictures | {"patch": 16, "batch": 4, "sigma": [0, 55]},
        "optimizer": {"name": "muon", "rate": 3e-3},
        "schedule": {"warmup": 10},
    }
    return partial(configuration, tree)


@pytest.mark.slow
def test_a_run_leaves_a_model_that_denoises_what_it_has_seen(file, tmp_path, photos, capsys):
    config = file(data={"validation": [str(photos / "flat")]}, steps=200, tensorboard=True)
    assert run(["train", str(config), "--json"]) == 0
    weights = tmp_path / "run" / "weights.safetensors"
    printed = capsys.readouterr()
    assert yaml.safe_load(printed.out) == {"weights": str(weights), "steps": 200}
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "best.safetensors",
        "config.yaml",
        "log.jsonl",
        "state.safetensors",
        "tensorboard",
        "weights.safetensors",
    }
    assert read_config(tmp_path / "run" / "config.yaml") == read_config(config)
    denoiser = sl.load(weights)
    lines = read_log(tmp_path / "run" / "log.jsonl")
    last = [line for line in lines if "psnr3_25" in line][-1]
    assert last["step"] == 200
    for channels in (1, 3):
        pictures = load_pictures(photos / "flat", channels=channels)
        gained = mean_psnr(denoiser, pictures, 25.0)
        assert gained == pytest.approx(last[f"psnr{channels}_25"], abs=1e-3)  # 4 digits are logged
        assert gained > 20 * np.log10(255 / 25) + 1  # dB above the noisy pictures


@pytest.mark.slow
def test_files_of_a_folder_that_are_no_pictures_are_counted_and_named(file, tmp_path, capsys):
    folder = tmp_path / "some"
    folder.mkdir()
    write_picture(folder / "a.png", Picture(np.full((16, 16, 3), 99, np.uint8)))
    (folder / "b.jxl").write_bytes(b"")
    data = {"train": [str(folder)], "validation": [str(folder)]}
    assert run(["train", str(file(data=data, steps=1))]) == 0
    said = f"in {folder}, 1 file is of no kind that is read: 1 .jxl (b.jxl)"
    assert " ".join(capsys.readouterr().err.split()).count(said) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX systems")
@pytest.mark.slow
@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_has_one_training_at_a_time(file, tmp_path, resume):
    config, refused = read_config(file(steps=2)), []

    def second_run(_):
        with pytest.raises(InputError, match=f"process {os.getpid()}.*choose another output"):
            train(config, resume=resume, quiet=True)
        refused.append(True)

    train(config, quiet=True, warn=second_run)  # that it is shorter than its warm-up
    assert refused
    assert not list((tmp_path / "run").glob(".*"))
    train(config, resume=True, quiet=True)  # the folder is free again


@pytest.mark.slow
def test_a_training_once_and_for_all_keeps_no_state(file, tmp_path):
    found = train_once(read_config(file(steps=2)), "twin", quiet=True)
    weights = tmp_path / "run" / "weights.safetensors"
    assert found["parameters"] == sum(p.numel() for p in sl.load(weights).parameters())
    assert found["seconds"] >= 0  # in tenths
    assert not (tmp_path / "run" / "state.safetensors").exists()


@pytest.mark.slow
def test_the_weights_are_the_averages_of_the_state(file, tmp_path):
    assert run(["train", str(file()), "--quiet"]) == 0
    tensors, header = load_tensors(tmp_path / "run" / "state.safetensors")
    assert header["facts"]["step"] == 60
    start = "average.module.model.network."
    network = build_network("ShuffleUNet", OPTIONS)
    network.load_state_dict({n.removeprefix(start): t for n, t in tensors.items() if start in n})
    y = torch.rand((1, 3, 20, 24), generator=generator(0))
    with torch.no_grad():
        expected = ResidualDenoiser(network.eval())(y)
        assert torch.equal(sl.load(tmp_path / "run" / "weights.safetensors")(y), expected)
    live = {n for n in tensors if n.startswith("learner.")}
    assert not all(torch.equal(tensors[n], tensors[f"average.module.{n[8:]}"]) for n in live)


def test_overrides_of_the_shell_win(file, tmp_path):
    words = ["--cfg.steps", "2", "--cfg.seed=5", "--cfg.optimizer.rate", "1e-4"]
    assert run(["train", str(file()), *words, "--quiet"]) == 0
    used = read_config(tmp_path / "run" / "config.yaml")
    assert (used.steps, used.seed, used.optimizer.rate) == (2, 5, 1e-4)
    assert load_tensors(tmp_path / "run" / "state.safetensors")[1]["facts"]["step"] == 2


@pytest.mark.slow
def test_the_result_is_a_function_of_the_configuration(file, tmp_path):
    for output, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(read_config(file(output, seed=seed, steps=5)), quiet=True)
    a, b, c = (load_tensors(tmp_path / name / "state.safetensors")[0] for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not any(torch.equal(a[n], c[n]) for n in a if n.endswith("expand.weight"))


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_weights_of_an_undisturbed_one(file, tmp_path):
    """SIGKILL in the middle: nothing can be tidied up, and nothing needs to be."""
    undisturbed, killed = (
        file(name, steps=150, save_every=20, precision="bf16", data={"workers": 1})
        for name in ("undisturbed", "killed")
    )
    state = tmp_path / "killed" / "state.safetensors"
    ended = _signal_when(state, killed, signal.SIGKILL)
    assert ended[0] == -signal.SIGKILL
    step = load_tensors(state)[1]["facts"]["step"]
    assert 20 <= step < 150
    assert run(["train", str(killed)]) == 2  # the folder is in use
    assert run(["train", str(killed), "--resume", "--quiet"]) == 0
    assert run(["train", str(undisturbed), "--quiet"]) == 0
    for name in ("state", "weights"):
        ours, theirs = (
            load_tensors(tmp_path / folder / f"{name}.safetensors")
            for folder in ("killed", "undisturbed")
        )
        for header in (ours[1], theirs[1]):
            header.get("facts", {}).get("config", {}).pop("output", None)
        assert ours[1] == theirs[1]
        assert ours[0].keys() == theirs[0].keys()
        assert all(torch.equal(ours[0][key], theirs[0][key]) for key in ours[0])
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("killed", "undisturbed")]
    assert [line["loss"] for line in logs[0]] == [line["loss"] for line in logs[1]]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "sigwaitinfo"), reason="senders of signals are not told")
def test_a_polite_kill_of_all_processes_of_a_run_saves_its_state(file, tmp_path):
    """As batch systems stop a job; the workers would die in the middle of the step."""
    path = file(steps=10**6, save_every=10**6, log_every=1, data={"workers": 2})
    log = tmp_path / "run" / "log.jsonl"
    status, said = _signal_when(log, path, signal.SIGTERM, to_all=True)
    step = load_tensors(tmp_path / "run" / "state.safetensors")[1]["facts"]["step"]
    assert step == read_log(log)[-1]["step"]
    assert said.startswith(f"Interrupted; {tmp_path / 'run'} holds {step} step")
    assert status == 143


def _signal_when(path: Path, run: Path, number: int, *, to_all: bool = False) -> tuple[int, str]:
    """Train in a group of its own; once a file is there, signal the run; its status and words."""
    command = [sys.executable, "-m", "scorelet", "train", str(run), "--quiet"]
    with subprocess.Popen(
        command, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 240  # on a busy machine
        while not path.exists() or not path.stat().st_size:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        (os.killpg if to_all else os.kill)(process.pid, number)
        said = process.communicate()[1]
    return process.returncode, said


@pytest.fixture
def interrupted(monkeypatch):
    """Make the third step of a run get so many signals."""
    step = Trainer._one_step

    def arrange(count, name=signal.SIGINT):
        def interrupted_step(trainer, parts):
            for _ in range(count if trainer.step == 2 else 0):
                signal.raise_signal(name)
            return step(trainer, parts)

        monkeypatch.setattr(Trainer, "_one_step", interrupted_step)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs of a shell ignore it
    yield arrange
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_run_saves_its_state_after_the_step(file, tmp_path, interrupted, capsys):
    """And goes on to the weights of an undisturbed one; the usual handlers are back."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    rest = {"steps": 5, "schedule": {"warmup": 5}}
    path, whole = str(file(**rest)), file("whole", **rest)
    interrupted(1)
    assert run(["train", path, "--quiet"]) == 130
    said = f"Interrupted; {tmp_path / 'run'} holds 3 steps: --resume goes on from there.\n"
    assert capsys.readouterr().err == said
    assert (tmp_path / "run" / "weights.safetensors").exists()
    assert handlers == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert run(["train", path, "--quiet", "--resume"]) == 0
    interrupted(0)
    train(read_config(whole), quiet=True)
    ours, theirs = (load_tensors(tmp_path / n / "state.safetensors")[0] for n in ("run", "whole"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_second_interruption_ends_at_once_and_nothing_is_said_to_be_kept(
    file, tmp_path, interrupted, capsys
):
    interrupted(2)
    assert run(["train", str(file(steps=5, schedule={"warmup": 5})), "--quiet"]) == 130
    assert capsys.readouterr().err == "Interrupted; no state of the run was saved.\n"
    assert not (tmp_path / "run" / "state.safetensors").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
def test_a_polite_kill_saves_the_state_too_and_says_so(file, tmp_path, interrupted, capsys):
    interrupted(1, signal.SIGTERM)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with pytest.raises(SystemExit, match="143"):
            run(["train", str(file(steps=5, schedule={"warmup": 5})), "--quiet"])
    finally:
        signal.signal(signal.SIGTERM, before)
    said = f"Interrupted; {tmp_path / 'run'} holds 3 steps: --resume goes on from there.\n"
    assert capsys.readouterr().err == said
    assert load_tensors(tmp_path / "run" / "state.safetensors")[1]["facts"]["step"] == 3
    rest = {"steps": 5, "schedule": {"warmup": 5}}
    train(read_config(file(**rest)), quiet=True, resume=True)
    interrupted(0)
    train(read_config(file("whole", **rest)), quiet=True)
    ours, theirs = (load_tensors(tmp_path / n / "state.safetensors")[0] for n in ("run", "whole"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_run_is_on_the_device_that_is_asked_for(file, tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(loop, "make_accelerator", lambda d: asked.append(d) or make_accelerator(d))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    path = str(file(steps=1))
    assert run(["train", path, "--device", "cuda"]) == 2
    assert_one_sentence(capsys.readouterr().err, "This machine has no usable device 'cuda'")
    assert not (tmp_path / "run").exists()
    assert run(["train", path, "--device", "cpu", "--quiet"]) == 0
    train_once(read_config(file("once", steps=1)), "twin", quiet=True, device="cpu")
    train(read_config(file("python", steps=1)), quiet=True)
    assert asked == ["cpu", "cpu", "auto"]


def test_pictures_that_cannot_be_read_are_named_counted_and_left_out(file, tmp_path, photos):
    """Once, though they are read to learn from, and in colour and gray to validate on."""
    folder = tmp_path / "some"
    folder.mkdir()
    whole = (photos / "flat" / "0.png").read_bytes()
    (folder / "a.png").write_bytes(whole)
    (folder / "b.png").write_bytes(whole[:100])
    data = {"train": [str(folder)], "validation": [str(folder)]}
    config = read_config(file(data=data, steps=1, schedule={"warmup": 1}))
    said = []
    train(config, quiet=True, warn=said.append)
    (sentence,) = said
    assert sentence.startswith("1 of 2 pictures was left out (some/b.png): ")
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    os.remove(folder / "a.png")
    with pytest.raises(InputError, match=r"no picture that can be used \(1 file tried\): .*b\.png"):
        train(config, quiet=True)


@pytest.mark.slow
def test_training_can_start_from_weights_whose_shapes_agree(file, tmp_path):
    first = train(read_config(file("first", steps=2)), quiet=True)
    wider = OPTIONS | {"widths": [8, 24]}
    rest = {"optimizer": {"rate": 1e-12, "matrix_rate": 1e-12}, "steps": 1}
    model = {"options": wider, "start_from": str(first)}
    said = []
    second = train(read_config(file("second", model=model, **rest)), quiet=True, warn=said.append)
    assert f" come from {first}; " in said[0]
    old, new = (load_tensors(path)[0] for path in (first, second))
    same = {n for n in old if old[n].shape == new[n].shape}
    assert {"head.weight", "encoders.0.0.expand.weight"} <= same < set(old)
    for name in same:
        torch.testing.assert_close(new[name], old[name], rtol=0, atol=1e-9)  # a rate of 1e-12


@pytest.mark.slow
def test_a_network_that_is_told_a_level_starts_as_the_one_that_is_not(file, tmp_path):
    """The channel of the level comes last, with weights 0; then the teacher is what it learns."""
    first = train(read_config(file("first", steps=2, data={"channels": 3})), quiet=True)
    told = {"options": OPTIONS | {"channels": 4, "outputs": 3}, "start_from": str(first)}
    drown = {"teacher": str(first), "sigma": [2, 20]}
    settings = {"data": {"channels": 3}, "model": told, "drown": drown, "steps": 1}
    rest = {"optimizer": {"rate": 1e-12, "matrix_rate": 1e-12}}
    second = train(read_config(file("second", **settings, **rest)), quiet=True)
    blind, level_map = load(first), load(second)
    assert type(level_map) is LevelMapDenoiser
    y = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(level_map(y, 0.05), blind(y), rtol=0, atol=1e-6)
    old, new = (load_tensors(path)[0]["head.weight"] for path in (first, second))
    assert new.shape[1] == old.shape[1] + 4
    assert float(new[:, old.shape[1] :].abs().max()) < 1e-9


@pytest.mark.slow
def test_a_network_may_learn_its_own_answers_to_turned_pictures(file):
    """It comes nearer to the mean over all turns than it was."""
    first = train(read_config(file("first", steps=30)), quiet=True)
    again = {"model": {"start_from": str(first)}, "teach": {"teacher": str(first)}, "steps": 100}
    rest = {"optimizer": {"matrix_rate": 2e-3, "ema": 0.9}, "seed": 5}
    second = train(read_config(file("second", **again, **rest)), quiet=True)
    y = 0.5 + 0.2 * randn((4, 3, 32, 32), rng=generator(3))
    blind, pupil = load(first), load(second)
    goal = TurnedDenoiser(blind)(y)
    before, after = (float((f(y) - goal).detach().square().mean()) for f in (blind, pupil))
    assert after < 0.5 * before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"drown": {"sigma": [0, 20]}}, "drown.sigma starts above 0"),
        ({"drown": {}, "data": {"validation": ["x"]}}, "leave data.validation out"),
        ({"drown": {}, "teach": {}}, "drown and teach each say what is learnt: leave one out"),
        ({"teach": {"turns": 3}}, "teach.turns"),
        ({"teach": {"teacher": "grain"}}, "grain must be told the noise level"),
        (
            {"drown": {}, "model": {"options": OPTIONS | {"channels": 4}}},
            "set channels: 4 and outputs: 3 in model.options",
        ),
        ({"data": {"train": ["/no/such/folder"]}}, "There is no data '/no/such/folder' here"),
        ({"model": {"architecture": "Nix"}}, "Unknown architecture 'Nix': choose one of"),
        ({"model": {"options": {"widht": 3}}}, "ShuffleUNet does not take {'widht': 3}"),
        ({"model": {"start_from": "none.safetensors"}}, "no checkpoint none.safetensors: check"),
        ({"data": {"exclude": [f"flat/{k}.png" for k in range(5)]}}, "no pictures"),
    ],
)
def test_what_is_not_there_is_one_sentence_and_status_2(file, tmp_path, capsys, changes, message):
    assert run(["train", str(file(**changes))]) == 2
    assert_one_sentence(capsys.readouterr().err, message)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("", "output: The output is empty: give the name of a file or folder"),
        ("~nobody-of-this-name/run", "there is no such home folder"),
        ("/dev/null", "/dev/null cannot be a folder for the run (File exists): choose another"),
    ],
)
def test_an_output_that_is_no_folder_is_one_sentence(file, capsys, output, message):
    assert run(["train", str(file()), "--cfg.output", output]) == 2
    assert_one_sentence(capsys.readouterr().err, message)


def test_the_output_may_be_below_the_home_folder(file, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_config(file(), {"output": "~/here"}).output == tmp_path / "here"


@pytest.mark.slow
def test_pictures_that_are_excluded_are_not_learnt_from(file, tmp_path, photos):
    """Without the noise picture the folder of noise is the folder of one flat picture."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for source in (photos / "noise" / "5.png", photos / "flat" / "0.png"):
        (folder / source.name).write_bytes(source.read_bytes())
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "0.png").write_bytes((photos / "flat" / "0.png").read_bytes())
    mixed = file("a", steps=2, data={"train": [str(folder)], "exclude": ["mixed/5.png"]})
    plain = file("b", steps=2, data={"train": [str(alone)]})
    a, b = (load_tensors(train(read_config(path), quiet=True))[0] for path in (mixed, plain))
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    ("architecture", "options", "words"),
    [
        ("ScatteringHead", {"size": [16, 16], "scales": 1}, "returns logits, not images: choose"),
        (
            "UNet",
            {"channels": 1, "width": 4},
            "takes pictures of 1 channel and the patches are",
        ),
    ],
)
def test_a_network_that_does_not_fit_is_refused_before_the_run(
    file, tmp_path, architecture, options, words
):
    model = {"architecture": architecture, "options": options}
    tree = yaml.safe_load(file().read_text()) | {"model": model}
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(tree))
    with pytest.raises(InputError, match=f"^{architecture} {words}"):
        train(read_config(path), quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_run_that_diverges_is_told_so_by_its_validation(file, photos, capsys):
    data = {"validation": [str(photos / "noise")]}
    sgd = {"name": "sgd", "rate": 9e11, "clip": None}
    rest = {"schedule": {"warmup": 0}, "validate_every": 1, "data": data}
    assert run(["train", str(file(optimizer=sgd, **rest)), "--quiet"]) == 2
    message = (
        "After step 1 the answers to the pictures of the validation are NaN or infinite: lower"
    )
    assert_one_sentence(capsys.readouterr().err, message)


def test_a_folder_in_use_is_refused(file):
    config = read_config(file(steps=1))
    train(config, quiet=True)
    with pytest.raises(InputError, match="holds a run already"):
        train(config, quiet=True)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"zz")])
def test_a_finished_run_gives_its_weights_again(file, tmp_path, damage):
    config, weights, said = read_config(file(steps=2)), tmp_path / "run" / "weights.safetensors", []
    train(config, quiet=True)
    before = weights.read_bytes()
    damage(weights)
    assert train(config, quiet=True, resume=True, say=said.append) == weights
    assert said == ["all 2 steps are done: the weights are written again"]
    assert weights.read_bytes() == before


def test_a_resumed_run_says_where_it_goes_on(file):
    said = []
    train(read_config(file(steps=2)), quiet=True, say=said.append)
    assert said == []
    train(read_config(file(steps=3)), quiet=True, resume=True, say=said.append)
    assert said == ["goes on from step 2 of 3"]


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("name", ["weights", "best"])
def test_weights_whose_state_is_gone_are_not_written_over(file, tmp_path, name, resume):
    path = tmp_path / "run" / f"{name}.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"weights")
    message = f"{path} would be .* start_from: {path} to begin from these weights, or remove"
    with pytest.raises(InputError, match=message):
        train(read_config(file(steps=1)), quiet=True, resume=resume)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == b"weights"


def test_resume_without_a_state_says_that_it_begins_anew(file, tmp_path, capsys):
    assert run(["train", str(file(steps=2)), "--resume"]) == 0
    assert "run holds no state of a run, so that it begins anew" in capsys.readouterr().err


def test_a_run_that_ends_before_its_rate_has_risen_says_so(file):
    said = []
    for name, steps in (("short", 4), ("long", 10)):
        train(read_config(file(name, steps=steps)), quiet=True, warn=said.append)
    assert said == [
        "The rate rises for 10 steps and the run has 4, so that it ends at 0.4 of the rate: lower "
        "schedule.warmup, or raise steps."
    ]


def test_a_run_that_goes_on_with_other_pictures_says_so(file, tmp_path, photos):
    """Once: the state of a run holds what it was saved with."""
    folder = tmp_path / "some"
    folder.mkdir()
    said = []
    rest = {"data": {"train": [str(folder)]}, "schedule": {"warmup": 0, "shape": "constant"}}
    for number, name in enumerate(("0.png", "1.png", "1.png", "5.png"), start=1):
        source = photos / ("noise" if name == "5.png" else "flat") / name
        (folder / f"{min(number, 2)}.png").write_bytes(source.read_bytes())
        config = read_config(file(steps=number, **rest))
        train(config, quiet=True, resume=number > 1, warn=said.append)
    assert [text[:74] for text in said] == [
        "The data are others than when the run was saved (2 files now, 1 before): i",
        "The data are others than when the run was saved (in names or sizes): it go",
    ]


def test_a_finished_run_is_not_described_by_fewer_steps(file, tmp_path, capsys):
    path = str(file(steps=3, schedule={"warmup": 0}))
    assert run(["train", path, "--quiet"]) == 0
    before = (tmp_path / "run" / "config.yaml").read_text()
    assert run(["train", path, "--resume", "--cfg.steps", "2"]) == 2
    assert_one_sentence(capsys.readouterr().err, "holds 3 steps, and the run is to have 2")
    assert (tmp_path / "run" / "config.yaml").read_text() == before
