"""The command as a process: what ends it before it has begun."""

import subprocess
import sys
import time
from types import ModuleType

import pytest

from samples import environment
from scorelet.__main__ import main


class Loading(ModuleType):
    """A module whose import is interrupted."""

    def __getattr__(self, name):
        raise KeyboardInterrupt


def test_an_interruption_while_the_command_loads_shows_no_traceback(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "scorelet.cli.main", Loading("main"))
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == "Interrupted.\n"


KILLED_IN_A_CALLBACK = """
import ctypes, os, signal
from pathlib import Path
from scorelet.cli.main import main
from scorelet.tasks import evaluate, jobs

@ctypes.CFUNCTYPE(None)
def call():
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass

def compiled(*_, **__):
    call()  # the exit is dropped here
    raise RuntimeError("missing Environment")

def file_by_file(*_, **__):
    task = jobs.FileTask(Path("a.png"), Path("b.png"))
    return jobs._outcome(task, compiled)

evaluate.evaluate = {}
main(["evaluate", "--data", "a"])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
@pytest.mark.parametrize("work", ["compiled", "file_by_file"])
def test_a_polite_kill_within_a_callback_of_compiled_code_is_no_bug(work):
    job = subprocess.run(
        [sys.executable, "-c", KILLED_IN_A_CALLBACK.replace("{}", work)],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert (job.returncode, job.stdout, job.stderr) == (143, b"", b"")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
def test_a_polite_kill_leaves_no_half_file(tmp_path):
    """The status is that of the page, 128 + 15."""
    words = ["field", "simulate", "power_law", "-n", "50000", "--size", "64", "-o"]
    job = subprocess.Popen(
        [sys.executable, "-m", "scorelet", *words, str(tmp_path / "a.npy")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    until = time.monotonic() + 240  # on a busy machine
    while not any(path.stat().st_size for path in tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    job.terminate()
    stdout, stderr = job.communicate()
    assert (job.returncode, stdout) == (143, b"")
    assert b"Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", ["noise -", "denoise - -o out.png", "denoise in.png -o -"])
def test_a_dash_is_no_misspelt_option(shell, words):
    status, stdout, stderr = shell(*words.split())
    assert (status, stdout) == (2, "")
    assert "pipes are neither read nor written" in stderr
    assert "Did you mean" not in stderr


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("sample -n -", "-n requires an argument"),
        ("denoise in.png --strength -", "--strength requires an argument"),
        ("denoise in.png --bogus -", "Unknown option: --bogus"),
        ("denoise in.png --sigma 5 --strength -o -", "--strength requires an argument"),
    ],
)
def test_a_dash_elsewhere_is_not_taken_for_a_pipe(shell, words, about):
    status, stdout, stderr = shell(*words.split())
    assert (status, stdout) == (2, "")
    assert about in stderr
    assert "pipes" not in stderr
