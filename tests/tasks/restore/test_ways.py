"""restore: tasks as records, each of which is the whole of what the others know of it."""

from dataclasses import fields
from typing import get_args, get_type_hints

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import Pointwise, noisy, write_png
from scorelet.cli.restore import restore as command
from scorelet.data import read_picture
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models.measurements import KnownPixels, Observation
from scorelet.tasks.restore import TASKS, RestoreSettings, restore_files
from scorelet.tasks.restore.files import _DECIDES
from scorelet.tasks.restore.ways import Task, masks
from scorelet.tasks.restore.ways.base import Prepared, Words
from scorelet.tasks.restore.ways.known import known_whole, whole

WORDS = {
    "superres": {"factor": 3},
    "inpaint": {"mask": np.arange(192).reshape(16, 12) % 3 > 0},
    "deblur": {"blur": 0.8},
    "sensing": {"ratio": 0.7},
    "spectral": {"share": 0.7},
}
TOWARD_GRAY = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))


def test_every_word_belongs_to_a_task():
    """A kernel to two."""
    told = [field.name for field in fields(Words) if field.name not in ("task", "sigma")]
    words = [word for task in TASKS.values() for word in task.words]
    words.remove("kernel")
    assert words == told
    assert {*told} <= {*_DECIDES, "mask", "kernel"}  # what results of a job depend on
    assert [name for name, task in TASKS.items() if task.name != name] == []


def test_the_command_knows_all_tasks():
    assert get_args(get_type_hints(command)["task"]) == tuple(TASKS)


@pytest.mark.parametrize("sigma", [None, 0.1])
@pytest.mark.parametrize("task", TASKS)
def test_what_is_prepared_fits_together(task, sigma):
    """The guess is of what is observed, and the result is in its middle."""
    picture = in_memory(noisy(16, 12, 4)).pictures[0]
    settings = RestoreSettings(task, sigma=sigma, **WORDS[task])
    found = settings.prepare(picture)
    assert found.guess.shape == (1, 3, *found.observation.measurement.size)
    assert found.observation.measurement.noise == found.sigma == (sigma or found.sigma)
    beyond = [a - b for a, b in zip(found.guess.shape[2:], found.size, strict=True)]
    assert all(more >= 0 and more % 2 == 0 for more in beyond)
    assert found.size == tuple(settings.enlarges * side for side in (16, 12))
    assert found.alpha.shape == found.size
    assert found.calls == 39
    assert not (found.known.measured & found.known.missing).any()


@pytest.mark.parametrize("channels", [1, 4])
def test_a_mask_is_read_once(tmp_path, monkeypatch, channels):
    mask = np.full((8, 10, 1), 255, np.uint8)
    mask[3:5, 4:7] = 0
    write_png(tmp_path / "mask.png", mask)
    write_png(tmp_path / "a.png", noisy(8, 10, channels))
    read = []
    monkeypatch.setattr(masks, "read_picture", lambda path: read.append(path) or read_picture(path))
    settings = RestoreSettings(
        "inpaint", mask=tmp_path / "mask.png", model=TOWARD_GRAY, quality="fast"
    )
    (outcome,) = restore_files([tmp_path / "a.png"], tmp_path / "b.png", settings=settings)
    assert outcome.error is None
    assert read == [tmp_path / "mask.png"]


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 0, 0)])
def test_a_mask_the_other_way_round_is_doubted(colour):
    hole = np.zeros((16, 12), bool)
    hole[4:9, 3:8] = True
    x = noisy(16, 12, 3)
    x[hole] = colour
    words = {"task": "inpaint", "model": TOWARD_GRAY, "quality": "fast"}
    (said,) = sl.restore(x, mask=hole, **words).warnings
    assert said.startswith(f"all known pixels have one colour, {', '.join(map(str, colour))}, and")
    assert sl.restore(x, mask=~hole, **words).warnings == ()
    plain = np.full_like(x, 7)  # nothing is lost
    assert sl.restore(plain, mask=hole, **words).warnings == ()


def test_another_task_is_one_record(monkeypatch):
    """Of rows that are known, every second one."""

    def prepare(picture, words):
        known = known_whole(picture)
        x, rows = whole(picture, known.measured), torch.zeros(picture.pixels.shape[:2], dtype=bool)
        rows[::2] = True
        pixels = KnownPixels(rows, noise=words.sigma or 0.0)
        observation = Observation(pixels, pixels.coefficients(x))
        return Prepared(picture, known, observation, 0 * x + 0.5, 0.0, None, remarks=("rows",))

    monkeypatch.setitem(TASKS, "rows", Task("rows", (), prepare))
    x = noisy(8, 6, 1, dtype="float32")[..., 0].clip(0, 1)
    out = sl.restore(x, task="rows", quality="fast", model=TOWARD_GRAY)
    np.testing.assert_allclose(out.image[::2], x[::2], atol=1e-5)
    assert np.abs(out.image[1::2] - 0.5).mean() < 0.5 * np.abs(x[1::2] - 0.5).mean()
    assert out.warnings == ("rows",)
