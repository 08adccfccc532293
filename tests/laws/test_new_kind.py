"""A new kind of model goes all the way without a change in the package: see `toy_shrinkage`.

Trained to its closed form, killed and resumed to the same weights, trained by two processes, saved,
loaded, evaluated, used by a verb and refused by another; in Python, and from the shell by --import.
"""

import json
import math
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
import yaml

import scorelet as sl
from laws import toy_shrinkage
from laws.toy_shrinkage import VARIANCES, Shrinkage
from samples import TORCHRUN, loopback
from scorelet.cli.main import run
from scorelet.core.checkpoint import load_tensors
from scorelet.data import Picture, write_picture
from scorelet.tasks.experiments import read_config
from scorelet.tasks.train import train

LEVEL = 0.2
EXACT = torch.tensor([v / (v + LEVEL**2) for v in VARIANCES])
PROGRAM = toy_shrinkage.__file__

pytestmark = pytest.mark.usefixtures("float32")


@pytest.fixture
def configure(tmp_path):
    """Write the configuration of a run; return its path and the run's folder."""

    def make(name, **changes):
        tree = {
            "task": "shrinkage",
            "level": LEVEL,
            "steps": 300,
            "batch": 8,
            "save_every": 50,
            "optimizer": {"rate": 0.02, "ema": 0.9, "clip": None},
            "schedule": {"warmup": 0},
            "output": str(tmp_path / name),
            "tensorboard": False,
        }
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(tree | changes))
        return path, tmp_path / name

    return make


@pytest.fixture
def trained(configure):
    """The weights of a run that nobody disturbed."""
    return train(read_config(configure("undisturbed")[0]), quiet=True)


def scorelet(*words, launcher=()):
    """A command of the shell to which the toy is named, and its environment."""
    return [
        *(sys.executable, *launcher, "-m", "scorelet"),
        *(*map(str, words), "--import", PROGRAM, "--quiet"),
    ], loopback()


@pytest.mark.slow
def test_training_finds_the_closed_form(trained):
    """A step sees 512 numbers a channel; the average over the last steps is closer than 2 %."""
    model = sl.load(trained)
    assert type(model) is Shrinkage
    assert not model.training
    torch.testing.assert_close(model.gain.detach(), EXACT, rtol=0.02, atol=0)


@pytest.mark.slow
def test_killed_and_resumed_it_has_the_same_weights(trained, configure):
    path, folder = configure("killed")
    command, variables = scorelet("train", path)
    with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 240  # on a busy machine
        while not (folder / "state.safetensors").exists():
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert load_tensors(folder / "state.safetensors")[1]["facts"]["step"] < 300
    subprocess.run([*command, "--resume"], env=variables, check=True, timeout=240)
    assert torch.equal(sl.load(folder / "weights.safetensors").gain, sl.load(trained).gain)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the loopback interface has another name")
def test_two_processes_have_the_gradient_of_one(configure):
    """AdamW's first moment is a tenth of it; halves of a float32 sum are added in another order.

    The loss draws its noise, from what it is given.
    """
    (one, alone), (two, together) = (configure(name, steps=1) for name in ("one", "two"))
    train(read_config(one), quiet=True)
    command, variables = scorelet("train", two, launcher=TORCHRUN)
    subprocess.run(command, env=variables, check=True, capture_output=True, timeout=240)
    expected, found = (first_moment(folder) for folder in (alone, together))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)


def first_moment(folder):
    tensors, _ = load_tensors(folder / "state.safetensors")
    (moment,) = (t for key, t in tensors.items() if key.endswith("exp_avg"))
    return moment


@pytest.mark.slow
def test_the_shell_uses_it_and_without_it_says_what_is_missing(trained, tmp_path):
    picture, target = tmp_path / "gray.png", tmp_path / "out.png"
    write_picture(picture, Picture(np.full((64, 64, 3), 51, np.uint8)))
    for words in (["denoise", picture, "-o", target], ["evaluate", "--data", picture]):
        command, variables = scorelet(*words, "--model", trained, "--json")
        done = subprocess.run(command, env=variables, check=True, capture_output=True, timeout=240)
        assert json.loads(done.stdout)
    assert target.exists()
    command = [word for word in command if word not in ("--import", PROGRAM)]
    done = subprocess.run(command, env=variables, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "a model of the kind 'shrinkage', which this version of scorelet" in done.stderr
    assert "register" in done.stderr.replace("\n", " ")
    assert "--import FILE.py" in done.stderr


@pytest.mark.slow
def test_it_is_evaluated_and_used_by_verbs(trained, tmp_path, capsys):
    """On mid-gray of value g the error is exactly known: bias (1 - a) g and noise a s."""
    write_picture(tmp_path / "gray.png", Picture(np.full((64, 64, 3), 51, np.uint8)))
    gain = sl.load(trained).gain.detach()
    (row,) = sl.evaluate(tmp_path / "gray.png", model=trained, sigmas=[5.0])["rows"]
    error = ((1 - gain) * 0.2).square() + (gain * 5 / 255).square()
    # 4096 draws a channel: the noise's share of the error is known to 2 %, that of all is less
    assert row["psnr"] == pytest.approx(-10 * math.log10(float(error.mean())), abs=0.1)
    target = tmp_path / "out.png"
    words = ["denoise", str(tmp_path / "gray.png"), "-o", str(target), "--model", str(trained)]
    assert run(words) == 0, capsys.readouterr().err
    assert run(["classify", str(target), "--model", str(trained)]) == 2
    assert "is a shrinkage, and classify takes a classifier: use it with scorelet denoise" in (
        capsys.readouterr().err
    )
