"""Blurs that are read off edges."""

import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.special import erf

from scorelet.analysis.edge_blur import edge_blur
from scorelet.core.blocks import block_means

_FINE = 4


def _step(angle: float, blur: float) -> np.ndarray:
    """Return a step at an angle, as a sensor sees it through a Gaussian: in closed form."""
    side = (np.arange(280 * _FINE) + 0.5) / _FINE - 140.3
    turn = math.radians(angle)
    away = side[None, :] * math.cos(turn) + side[:, None] * math.sin(turn)
    whole = 0.5 * (1 + erf(away / (math.sqrt(2) * max(blur, 1e-6))))
    return block_means(whole[..., None], _FINE)[..., 0]


@pytest.mark.parametrize("angle", [0, 20, 45])
@pytest.mark.parametrize("blur", [1.0, 2.0, 4.0])
def test_a_step_has_the_width_of_its_gaussian(angle, blur):
    assert edge_blur(_step(angle, blur)) == pytest.approx(blur, rel=0.06)


def test_a_sharp_step_has_less_than_half_a_pixel():
    found = edge_blur(_step(20, 0.0))
    assert found is not None
    assert found < 0.4


def test_unit_level_and_sign_do_not_matter():
    plane = _step(20, 1.5)
    found = edge_blur(plane)
    assert edge_blur(1000 - 37 * plane) == pytest.approx(found, rel=1e-6)


def test_noise_hardly_matters():
    plane = _step(20, 2.0)
    noisy = plane + 0.02 * np.random.default_rng(0).standard_normal(plane.shape)
    assert edge_blur(noisy, 0.02) == pytest.approx(2.0, rel=0.1)


def test_noise_alone_has_no_edges():
    noise = np.random.default_rng(0).standard_normal((128, 128))
    assert edge_blur(noise, 1.0) is None
    assert edge_blur(np.zeros((64, 64))) is None
    assert edge_blur(np.zeros((3, 5))) is None


def test_two_blurs_add_their_variances():
    plane = ndimage.gaussian_filter(_step(33, 1.2), 0.9, mode="nearest")
    assert edge_blur(plane) == pytest.approx(1.5, rel=0.06)
