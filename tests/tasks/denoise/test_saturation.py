"""Saturated areas come back as they were and touch nobody around."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

import scorelet as sl

pytestmark = pytest.mark.usefixtures("float32")
SIDE, SKY, SIGMA = 128, 120.0, 10.0


def sky(dtype, area, value=65535):
    y = SKY + SIGMA * np.random.default_rng(0).standard_normal((SIDE, SIDE))
    y[area] = value
    return y.astype(dtype)


AREAS = {
    "line": np.s_[60:80, :],
    "block": np.s_[40:90, 30:90],
    "disc": np.hypot(*np.mgrid[-64:64, -50:78]) < 14,
}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("name", AREAS)
def test_the_sky_beside_is_that_without_the_area(name, dtype):
    """The sky is flat: what is left is a small share of its noise, near the area and far off."""
    y = sky(dtype, AREAS[name])
    inside = np.zeros(y.shape, bool)
    inside[AREAS[name]] = True
    out = sl.denoise(y)
    error = (out.image.astype(float) - SKY) / SIGMA
    distance = distance_transform_edt(~inside)
    np.testing.assert_array_equal(out.image[inside], y[inside])
    assert error[(distance > 0) & (distance <= 4)].std() < 0.25
    assert error[distance > 4].std() < 0.15
    assert any(s.startswith(("saturated areas", "areas of one colour")) for s in out.warnings)


def test_dead_areas_of_zero_far_below_all_else():
    inside = np.zeros((SIDE, SIDE), bool)
    inside[AREAS["block"]] = True
    y = np.where(inside, 0, sky(np.float32, AREAS["block"]) + 30000).astype(np.float32)
    out = sl.denoise(y).image.astype(float)
    assert not out[inside].any()
    assert ((out - 30000 - SKY)[~inside] / SIGMA).std() < 0.2


def test_a_bright_part_of_a_picture_is_no_saturated_area():
    """White paper and a lamp that fades into its surroundings are seen by the network."""
    rows = np.linspace(0, 1, SIDE)[:, None] * np.ones(SIDE)
    lamp = np.clip(rows * 1.3, 0, 1) * 65535
    noise = 20 * np.random.default_rng(1).standard_normal(lamp.shape)
    y = np.clip(lamp + noise, 0, 65535).astype(np.uint16)
    assert (y == 65535).sum() > 1000
    assert not any("saturated" in sentence for sentence in sl.denoise(y).warnings)
    page = np.full((SIDE, SIDE), 255, np.uint8)
    page[20:40] = 30
    assert not any("saturated" in sentence for sentence in sl.denoise(page).warnings)
