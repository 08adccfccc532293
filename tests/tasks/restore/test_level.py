"""restore: the level of the noise of a blurred picture, and what is said of it."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

import scorelet as sl
from samples import Pointwise, waves
from scorelet.tasks.restore import RestoreSettings
from scorelet.tasks.restore.files import restore_files

SIDE = 64


def blurred(noise=0.0, *, blur=2.0, dtype=np.uint8):
    """A blurred picture of waves and edges, with noise in 8-bit units."""
    x = 0.8 * waves(SIDE, SIDE, 1)[..., 0]
    x[20:40, 30:50] += 0.2
    soft = 255 * gaussian_filter(x, blur, mode="reflect")
    noisy = soft + np.random.default_rng(0).normal(0, noise, soft.shape)
    if dtype == np.float32:
        return np.float32(noisy / 255)
    white = np.iinfo(dtype).max
    return np.clip(np.rint(noisy * (white / 255)), 0, white).astype(dtype)


def deblurred(source, **words):
    model = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
    words = {"blur": 2.0, "edges": "mirrored"} | words
    return sl.restore(source, task="deblur", quality="fast", model=model, **words)


@pytest.mark.parametrize("noise", [1, 3, 5])
def test_the_noise_of_a_blurred_picture_is_found(noise):
    out = deblurred(blurred(noise))
    assert 255 * out.sigma == pytest.approx(noise, rel=0.1)  # rounding adds 4 % to the least
    assert out.warnings == ()


def test_without_noise_the_level_is_that_of_rounding():
    assert deblurred(blurred()).sigma == 0.5 / 255


def test_a_jpeg_has_noise_by_its_steps(tmp_path):
    """A sixth of 17, the median step of quality 85; what is read off the pixels is less."""
    Image.fromarray(blurred()).save(tmp_path / "soft.jpg", quality=85)
    assert 255 * deblurred(tmp_path / "soft.jpg").sigma == pytest.approx(17 / 6)
    Image.fromarray(blurred(9)).save(tmp_path / "noisy.jpg", quality=98)
    assert 255 * deblurred(tmp_path / "noisy.jpg").sigma == pytest.approx(9, rel=0.1)


def test_a_jpeg_in_memory_has_the_noise_of_the_file(tmp_path):
    """A Pillow picture still knows its steps; of an array, whole or a part, they are read off."""
    Image.fromarray(blurred()).save(tmp_path / "soft.jpg", quality=85)
    opened = Image.open(tmp_path / "soft.jpg")
    assert 255 * deblurred(opened).sigma == pytest.approx(17 / 6)
    pixels = np.array(opened)
    for source in (pixels, pixels[3:, 5:], opened.convert("RGB")):
        assert 255 * deblurred(source).sigma == pytest.approx(17 / 6, rel=0.1)


def test_a_level_that_is_given_is_taken_and_doubted():
    for sigma, said in ((0.0, 1), (1 / 255, 1), (3 / 255, 0), (9 / 255, 0)):
        out = deblurred(blurred(3), sigma=sigma)
        assert out.sigma == max(sigma, 0.5 / 255)
        assert len(out.warnings) == said
    (sentence,) = deblurred(blurred(3), sigma=0.0).warnings
    assert "sigma is 0.0, and 3.1 was found (8-bit units)" in sentence
    assert deblurred(blurred(), sigma=0.0).warnings == ()


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_pixels_finer_than_8_bits_have_less_noise(dtype):
    """Down to a fifth of that of rounding to 8 bits, found or given."""
    quiet, noisy = blurred(dtype=dtype), blurred(0.3, dtype=dtype)
    for given, source, taken in ((None, quiet, 0.1), (0.0, quiet, 0.1), (0.2, noisy, 0.2)):
        out = deblurred(source, sigma=None if given is None else given / 255)
        assert 255 * out.sigma == pytest.approx(taken)
        assert out.warnings == ()
    assert 255 * deblurred(noisy).sigma == pytest.approx(0.3, rel=0.1)
    (sentence,) = deblurred(noisy, sigma=0.05 / 255).warnings
    assert "sigma is 0.1, and 0.3 was found" in sentence


def test_other_tasks_take_pixels_as_exact():
    out = sl.restore(
        blurred(3), task="superres", quality="fast", model=Pointwise(lambda y: 0.9 * y + 0.05)
    )
    assert out.sigma == 0


def test_a_report_names_the_level(tmp_path):
    Image.fromarray(blurred(3)).save(tmp_path / "a.png")
    model = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
    for sigma, said in ((None, 0), (0.0, 1)):
        words = {"blur": 2.0, "edges": "mirrored", "model": model, "quality": "fast"}
        settings = RestoreSettings("deblur", sigma=sigma, **words)
        target = tmp_path / f"{sigma}.png"
        (outcome,) = restore_files([tmp_path / "a.png"], target, settings=settings)
        assert len(outcome.report["warnings"]) == said
        assert outcome.report["sigma_8bit"] == 255 * outcome.report["sigma"]
        assert outcome.report["sigma"] == pytest.approx((3 if said == 0 else 0.5) / 255, rel=0.1)
