"""restore: pictures that fill a small part of their range are restored as if they filled it."""

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import Pointwise, waves
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models.measurements import BlockMeans, KnownPixels, Observation
from scorelet.tasks.restore import RestoreSettings
from scorelet.tasks.restore.ways.unit import UNIT, Unit, unit_of

MODEL = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5) - 0.2 * (y - 0.5) ** 3)
"""What it gives depends on the unit."""
FULL = (waves(16, 12, 3) - waves(16, 12, 3).min()) / np.ptp(waves(16, 12, 3))
KNOWN = np.random.default_rng(0).random((16, 12)) < 0.6
WORDS = {
    "superres": {},
    "inpaint": {"mask": KNOWN},
    "deblur": {"blur": 0.8, "edges": "mirrored"},
}


def restored(x, task, **words):
    return sl.restore(x, task=task, quality="fast", model=MODEL, **WORDS[task], **words)


def test_a_small_range_is_the_unit():
    assert unit_of(np.float32([[0.25, 0.5], [0.25, 0.375]])) == Unit(0.25, 0.25)
    assert unit_of(np.array([[0, 13107]], np.uint16)).size == pytest.approx(0.2)
    assert unit_of(np.array([[0, 50]], np.uint8)) == UNIT
    for ends in ((0, 0.5), (0, 1), (0.2, 0.2), (-0.2, 1.3)):
        assert unit_of(np.float32([ends])) == UNIT


@pytest.mark.parametrize("task", WORDS)
@pytest.mark.parametrize("sigma", [None, 0.1])
def test_the_unit_of_a_picture_does_not_matter(task, sigma):
    found = []
    for scale, black in ((0.25, 0.25), (1 / 64, 0.5)):
        x = (scale * FULL + black).astype(np.float32)
        out = restored(x, task, sigma=None if sigma is None else sigma * scale)
        found.append(((out.image - black) / scale, out.deviation / scale, out.sigma / scale))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)


def test_what_was_measured_of_a_small_range_stays():
    x = (FULL / 64 + 0.3).astype(np.float32)
    large = restored(x, "superres").image
    np.testing.assert_allclose(large.reshape(16, 2, 12, 2, 3).mean((1, 3)), x, atol=2e-7)
    out = restored(x, "inpaint", samples=1)
    for image in (out.image, out.samples[0]):
        assert np.array_equal(image[KNOWN], x[KNOWN])


def test_missing_pixels_do_not_tell_the_unit():
    x = (FULL / 64 + 0.3).astype(np.float32)
    painted = np.where(KNOWN[..., None], x, np.float32(1))
    assert np.array_equal(restored(painted, "inpaint").image, restored(x, "inpaint").image)


@pytest.mark.parametrize("how", [BlockMeans((4, 6), 2), KnownPixels(np.eye(4, 6))])
def test_what_is_observed_in_a_unit_is_brought_back(how):
    x, unit = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0)), Unit(0.2, 0.1)
    found = unit.observed(Observation(how, how.measure((x - 0.2) / 0.1)))
    torch.testing.assert_close(found.value, how.measure(x))
    torch.testing.assert_close(unit.back((x - 0.2) / 0.1), x)


def test_pictures_that_fill_their_range_are_prepared_once(monkeypatch):
    asked = []
    monkeypatch.setattr(Unit, "shown", lambda _unit, picture: asked.append(1) or picture)
    restored(FULL.astype(np.float32), "superres")
    assert asked == []
    restored(FULL.astype(np.float32) / 4, "superres")
    assert asked == [1]


def test_noise_is_shown_no_stronger_than_a_model_learnt():
    x = np.float32([[0.25], [0.375]])
    assert unit_of(x, least=0.25) == Unit(0.25, 0.25)
    assert unit_of(x, least=0.1) == Unit(0.25, 0.125)
    assert unit_of(x, least=0.5) == UNIT


def test_samples_that_only_projections_tell_have_no_unit():
    x = in_memory((FULL / 16).astype(np.float32)).pictures[0]
    words = {"sensing": {"ratio": 0.7}, "spectral": {"share": 0.7}}
    for task, said in words.items():
        assert RestoreSettings(task, model=MODEL, **said).prepare(x).unit == UNIT


def test_the_ends_of_a_unit_are_not_black_and_white():
    """A blurred star is the brightest pixel of its picture, and brighter without the blur."""
    y = np.float32(0.11 + 0.01 * np.random.default_rng(0).random((40, 40)))
    y[5, 5], y[20, 20] = 0.1, 0.3
    found = RestoreSettings("deblur", blur=1.0, model=MODEL).prepare(in_memory(y).pictures[0])
    assert (found.unit.offset, found.unit.size) == pytest.approx((0.1, 0.2))
    assert found.observation.measurement.limits == (-np.inf, np.inf)
    assert found.sign(torch.full((1, 1, 40, 40), 2.0)) is None
