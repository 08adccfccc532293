"""What an audit says of its duration: every kind of its work is counted."""

import time

import numpy as np
import pytest
import torch

from scorelet.models import Denoiser
from scorelet.tasks.audit import AuditSettings, Network, outlook
from scorelet.tasks.audit.measure import Pair, measure
from scorelet.tasks.audit.outlook import Left, Pace, denoised_pictures, try_pace, work_left
from scorelet.tasks.audit.twins import HALVES, twin_config, twin_folder, write_halves
from scorelet.training.run_folder import STATE

TINY = AuditSettings((3, 6), 4, samples=2, network=Network("BFCNN", {"width": 2, "depth": 3}, 8, 4))


class Counting(Denoiser):
    """Shrinks towards gray, and counts what it is given."""

    blind = True
    seen = 0

    def _denoise(self, y, sigma, cond, label):
        Counting.seen += len(y)
        return 0.5 + 0.2 * (y - 0.5)


@pytest.mark.parametrize("size", [2, 7])
def test_every_picture_that_is_denoised_is_counted(size, monkeypatch):
    monkeypatch.setattr(Counting, "seen", 0)
    x = torch.rand(4 + 2 * size, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    pair = Pair(Counting(), Counting(), x[4 : 4 + size], x[4 + size :])
    measure(pair, x[:4], TINY)
    assert Counting.seen == denoised_pictures(size, TINY)


def test_what_is_kept_is_not_counted(tmp_path, monkeypatch):
    each = [denoised_pictures(size, TINY) for size in TINY.sizes]
    assert work_left(tmp_path, TINY) == Left(4, 32, 2, sum(each))
    for name in ("3-first", "3-second", "3", "6-first"):
        (tmp_path / f"{name}.json").touch()
    assert work_left(tmp_path, TINY) == Left(1, 8, 1, each[1])
    begun = twin_folder(tmp_path, "second", 6)
    begun.mkdir()
    (begun / STATE).touch()
    monkeypatch.setattr(outlook, "read_facts", lambda _path: {"step": 3})
    assert work_left(tmp_path, TINY) == Left(1, 5, 1, each[1])
    assert Left(1, 5, 1, 20).seconds(Pace(step=2.0, picture=0.1)) == pytest.approx(12)


def test_the_sentence_names_measurements_and_their_time(tmp_path, monkeypatch):
    monkeypatch.setattr(outlook, "try_pace", lambda *_: Pace(step=1.0, picture=0.0))
    held_out = torch.zeros(4, 1, 8, 8)
    said = outlook.outlook(tmp_path, held_out, TINY)
    assert said.startswith("4 trainings of 8 steps and 2 measurements of twins: about 32 seconds;")
    for half in HALVES:
        for size in TINY.sizes:
            (tmp_path / f"{size}-{half}.json").touch()
    pictures = sum(denoised_pictures(size, TINY) for size in TINY.sizes)
    monkeypatch.setattr(outlook, "try_pace", lambda *_: Pace(step=1.0, picture=10 / pictures))
    said = outlook.outlook(tmp_path, held_out, TINY)
    assert said.startswith("2 measurements of twins: about 10 seconds;")
    for size in TINY.sizes:
        (tmp_path / f"{size}.json").touch()
    assert outlook.outlook(tmp_path, held_out, TINY) is None


@pytest.mark.slow
def test_whole_steps_are_timed_and_nothing_is_kept(tmp_path, monkeypatch):
    """On a clock that only the optimiser, the averaged weights and a denoised batch move."""
    now = [0.0]
    step, update = torch.optim.AdamW.step, torch.optim.swa_utils.AveragedModel.update_parameters

    def after(work, seconds):
        def slow(*args, **kwargs):
            now[0] += seconds
            return work(*args, **kwargs)

        return slow

    monkeypatch.setattr(torch.optim.AdamW, "step", after(step, 2.0))
    monkeypatch.setattr(torch.optim.swa_utils.AveragedModel, "update_parameters", after(update, 1))
    monkeypatch.setattr(outlook, "psnr_by_level", after(outlook.psnr_by_level, 6.0))
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    x = np.random.default_rng(0).integers(0, 256, (6, 12, 12, 1), dtype=np.uint8)
    write_halves(tmp_path, {"first": x})
    config = twin_config(tmp_path, "first", 6, TINY)
    found = try_pace(config, torch.rand(4, 1, 12, 12), "cpu")
    assert found == Pace(step=3.0, picture=1.5)
    assert [path.name for path in tmp_path.iterdir()] == ["pictures.npz"]
