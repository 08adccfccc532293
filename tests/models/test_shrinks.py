"""How pictures are made small: by what Pillow computes."""

import numpy as np
import pytest
import torch
from PIL import Image

from scorelet.models.measurements import PeriodicBlur
from scorelet.models.measurements.shrinks import SHRINKS, shrink_kernel

NAMED = {name: Image.Resampling[name.upper()] for name in ("bilinear", "bicubic", "lanczos")}
X = np.random.default_rng(0).random((60, 72)).astype(np.float32)


def shrunk(name, factor):
    x = torch.from_numpy(X)[None, None].double()
    return PeriodicBlur(X.shape, shrink_kernel(name, factor), factor).blurred(x)[0, 0].numpy()


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_pictures_become_small_as_in_pillow(name, factor):
    """Away from the edges, where it leaves weights out."""
    size = (X.shape[1] // factor, X.shape[0] // factor)
    exact = np.asarray(Image.fromarray(X).resize(size, NAMED[name]))
    inside = np.s_[3:-3, 3:-3]
    np.testing.assert_allclose(shrunk(name, factor)[inside], exact[inside], rtol=0, atol=2e-7)


@pytest.mark.parametrize("name", SHRINKS)
def test_kernels_have_the_sum_1_and_no_idle_ends(name):
    for factor in (2, 3, 5):
        kernel = shrink_kernel(name, factor)
        assert float(kernel.sum()) == pytest.approx(1)
        assert bool((kernel[0].abs() > 1e-6).any())
        assert torch.equal(kernel, kernel.mT)
