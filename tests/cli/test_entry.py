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
