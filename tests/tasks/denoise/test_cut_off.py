"""Noise that is cut off at black or white hides nobody's noise; structure that is stays."""

import numpy as np
import pytest
from skimage.data import astronaut, camera, chelsea, grass
from skimage.draw import disk

import scorelet as sl
from scorelet.analysis.local_noise import local_noise
from scorelet.data.pictures.drawn import draw_page
from scorelet.tasks.denoise.shown import view
from scorelet.tasks.denoise.shown.cut_off import find_cut_off
from scorelet.tasks.denoise.shown.view import look

pytestmark = pytest.mark.usefixtures("float32")
SIDE, SIGMA = 160, 20.0
INSIDE = np.zeros((SIDE, SIDE), bool)
INSIDE[disk((80, 80), 52)] = True


def noise(shape, sigma=SIGMA):
    return sigma * np.random.default_rng(0).standard_normal(shape)


def cut(y, dtype=np.uint8):
    """Samples of 0 to 255 as a dtype holds them, cut off at both ends."""
    y = y.clip(0, 255)
    return (y / 255).astype(dtype) if dtype is np.float32 else np.rint(y).astype(dtype)


def surrounded(surround, colour):
    """A disk of one colour, without noise."""
    return np.where(INSIDE[..., None], np.array(colour, float), surround)


def error(image, clean, unit=1.0):
    return float(np.sqrt(np.square(image.reshape(clean.shape) * unit - clean)[INSIDE].mean()))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize(("surround", "times"), [(255.0, 1.3), (0.0, 1.3), (265.0, 2.7)])
@pytest.mark.parametrize("colour", [(128,), (230, 120, 60)])
def test_a_disk_loses_its_noise_as_if_none_were_cut_off(dtype, surround, times, colour):
    clean = surrounded(surround, colour)
    y = clean + noise(clean.shape)
    free = error(sl.denoise(y, noise="white").image, clean)
    image = sl.denoise(cut(y, dtype), noise="white").image
    assert error(image, clean, 1 if dtype is np.uint8 else 255) < times * free
    assert image.min() > -1e-6
    assert image.max() < (255 if dtype is np.uint8 else 1) + 1e-6


def test_ends_are_found_by_channel_and_about_the_level():
    clean = surrounded(np.array([255.0, 0.0, 128.0]), (128, 128, 90))
    found = find_cut_off(cut(clean + noise(clean.shape)))
    np.testing.assert_array_equal(found.high, [1, np.inf, np.inf])
    np.testing.assert_array_equal(found.low, [-np.inf, 0, -np.inf])
    assert 255 * found.sigma == pytest.approx(SIGMA, rel=0.15)


@pytest.mark.parametrize("clean", [astronaut()[::2, ::2], camera()[::2, ::2, None]])
def test_noise_is_found_beside_burnt_out_areas_with_shape(clean):
    """At their borders there is structure, too, and samples do not lie there quite one by one."""
    clean = 0.6 * clean + 153
    found = find_cut_off(cut(clean + noise(clean.shape, 10.0)))
    assert np.isfinite(found.high).any()
    assert 255 * found.sigma == pytest.approx(10, rel=0.15)
    assert find_cut_off(cut(clean)) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_gaps_are_no_ends(dtype):
    clean = surrounded(235.0, (128,))
    pixels = cut(clean + noise(clean.shape)).clip(0, 235)
    pixels = pixels if dtype is np.uint8 else (pixels / 255).astype(dtype)
    gap = np.zeros((SIDE, SIDE), bool)
    gap[3:30, 40:90] = True
    pixels[gap] = 255 if dtype is np.uint8 else np.nan
    found = find_cut_off(pixels, ~gap)
    assert 255 * found.high == pytest.approx(235)
    assert np.isinf(found.low)
    assert 255 * found.sigma == pytest.approx(SIGMA, rel=0.15)


@pytest.mark.slow
def test_pages_of_a_camera_go_without_the_rule(monkeypatch):
    clean = surrounded(255.0, (128,))
    pixels = cut(clean + noise(clean.shape, 40.0), np.float32)
    gap = np.zeros(pixels.shape, bool)
    gap[60:75, 60:75] = True
    page = np.ma.MaskedArray(pixels, gap)
    assert find_cut_off(pixels, ~gap[..., 0]) is not None
    image = sl.denoise(page, noise="camera").image
    monkeypatch.setattr(view, "find_cut_off", lambda *_: None)
    np.testing.assert_array_equal(image, sl.denoise(page, noise="camera").image)


CLEAN = {
    "night": camera()[..., None] // 4 * 2 - 20.0,
    "burnt out": 2.2 * chelsea(),
    "letterbox": np.pad(chelsea()[50:250], ((40, 40), (0, 0), (0, 0))).astype(float),
    "texture": 2.0 * grass()[..., None],
    "disk": surrounded(255.0, (128,)),
}


@pytest.mark.parametrize("name", CLEAN)
def test_clean_pictures_are_shown_as_they_are(name):
    assert find_cut_off(cut(CLEAN[name])) is None


@pytest.mark.parametrize("seed", range(8))
def test_drawn_pages_are_shown_as_they_are(seed):
    assert find_cut_off(draw_page(np.random.default_rng(seed), 192)) is None


def test_noisy_texture_that_is_burnt_out_is_shown_as_it_is():
    texture = CLEAN["texture"][:320, :320]
    assert find_cut_off(cut(texture + noise(texture.shape, 5.0))) is None


def test_noise_that_is_not_cut_off_is_shown_as_it_is():
    clean = surrounded(180.0, (128,))
    assert find_cut_off(clean + noise(clean.shape, 60.0)) is None
    assert find_cut_off(cut(clean + noise(clean.shape, 10.0))) is None


def test_a_part_is_shown_as_in_the_whole():
    pixels = cut(surrounded(255.0, (230, 120, 60)) + noise((SIDE, SIDE, 3)))
    seen = look(pixels, local_noise(pixels), mask=None, scaled=False)
    whole = seen.shown(slice(0, SIDE), slice(0, SIDE))
    part = seen.shown(slice(31, 90), slice(64, 160))
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[31:90, 64:160], other)
    assert (part[1] > 1).any()
    np.testing.assert_array_equal(part[0].max(), 1)


@pytest.mark.slow
def test_few_photons_are_not_cut_off_at_none():
    rate = np.linspace(0.3, 0.7, 128) * np.ones((128, 1))
    counts = np.random.default_rng(0).poisson(rate).astype(np.uint16)
    out = sl.denoise(counts, noise="poisson", noise_law=(1.0, 0.0))
    assert abs(out.image.mean() - rate.mean()) < 0.02
