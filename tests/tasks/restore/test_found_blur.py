"""Deblurring of pictures of which no blur is told."""

import numpy as np
import pytest
import torch
from scipy import ndimage

import scorelet as sl
from noise_samples import clean
from scorelet.core.errors import InputError
from scorelet.models.measurements import gaussian_kernel
from scorelet.tasks.restore.ways.found_blur import found_blur


def _squares(blur: float) -> torch.Tensor:
    """Return squares of some grays that were blurred, (1, 3, height, width)."""
    grays = np.random.default_rng(0).uniform(0.1, 0.9, (6, 6, 3))
    pixels = grays.repeat(24, 0).repeat(24, 1)
    blurred = ndimage.gaussian_filter(pixels, (blur, blur, 0)) if blur else pixels
    return torch.from_numpy(np.float32(blurred)).permute(2, 0, 1)[None]


@pytest.mark.parametrize("blur", [1.2, 2.0])
def test_the_blur_of_steps_is_found(blur):
    kernel, (said,) = found_blur(_squares(blur), 0.0)
    found = float(said.split(" pixels was found")[0].split()[-1])
    assert found == pytest.approx(blur, rel=0.08)
    torch.testing.assert_close(kernel, gaussian_kernel(found))


def test_sharp_pictures_and_those_without_edges_are_refused():
    with pytest.raises(InputError, match="No blur was found: edges are as sharp as pixels"):
        found_blur(_squares(0), None)
    with pytest.raises(InputError, match="too few edges to tell its blur by: give blur"):
        found_blur(torch.full((1, 1, 64, 64), 0.5), None)


@pytest.mark.slow
def test_a_soft_photograph_is_deblurred_without_a_number():
    x = clean("camera")[100:260, 100:260] / 255.0
    y = np.rint(255 * ndimage.gaussian_filter(x, (1.5, 1.5, 0))).astype(np.uint8)
    with pytest.warns(sl.core.errors.ResultWarning, match="no blur was given"):
        out = sl.restore(y, task="deblur", quality="fast")
    before, after = (((pixels / 255.0 - x) ** 2).mean() for pixels in (y, out.image))
    assert 10 * np.log10(before / after) > 3
