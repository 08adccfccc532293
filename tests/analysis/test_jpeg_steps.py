"""How coarsely a JPEG was quantised that pixels have been."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, zoom

from samples import waves
from scorelet.analysis.jpeg_steps import jpeg_step

SIDE = 96


def texture(channels, *, blur=0.7):
    """A picture of waves, edges and texture in 8 bits that was no JPEG."""
    x = 0.7 * waves(SIDE, SIDE, 1) + 0.05
    x[20:40, 30:50] += 0.2
    x = x * np.linspace(0.8, 1, channels)
    noise = np.random.default_rng(0).normal(0, 0.1, (SIDE, SIDE, 1))
    soft = gaussian_filter(x + noise, (blur, blur, 0))
    return np.uint8(np.rint(255 * np.clip(soft, 0.02, 0.98)))


def as_jpeg(pixels, quality):
    """The pixels of a JPEG, and the median step of its brightness."""
    stream = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(stream, "JPEG", quality=quality)
    found = Image.open(stream)
    return np.array(found).reshape(pixels.shape), float(np.median(found.quantization[0]))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("quality", "blur"), [(50, 0.7), (75, 0.7), (95, 0.7), (50, 2.0), (75, 2.0), (90, 2.0)]
)
def test_the_median_step_is_read_off_a_part_of_the_pixels(quality, channels, blur):
    pixels, step = as_jpeg(texture(channels, blur=blur), quality)
    assert 255 * jpeg_step(pixels[3:, 5:]) == pytest.approx(step, rel=0.12)


def letters():
    page = Image.new("L", (SIDE, SIDE), 255)
    for row in range(0, SIDE, 12):
        ImageDraw.Draw(page).text((3, row), "never a JPEG", fill=0)
    return np.array(page)[..., None]


OTHERS = {
    "texture": texture(1),
    "colours": texture(3),
    "soft": texture(1, blur=3),
    "noise": np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 1), dtype=np.uint8),
    "eight times enlarged": texture(1)[:24, :24].repeat(8, 0).repeat(8, 1),
    "few levels": texture(1) // 32 * 32,
    "multiples": texture(1) // 4 * 4,
    "letters": letters(),
    "one colour": np.full((SIDE, SIDE, 3), 7, np.uint8),
    "less than a block": texture(1)[:7],
    "a former JPEG, enlarged": zoom(as_jpeg(texture(1), 75)[0], (1.3, 1.3, 1), order=1),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_pictures_have_none(name):
    assert jpeg_step(OTHERS[name]) is None
