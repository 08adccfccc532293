"""Two processes do what one does: the same global batch, the same gradient, one log."""

import subprocess
import sys
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from samples import TORCHRUN, loopback
from scorelet.core.errors import InputError, ScoreletError
from scorelet.training import loop, processes, read_log
from scorelet.training.processes import told_of_the_others
from training import small_runs

SCRIPT = Path(small_runs.__file__)
LAUNCHERS = {
    "torchrun": TORCHRUN,
    "accelerate": [
        # its --cpu starts one process whatever --num_processes says
        *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
        *("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"),
        *("--main_process_port", "0"),
    ],
}


def launch(launcher, folder):
    """Run the small runs in two processes that talk over the loopback interface.

    The program fails if threads that carry messages are left when it has taken leave: such a thread
    lets go of its last tensor whenever it is scheduled, and aborts if the interpreter has ended.
    """
    command = [sys.executable, *LAUNCHERS[launcher], str(SCRIPT), str(folder)]
    result = subprocess.run(
        command, env=loopback(), capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The folder of the same runs in this process."""
    folder = tmp_path_factory.mktemp("alone")
    small_runs.main(str(folder))
    return folder


def flat(tensors):
    return torch.cat([tensor.flatten().double() for tensor in tensors])


def assert_close(got, expected, tol):
    error = float((flat(got) - flat(expected)).norm() / flat(expected).norm())
    assert error < tol, error


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the loopback interface has another name")
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_processes_do_what_one_does(tmp_path, alone, launcher):
    launch(launcher, tmp_path)
    counts = (13, 6, 13, 4, 23)  # of parameters
    for name, parameters in zip(small_runs.RUNS, counts, strict=False):
        _assert_same_first_step(tmp_path / name, alone / name, parameters)
    _assert_one_run(tmp_path / "shuffle-unet 5 steps")
    (line,), (expected,) = (
        read_log(path / small_runs.RESUMED / "log.jsonl") for path in (tmp_path, alone)
    )
    assert line["loss"] == pytest.approx(expected["loss"], rel=1e-5)


def _assert_same_first_step(folder, alone, parameters):
    """AdamW's first moment after one step is a tenth of the gradient of the global batch.

    1e-6: two halves of a float32 sum are added in another order.
    """
    two, one = small_runs.state(folder), small_runs.state(alone)
    assert two.keys() == one.keys()
    moments = [name for name in one if name.endswith("exp_avg")]
    assert len(moments) == parameters  # every parameter of the network has one
    assert_close([two[n] for n in moments], [one[n] for n in moments], 1e-6)
    for name in moments:
        assert_close([two[name]], [one[name]], 1e-5)  # none is drowned by the others
    weights = [name for name in one if name.startswith("learner.")]
    assert_close([two[n] for n in weights], [one[n] for n in weights], 1e-6)
    (line,), (expected,) = (read_log(path / "log.jsonl") for path in (folder, alone))
    for name in ("loss", "gradient_norm"):  # the loss is the mean over both processes
        assert line[name] == pytest.approx(expected[name], rel=1e-6)


def _assert_one_run(folder):
    """Both processes hold the weights that are saved, and the log has every line once."""
    saved = small_runs.state(folder)
    for process in (0, 1):
        weights = torch.load(folder / f"weights{process}.pt")
        assert all(torch.equal(weights[name], saved[f"learner.{name}"]) for name in weights)
    assert [line["step"] for line in read_log(folder / "log.jsonl")] == [1, 2, 3, 4, 5]


@pytest.fixture
def three_processes(monkeypatch):
    """What the loop reads of an accelerator, as the second of three processes would see it."""

    class Second:
        num_processes, process_index, is_main_process = 3, 1, False
        device = torch.device("cpu")

        def __init__(self, device="auto"):
            assert device == "auto"

    monkeypatch.setattr(loop, "make_accelerator", Second)
    return Second


def test_a_batch_that_cannot_be_shared_is_one_sentence(tmp_path, three_processes):
    with pytest.raises(InputError, match=r"^A batch of 4 cannot be shared by 3 processes: .*\.$"):
        small_runs.trainer(small_runs.config(tmp_path))


def test_the_shares_of_the_processes_are_the_global_batch(tmp_path, three_processes):
    settings = small_runs.config(tmp_path, batch=6, steps=4)
    shares = []
    for index in range(3):
        three_processes.process_index = index
        shares.append(list(processes.shares(settings, 1, three_processes())))
    for step, batch in enumerate(zip(*shares, strict=True), start=1):
        assert list(chain.from_iterable(batch)) == list(range(6 * step, 6 * step + 6))


def test_a_run_alone_has_the_device_that_is_asked_for(monkeypatch):
    """Each run of a Python process its own."""
    usual = processes.make_accelerator().device
    monkeypatch.setattr(processes, "choose_device", lambda name: torch.device("meta"))
    assert processes.make_accelerator("cuda").device.type == "meta"
    assert processes.make_accelerator().device == usual


def test_each_of_several_processes_has_its_own_device(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match=r"^The device is 'cuda', and each of several .* or cpu"):
        processes.make_accelerator("cuda")


def test_several_processes_may_be_kept_on_the_cpu(monkeypatch):
    import accelerate

    asked = {}
    monkeypatch.setattr(accelerate, "Accelerator", lambda **words: asked.update(words))
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    for device, cpu in (("auto", False), ("cpu", True)):
        processes.make_accelerator(device)
        assert asked["cpu"] is cpu


def test_a_process_that_no_longer_answers_is_no_bug():
    """One alone, and what is not about messages, is as ever."""
    lost = RuntimeError("[/pytorch/third_party/gloo/x.cc:5] Connection closed by peer")

    def met(error, count):
        with told_of_the_others(SimpleNamespace(num_processes=count)):
            raise error

    for error in (lost, torch.distributed.DistBackendError("NCCL error")):
        with pytest.raises(ScoreletError, match=r"^Another process of the run does not answer \("):
            met(error, 2)
    for error, count in ((lost, 1), (RuntimeError("shapes"), 2)):
        with pytest.raises(RuntimeError) as caught:
            met(error, count)
        assert caught.value is error
