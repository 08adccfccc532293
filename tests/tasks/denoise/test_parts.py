"""Noise beside quieter parts goes, and these stay as they come out without it."""

import numpy as np
import pytest

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
    assert one_channel(out.image[place]) < 1.2 * one_channel(alone.image)  # at once: 3.1 times
    np.testing.assert_allclose(out.image[:16].astype(int), y[:16], atol=1)


def test_another_model_does_it_at_once():
    assert not said(sl.denoise(collage(0, 30), model=sl.load("photo")))


@pytest.mark.parametrize("level", [0, 10])
def test_like_noise_has_no_parts(level):
    assert not said(sl.denoise(collage(level, level)))
