"""Areas of one colour beside noise come back as they were, and hide nobody's noise."""

import numpy as np
import pytest
from skimage.data import camera

import scorelet as sl
from scorelet.data import Picture
from scorelet.data.pictures.drawn import draw_page
from scorelet.tasks.denoise.shown.painted import without_painted

pytestmark = pytest.mark.usefixtures("float32")
SIGMA = 10.0
CLEAN = camera()[100:228, 130:322].astype(float)
HEIGHT, WIDTH = CLEAN.shape


def noisy(dtype=np.uint8, sigma=SIGMA):
    y = CLEAN + sigma * np.random.default_rng(0).standard_normal(CLEAN.shape)
    return y.astype(dtype) if np.dtype(dtype).kind == "f" else y.round().clip(0, 255).astype(dtype)


def left(image, inside):
    """The error of the last columns, which no area covers."""
    return float(np.sqrt(np.square(image.astype(float) - CLEAN)[:, inside:].mean()))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("columns", [38, 120])  # a part of the picture, and more than half of it
def test_a_bar_hides_no_noise(dtype, columns):
    y = noisy(dtype)
    y[:, :columns] = 17
    out = sl.denoise(y)
    assert (out.image[:, :columns] == 17).all()
    assert left(out.image, columns) < 1.12 * left(sl.denoise(noisy(dtype)).image, columns)
    unit = 255 if dtype is np.uint8 else 1  # floats keep theirs
    assert unit * out.sigma == pytest.approx(SIGMA, rel=0.15)
    assert any(sentence.startswith("areas of one colour") for sentence in out.warnings)


def test_what_is_one_colour_is_found_to_the_pixel():
    y = noisy()
    y[20:80, 31:90] = 255
    page, said = without_painted(Picture(y[..., None]))
    expected = np.zeros(y.shape, bool)
    expected[20:80, 31:90] = True
    np.testing.assert_array_equal(~page.mask, expected)
    assert f"{60 * 59} of {y.size} pixels" in said
    masked = np.ones(y.shape, bool)
    masked[:, :40] = False
    page, _ = without_painted(Picture(y[..., None], mask=masked))
    np.testing.assert_array_equal(page.mask, masked & ~expected)


def found(y):
    """The pixels that are left out."""
    page, said = without_painted(Picture(y[..., None]))
    return np.zeros(y.shape, bool) if said is None else ~page.mask


@pytest.mark.parametrize("thick", range(3, 13))
@pytest.mark.parametrize("clean", [0, CLEAN])  # half of the noise is cut off at 0
def test_frames_of_any_thickness_are_found(thick, clean):
    y = (clean + SIGMA * np.random.default_rng(0).standard_normal(CLEAN.shape)).round().clip(0, 255)
    frame = np.ones(y.shape, bool)
    frame[thick:-thick, thick:-thick] = False
    y[frame] = 0
    gone = found(y.astype(np.uint8))
    assert gone[frame].all()
    assert gone[~frame].mean() < 0.01


@pytest.mark.parametrize("start", range(40, 48))
def test_a_thin_bar_is_found_anywhere(start):
    y = noisy()
    y[start : start + 6] = 255
    np.testing.assert_array_equal(np.nonzero(found(y).all(1))[0], range(start, start + 6))


@pytest.mark.parametrize("radius", [*range(116, 132), 140, 150, 160])
def test_what_lies_outside_of_a_circle_is_found(radius):
    """Padding of scanners; of radius 123 to 125 it once hid most of the noise."""
    rows, columns = np.mgrid[:256, :256] - 128
    outside = np.hypot(rows, columns) > radius
    y = np.where(outside, -2000, 25 * np.random.default_rng(0).standard_normal(outside.shape))
    gone = found(y.astype(np.float32))
    assert not gone[~outside].any()
    assert gone.sum() > 0.95 * outside.sum()


@pytest.mark.parametrize("sigma", [0, 5, 15])
def test_what_fades_into_black_is_no_area(sigma):
    """Shadows of a texture, with noise; the frame of a picture would be another matter."""
    rng, side = np.random.default_rng(0), np.arange(256) - 128
    bright = np.hypot(side, side[:, None]) - 60
    y = bright + rng.normal(0, 15, bright.shape) + rng.normal(0, sigma, bright.shape)
    y = y.round().clip(0, 255)
    assert (y[bright < -40] == 0).mean() > 0.95
    assert not found(y.astype(np.uint8)).any()


@pytest.mark.parametrize("seed", range(8))
def test_a_drawn_page_is_a_picture_and_no_gap(seed):
    page = draw_page(np.random.default_rng(seed), 192)
    assert without_painted(Picture(page))[1] is None


def test_a_photograph_without_noise_keeps_its_letterbox():
    y = CLEAN.astype(np.uint8)[..., None].copy()
    y[:24] = 0
    assert without_painted(Picture(y))[1] is None


def test_nobody_looks_where_all_is_data():
    y = noisy()
    y[:40] = 0
    assert without_painted(Picture(y[..., None]))[1] is not None
    assert without_painted(Picture(y[..., None]), None)[1] is None
