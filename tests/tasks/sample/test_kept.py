"""Samples are kept as they are drawn, whatever ends the process."""

import signal
import sys

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.cli.main import run
from scorelet.core import ending
from scorelet.core.ending import heed_sigterm
from scorelet.data import read_picture
from scorelet.models import Denoiser
from scorelet.sampling import DivergenceError
from scorelet.tasks.sample import SampleSettings
from scorelet.tasks.sample.verb import drawn
from small_cascades import blind


class Diverges(Denoiser):
    """Right until its fourth call."""

    blind = True
    calls = 0

    def _denoise(self, y, sigma, cond, label):
        self.calls += 1
        return y if self.calls < 4 else y * torch.inf


def test_divergence_says_where_and_keeps_what_was_done(tmp_path, monkeypatch):
    model = blind()
    model.coarse = Diverges()
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    settings = SampleSettings(model, 5, steps=3, sampler="ddim")
    with pytest.raises(DivergenceError, match=r"step 1 of 3 of scale 0.*sample before is in"):
        drawn(settings, output=tmp_path / "x.npy")
    assert np.load(tmp_path / "x.npy").shape == (1, 1, 16, 24)
    model.coarse = Diverges()
    with pytest.raises(DivergenceError, match="scale 0"):
        sl.sample(model, n=5, steps=3, sampler="ddim")


class Interrupts(Diverges):
    """Right until its fourth call; then somebody presses a key."""

    def _denoise(self, y, sigma, cond, label):
        self.calls += 1
        if self.calls >= 4:
            raise KeyboardInterrupt
        return y


def test_an_interrupt_keeps_what_was_done_and_says_so(tmp_path, monkeypatch):
    model = blind()
    model.coarse = Interrupts()
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    settings = SampleSettings(model, 5, steps=3, sampler="ddim", first=10)
    told = r"The sample before is in .*--first.* 11 and .* 4 draw the others"
    with pytest.raises(KeyboardInterrupt, match=told + " into another file"):
        drawn(settings, output=tmp_path / "x.npy")
    assert np.load(tmp_path / "x.npy").shape == (1, 1, 16, 24)
    model.coarse.calls = 0
    with pytest.raises(KeyboardInterrupt, match=told + r"\."):
        drawn(settings, output=f"{tmp_path}/x/")
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["sample_010.png"]
    model.coarse.calls = 4  # in its first batch
    with pytest.raises(KeyboardInterrupt, match="nothing was written"):
        drawn(settings, output=tmp_path / "y.npy")
    assert not (tmp_path / "y.npy").exists()


class Killed(Diverges):
    """Right; in its fourth call a signal comes."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def _denoise(self, y, sigma, cond, label):
        self.calls += 1
        if self.calls == 4:
            signal.raise_signal(self.number)
        return y


@pytest.fixture
def heeded(monkeypatch):
    """A process that signals end as they end the command, also in the background of a shell."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(ending, "_came", False)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    heed_sigterm()
    yield
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("name", ["x.npy", "x/"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_keeps_what_was_done_and_says_so(
    tmp_path, monkeypatch, heeded, capsys, number, name
):
    model = blind()
    model.coarse = Killed(number)
    monkeypatch.setattr("scorelet.tasks.sample.cascades.load", lambda _: model)
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    monkeypatch.chdir(tmp_path)
    words = ["-n", "5", "--steps", "3", "--sampler", "ddim", "--first", "10", "--quiet"]
    if number == signal.SIGINT:
        assert run(["sample", *words, "-o", name]) == 130
    else:
        with pytest.raises(SystemExit) as ended:
            run(["sample", *words, "-o", name])
        assert ended.value.code == 143
    into = "" if name == "x/" else " into another file"
    others = f"first (--first) 11 and n (-n) 4 draw the others{into}"
    said = f"The sample before is in {name}; {others}."
    assert capsys.readouterr().err == f"Interrupted. {said}\n"
    assert model.coarse.calls == 4  # the step is finished, and no other is begun
    if name == "x/":
        assert [path.name for path in (tmp_path / "x").iterdir()] == ["sample_010.png"]
    else:
        assert np.load(tmp_path / "x.npy").shape == (1, 1, 16, 24)


class Looks(Denoiser):
    """Tells which files are there at each call."""

    blind = True

    def __init__(self, folder, seen):
        super().__init__()
        self.look = lambda: seen.append(len(list(folder.iterdir())))

    def _denoise(self, y, sigma, cond, label):
        self.look()
        return y


@pytest.mark.parametrize("unit", [[0, 1], None])
def test_pictures_of_a_folder_are_written_as_they_are_drawn(tmp_path, monkeypatch, unit):
    """Whatever ends the process then; and black and white are the same in all."""
    model = blind()
    model.record["range"] = unit
    seen = []
    model.coarse = Looks(tmp_path, seen)
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 2 * 16 * 24)
    drawn(SampleSettings(model, 5, steps=1, sampler="ddim"), tmp_path)
    assert seen == [0, 2, 4]
    images = sl.sample(model, n=5, steps=1, sampler="ddim").images[:, 0]
    low, high = (0, 1) if unit else np.quantile(images[:2], (0.001, 0.999))
    expected = np.rint(255 * ((images - low) / (high - low)).clip(0, 1))
    found = [read_picture(file).pixels[..., 0] for file in sorted(tmp_path.iterdir())]
    assert np.abs(np.stack(found) - expected).max() <= 1
