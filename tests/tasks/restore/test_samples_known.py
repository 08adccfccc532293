"""restore, inpaint: what is known of one channel of a pixel and not of another."""

import numpy as np
import pytest
import skimage.data
import tifffile
import torch

import scorelet as sl
from samples import Pointwise, waves
from scorelet.core.errors import InputError
from scorelet.tasks.restore.ways.guess import smooth_guess

X = np.ascontiguousarray(0.2 + 0.6 * waves(24, 20), np.float32)
SOME = np.random.default_rng(0).random(X.shape) > 0.3
"""What is known of each channel."""


def filled(source, **words):
    model = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
    return sl.restore(source, task="inpaint", quality="fast", model=model, **words)


def bayer(shape):
    """True for the sample of each pixel that a sensor of red, green and blue pixels has."""
    known = np.zeros(shape, bool)
    known[::2, ::2, 0] = known[::2, 1::2, 1] = known[1::2, ::2, 1] = known[1::2, 1::2, 2] = True
    return known


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_pixel_without_one_channel_keeps_the_others_bit_by_bit(dtype):
    source = np.where(SOME, X, np.nan).astype(dtype)
    out = filled(source)
    assert np.array_equal(out.image[SOME], source[SOME])
    assert np.isfinite(out.image).all()
    assert out.warnings == ()
    assert np.array_equal(out.image, filled(X.astype(dtype), mask=SOME).image)


def test_a_file_may_lack_a_channel_in_places(tmp_path):
    source = np.where(SOME, X, np.nan)
    tifffile.imwrite(tmp_path / "a.tif", source, photometric="rgb")
    assert np.array_equal(filled(tmp_path / "a.tif").image, filled(source).image)


def test_values_that_stand_for_no_data_say_nothing_beside_a_gap():
    source = np.where(SOME, X, np.nan)
    source[3, 4] = (np.nan, -9999, -9999)
    out = filled(source)
    known = SOME.copy()
    known[3, 4] = False
    assert np.array_equal(out.image[known], X[known])
    assert out.image.min() > 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("least", [0.0, 0.05])
def test_a_mask_counts_by_channel(dtype, least):
    """Also in a unit of its own, of 16 bits and floats that fill a small part of their range."""
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    x = (white * (least + (X if not least else 0.3 * X))).astype(dtype)
    known = bayer(X.shape)
    for mask in (known, known.astype(int), known.astype(np.float32)):
        out = filled(np.where(known, x, 0), mask=mask)
        assert np.array_equal(out.image[known], x[known])
        assert (out.image[~known] != 0).all()
        assert out.warnings == ()


def test_channels_of_a_mask_come_first_in_a_tensor():
    x, known = (torch.from_numpy(np.moveaxis(one, 2, 0).copy()) for one in (X, SOME))
    assert torch.equal(filled(x, mask=known).image[known], x[known])


def test_channels_with_one_mask_are_filled_as_by_that_one():
    known = SOME[..., 0]
    three = np.repeat(known[..., None], 3, axis=2)
    assert np.array_equal(filled(X, mask=three).image, filled(X, mask=known).image)


def test_what_was_filled_is_opaque():
    pixels = np.dstack([X, np.full(X.shape[:2], 0.5, np.float32)])
    out = filled(pixels, mask=SOME)
    assert np.array_equal(out.image[..., 3] == 1, ~SOME.all(2))


def test_surfaces_of_channels_are_those_of_each():
    guess = smooth_guess(X, SOME)
    for k in range(3):
        one = smooth_guess(X[..., k, None], SOME[..., k])
        assert np.array_equal(guess.pixels[..., k], one.pixels[..., 0])
        assert np.array_equal(guess.share[..., k], one.share[..., 0])


def test_infinite_samples_are_filled_with_a_word():
    source = X.copy()
    source[3:5, 4:9, 1] = np.inf
    out = filled(source)
    assert out.warnings == ("10 samples are infinite, and were filled as missing ones",)
    known = np.isfinite(source)
    assert np.array_equal(out.image[known], X[known])
    assert filled(source, mask=known).warnings == ()


@pytest.mark.parametrize(
    ("source", "mask", "words"),
    [
        (X[..., 0], SOME, "3 channels that differ, and the picture 1"),
        (X, SOME & [True, True, False], "no known pixel in one of its channels"),
    ],
)
def test_masks_that_do_not_fit_the_channels_are_refused(source, mask, words):
    with pytest.raises(InputError, match=words):
        filled(source, mask=mask)


@pytest.mark.slow
def test_a_mosaic_of_a_sensor_becomes_a_picture(float32):
    """Far nearer to the truth than surfaces through each channel."""
    x = skimage.data.coffee()[120:184, 180:244]
    known = bayer(x.shape)
    out = sl.restore(np.where(known, x, 0), task="inpaint", mask=known, quality="fast")
    surfaces = 255 * smooth_guess(np.float32(x) / 255, known).pixels
    wrong = [np.square(one[~known] - x[~known]).mean() for one in (np.float32(out.image), surfaces)]
    assert wrong[0] < 0.4 * wrong[1]


def test_what_masked_pixels_hold_is_not_known_by_channel():
    """Of a masked pixel nothing is known, whether it holds NaN in one channel or not."""
    x = np.full((12, 12, 3), 0.5, np.float32)
    x[4:8, 4:8] = [np.nan, 1, 0]
    masked = np.zeros(x.shape, bool)
    masked[4:8, 4:8, 1] = True
    out = sl.restore(np.ma.array(x, mask=masked), task="inpaint", quality="fast", seed=0)
    np.testing.assert_allclose(np.ma.getdata(out.image)[5:7, 5:7], 0.5, atol=0.1)
