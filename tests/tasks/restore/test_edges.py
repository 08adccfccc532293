"""restore: what lies outside of a blurred picture."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

import scorelet as sl
from samples import Pointwise
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models.measurements import Blur, CutBlur
from scorelet.tasks.restore import RestoreSettings

TOWARD_GRAY = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))


def cut_out(side=48, blur=1.5):
    """Return a part of a scene of squares, and the same part of the scene when it is blurred."""
    cells = np.random.default_rng(0).uniform(0.1, 0.9, (12, 12))
    scene = np.kron(cells, np.ones((8, 8)))
    part = np.s_[20 : 20 + side, 22 : 22 + side]
    return scene[part], gaussian_filter(scene, blur)[part].astype(np.float32)


def off(image, x):
    return float(np.sqrt(np.mean((image - x) ** 2)))


@pytest.mark.slow
def test_a_part_of_a_blurred_scene_is_restored_to_its_edges():
    """Edges count as mirrored, which they are not, where that is said alone."""
    x, y = cut_out()
    found, same, mirrored = (
        sl.restore(y, task="deblur", blur=1.5, quality="fast", edges=edges).image
        for edges in (None, "unknown", "mirrored")
    )
    assert np.array_equal(found, same)
    assert off(found, x) < min(0.6 * off(mirrored, x), 0.25 * off(y, x))
    rim = np.ones_like(x, bool)
    rim[3:-3, 3:-3] = False
    assert off(found[rim], x[rim]) < 0.5 * off(mirrored[rim], x[rim])


@pytest.mark.slow
def test_white_is_where_a_sensor_ends():
    """A third of the scene is brighter; as measured pixels these would leave nine tenths."""
    x, y = cut_out(64)
    x, y = np.clip(1.6 * x, 0, 1), np.clip(1.6 * y, 0, 1)
    found = sl.restore(y, task="deblur", blur=1.5, quality="fast")
    assert off(found.image, x) < 0.6 * off(y, x)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "channels"), [(np.float32, 1), (np.uint8, 3), (np.uint16, 4), (np.float32, 4)]
)
def test_results_have_the_size_and_the_type_of_the_picture(dtype, channels):
    """With an opacity, which stays."""
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    y = (np.dstack([cut_out(24)[1][:20]] * channels) * white).astype(dtype)
    kernel = np.ones((1, 5)) / 5
    out = sl.restore(y, task="deblur", kernel=kernel, samples=2, model=TOWARD_GRAY)
    assert (out.image.shape, out.image.dtype) == (y.shape, dtype)
    assert out.deviation.shape == out.samples.shape[1:] == (20, 24, min(channels, 3))
    assert out.deviation.mean() > 0.005
    if channels == 4:
        assert np.array_equal(out.image[..., 3], y[..., 3])


@pytest.mark.slow
@pytest.mark.parametrize(("told", "swings"), [(1.5, False), (2.0, True)])
def test_a_blur_that_is_told_half_a_pixel_too_large_is_said(told, swings):
    y = cut_out()[1]
    for noise in (0, 2 / 255):
        noisy = y + noise * np.random.default_rng(1).normal(size=y.shape).astype(np.float32)
        said = sl.restore(noisy, task="deblur", blur=told, quality="fast").warnings
        assert any("give a smaller blur" in text for text in said) == swings


@pytest.mark.parametrize("blur", ["gaussian:1", "box:8"])
def test_a_swing_is_beyond_black_and_white_where_these_were_measured(blur):
    """Not as far from a white pixel as the kernel reaches, whose scene may be brighter."""
    y = np.full((40, 40), 0.5, np.float32)
    y[3, 3:5] = 1
    sign = RestoreSettings("deblur", blur=blur).prepare(in_memory(y).pictures[0]).sign
    for at, far in (((20, 20), True), ((7, 7), False)):
        found = torch.full((1, 1, 40, 40), 0.5)
        found[0, 0, at[0], at[1] - 1 : at[1] + 1] = torch.tensor([-0.11, 1.11])
        assert (sign(found) is not None) == far
        assert sign(found.clamp(-0.09, 1.09)) is None


def test_what_is_sought_reaches_as_far_as_the_kernel():
    picture = in_memory(cut_out(24)[1][:20]).pictures[0]
    kernel = np.ones((3, 7)) / 21
    for edges, kind, size in (
        (None, CutBlur, (22, 30)),
        ("unknown", CutBlur, (22, 30)),
        ("mirrored", Blur, (20, 24)),
    ):
        settings = RestoreSettings("deblur", kernel=kernel, edges=edges)
        prepared = settings.prepare(picture)
        assert type(prepared.observation.measurement) is kind
        assert prepared.observation.measurement.size == size == tuple(prepared.guess.shape[2:])
    settings = RestoreSettings("superres", factor=3)
    assert settings.prepare(picture).guess.shape == (1, 1, 60, 72)


def test_rounding_beyond_white_leaves_the_bounds():
    """One sample that is a float above white, as resampling makes."""
    x = np.clip(np.random.default_rng(0).random((24, 24)), 0, 1).astype(np.float32)
    x[3, 4] = 1 + 1e-6
    image = sl.restore(x, task="superres", factor=2, quality="fast").image
    assert image.min() >= 0
    assert image.max() <= 1
