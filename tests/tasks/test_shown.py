"""Results show themselves in notebooks: a short text, a picture, an array."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from scorelet.core.brief import brief
from scorelet.data import Picture
from scorelet.tasks.classify import Classified
from scorelet.tasks.denoise.settings import Denoised
from scorelet.tasks.restore.settings import Restored
from scorelet.tasks.sample.settings import Samples

RAMP = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6, 1)


def decoded(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def denoised(image, pixels):
    return Denoised(image, 0.1, ("a warning",), Picture(pixels))


def test_a_text_says_shapes_and_numbers_in_short():
    text = repr(denoised(RAMP[..., 0], RAMP))
    assert text.startswith("Denoised(image=<array of 4x6, float32>, sigma=0.1, warnings=('a warn")
    assert "noise='white'" in text
    assert "picture=Picture(pixels=<array of 4x6x1, float32>" in text
    assert "file=" not in text
    assert "\n" not in text
    assert len(text) < 400
    big = torch.zeros(16, 3, 99, 99)
    text = repr(Restored(big[0], big, big[0], Picture(RAMP), 9))
    assert "samples=<tensor of 16x3x99x99, float32>" in text
    assert len(text) < 400
    text = repr(Classified(("cat", "dog"), (0.987654321, 0.0123), (), (4, 6), "float32"))
    assert "probabilities=(0.98765, 0.0123)" in text


def test_numbers_pictures_and_long_values_are_short():
    assert brief((1 / 3,)) == "(0.33333,)"
    assert len(brief("x" * 1000)) < 120


@pytest.mark.parametrize("scale", [1, 7])
def test_floats_are_drawn_by_their_range(scale):
    """0 to 1 as they are, and others from the least to the largest."""
    shown = decoded(denoised(None, scale * RAMP)._repr_png_())
    np.testing.assert_array_equal(shown, np.rint(255 * RAMP[..., 0]))
    half = decoded(denoised(None, RAMP / 2)._repr_png_())
    assert half.max() == 128
    holes = RAMP.copy()
    holes[0, 0] = np.nan
    assert decoded(denoised(None, holes)._repr_png_()).max() == 255


def test_integers_are_drawn_by_their_white_and_large_pictures_small():
    shown = decoded(denoised(None, np.full((3, 2048, 3), 0x8000, np.uint16))._repr_png_())
    assert shown.shape[1:] == (1024, 3)
    assert set(shown.ravel().tolist()) == {128}


def test_samples_are_a_sheet():
    images = np.stack([np.zeros((1, 5, 5)), np.ones((1, 5, 5))]).astype(np.float32)
    shown = decoded(Samples(images, True, {})._repr_png_())
    assert (shown[:, :5] == 0).all()
    assert (shown[:, 7:] == 255).all()
    colours = np.zeros((99, 3, 4, 4), np.float32)
    assert decoded(Samples(colours, True, {})._repr_png_()).ndim == 3


@pytest.mark.parametrize(
    "image", [RAMP[..., 0], torch.from_numpy(RAMP).permute(2, 0, 1), Image.fromarray(RAMP[..., 0])]
)
def test_plots_take_a_result_as_its_pixels(image):
    result = denoised(image, RAMP)
    np.testing.assert_array_equal(np.asarray(result), RAMP[..., 0])
    assert np.asarray(result, dtype=np.float64).dtype == np.float64
    copied = np.array(result)
    copied[:] = 0
    assert np.asarray(result).max() == 1
