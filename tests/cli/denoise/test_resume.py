"""`scorelet denoise --resume`: a job that was cut off, and a job of other settings."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from denoise_samples import write_and_get
from samples import environment, names, noisy, write_model, write_png


def test_resume_keeps_what_is_done(shell):
    for name in ("in/a.png", "in/b.png"):
        write_and_get(name)
    assert shell("in")[0] == 0
    Path("in_denoised/b.png").unlink()
    kept = Path("in_denoised/a.png").stat().st_mtime_ns
    assert shell("in")[0] == 2  # not without being told
    status, stdout, _ = shell("in", "--resume")
    assert status == 0
    assert "in_denoised/a.png (kept from before)" in stdout
    assert "in_denoised/b.png\n" in stdout
    assert Path("in_denoised/a.png").stat().st_mtime_ns == kept


def test_resuming_with_another_model_does_everything_anew(shell, tmp_path):
    write_and_get("in/a.png")
    model = write_model(tmp_path / "m.safetensors", seed=3)
    assert shell("in", "--model", model)[0] == 0
    first = Path("in_denoised/a.png").read_bytes()
    write_model(model, seed=4)  # of the same name and size
    assert shell("in", "--model", model, "--resume")[0] == 0
    assert Path("in_denoised/a.png").read_bytes() != first


@pytest.mark.slow
def test_resuming_in_another_dtype_does_everything_anew(shell, monkeypatch):
    """bfloat16 is chosen by a measurement: a job must not become a mixture."""
    write_and_get("in/a.png")
    assert shell("in")[0] == 0
    monkeypatch.setenv("SCORELET_DTYPE", "bfloat16")
    status, stdout, _ = shell("in", "--resume")
    assert status == 0
    assert "kept from before" not in stdout
    shell("in", "-o", "fresh")
    assert Path("in_denoised/a.png").read_bytes() == Path("fresh/a.png").read_bytes()


def report(stdout):
    document = json.loads(stdout)
    del document["seconds"]
    return document


@pytest.mark.slow
def test_killed_in_the_middle_and_resumed_is_as_if_undisturbed(shell, tmp_path, monkeypatch):
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    for k in range(6):
        write_png(killed / "in" / f"{k}.png", noisy(160, 160, seed=k, dtype="uint16"))
    (killed / "in" / "3.png").write_text("broken")
    shutil.copytree(killed, undisturbed)

    words = ["in", "-o", "out", "--json", "--model", "photo", "--device", "cpu"]
    job = subprocess.Popen(
        [sys.executable, "-m", "scorelet", "denoise", *words],
        cwd=killed,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 240  # on a busy machine
    while len(list(killed.glob("out/[0-9].png"))) < 2 and time.monotonic() < until:
        time.sleep(0.005)
    job.kill()
    assert job.wait() == -signal.SIGKILL
    done = {path.name: path.stat().st_mtime_ns for path in killed.glob("out/[0-9].png")}
    assert 2 <= len(done) < 5

    monkeypatch.chdir(undisturbed)
    status, expected, _ = shell(*words)
    assert status == 1
    monkeypatch.chdir(killed)
    status, resumed, stderr = shell(*words, "--resume")
    assert status == 1
    assert "kept from before" in stderr
    assert report(resumed) == report(expected)
    assert (
        names(killed / "out") == names(undisturbed / "out") == [f"{k}.png" for k in (0, 1, 2, 4, 5)]
    )
    for name in names(killed / "out"):
        assert (killed / "out" / name).read_bytes() == (undisturbed / "out" / name).read_bytes()
    assert (killed / "out" / "0.png").stat().st_mtime_ns == done["0.png"]  # not made again
