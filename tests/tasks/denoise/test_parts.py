"""Noise beside quieter parts goes, and these stay as they come out without it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

import scorelet as sl
from noise_samples import clean, white

pytestmark = pytest.mark.usefixtures("float32")


def photograph():
    return clean("chelsea")[:192, :160]


def collage(left, right, seed=0):
    """Twice a photograph, with noise of two levels."""
    halves = [white(photograph(), level, seed + n) for n, level in enumerate((left, right))]
    return np.concatenate(halves, axis=1)


def error(x):
    return np.sqrt(np.mean((x - photograph().astype(float)) ** 2))


def one_channel(x):
    return np.sqrt(np.mean((x - photograph()[..., 1].astype(float)) ** 2))


def said(out):
    return [text for text in out.warnings if text.startswith("a part is noisier")]


@pytest.mark.parametrize("quiet", [0, 4])
@pytest.mark.parametrize("unit", [None, 10.0])
def test_a_noisy_part_comes_out_as_it_does_alone(quiet, unit):
    y = collage(quiet, 30)
    out = sl.denoise(y if unit is None else (unit * y).astype(np.float32))
    alone = sl.denoise(np.ascontiguousarray(y[:, 160:])).image
    assert error(out.image[:, 160:] / (unit or 1)) < 1.1 * error(alone)  # at once: 2.6 times
    assert error(out.image[:, :160] / (unit or 1)) < max(1.0, error(y[:, :160]))
    assert len(said(out)) == 1


def test_the_mask_and_the_strength_hold():
    y = collage(0, 30)
    mask = np.zeros(y.shape, bool)
    mask[10:30, 140:190] = True
    out, half = (sl.denoise(np.ma.array(y, mask=mask), strength=s).image.data for s in (1.0, 0.5))
    np.testing.assert_array_equal(half[mask], y[mask])
    np.testing.assert_allclose(half[~mask], (y[~mask] + out[~mask].astype(float)) / 2, atol=0.51)


def test_a_photograph_on_a_slide_with_text():
    """Its sides are at no whole squares."""
    y, (top, left) = np.full((300, 290), 200, np.uint8), (37, 21)
    y += np.arange(300, dtype=np.uint8)[:, None] // 8
    y[8:24:2, 20:260] = y[250:280:3, 20:260] = 20
    place = slice(top, top + 192), slice(left, left + 160)
    y[place] = white(photograph(), 25)[..., 1]
    out, alone = sl.denoise(y, noise="white"), sl.denoise(np.ascontiguousarray(y[place]))
    assert one_channel(out.image[place]) < 1.3 * one_channel(alone.image)  # at once: 3.1 times
    np.testing.assert_allclose(out.image[:16].astype(int), y[:16], atol=1)


def test_two_photographs_on_a_page():
    """The noise of each is none of the rest."""
    page = white(np.full((300, 448, 3), 215), 1)
    places = [np.s_[50:242, left : left + 160] for left in (40, 250)]
    for seed, place in enumerate(places):
        page[place] = white(photograph(), 25, seed)
    out = sl.denoise(page)
    assert len(said(out)) == 1
    for place in places:
        alone = sl.denoise(np.ascontiguousarray(page[place])).image
        assert error(out.image[place]) < 1.3 * error(alone)  # at once: 3.8 times


def test_another_model_does_it_at_once():
    assert not said(sl.denoise(collage(0, 30), model=sl.load("photo")))


@pytest.mark.parametrize("level", [0, 10])
def test_like_noise_has_no_parts(level):
    assert not said(sl.denoise(collage(level, level)))


@pytest.mark.slow
def test_a_caption_beside_a_noisy_photograph_stays_as_it_is(float32):
    """A page of letters; none of the noise that was added around the photograph is left in them."""
    rng = np.random.default_rng(0)
    paper = Image.new("RGB", (256, 256), (245, 245, 245))
    for row in (10, 26, 188, 204, 220):
        ImageDraw.Draw(paper).text((30, row), "letters beside a photograph", fill=(30, 30, 30))
    page = np.rint(np.asarray(paper) * np.linspace(0.6, 1, 256)[:, None, None])
    page[56:184, 40:200] = clean("chelsea")[56:184, 40:200]
    noisy = page.copy()
    noisy[56:184, 40:200] += 14 * rng.standard_normal((128, 160, 3))
    y = np.uint8(np.rint(noisy.clip(0, 255)))
    out = sl.denoise(y)
    assert any("a part is noisier" in text for text in out.warnings)
    assert not any("uneven" in text for text in out.warnings)
    moved = np.abs(out.image.astype(int) - y)
    assert moved[192:240].max() <= 4  # the noise that was added has 14
    assert moved[186:192].max() <= 30  # cells half in the photograph


@pytest.mark.slow
def test_texture_beside_a_smooth_area_is_no_noise(float32):
    """Its level is that of white noise to all but the model, which finds none."""
    y = np.full((256, 256, 3), 200, np.uint8)
    rng = np.random.default_rng(1)
    dots = rng.integers(0, 2, (64, 64)).repeat(2, 0).repeat(2, 1)
    y[64:192, 64:192] = (110 + 40 * dots)[..., None]
    out = sl.denoise(y)
    np.testing.assert_array_equal(out.image, y)
