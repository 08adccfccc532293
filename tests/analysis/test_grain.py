"""Grain: noise that neighbours share, told from white noise and from texture."""

import numpy as np
import pytest

import noise_samples as samples
from scorelet.analysis.block_differences import difference_power
from scorelet.analysis.grain import grain
from scorelet.data import to_unit

RAMP = np.linspace(0.2, 0.8, 512)[None].repeat(512, 0)[..., None]


def noise(kernel, sigma=0.05, seed=0):
    """Noise that is filtered along both axes, periodic."""
    z = np.random.default_rng(seed).standard_normal((512, 512))
    for axis in (0, 1):
        z = sum(k * np.roll(z, i, axis) for i, k in enumerate(kernel))
    return sigma * (z / np.std(z))[..., None]


def test_differences_of_white_noise_are_its_variance_at_all_distances():
    z = np.random.default_rng(1).standard_normal((400, 16, 16))
    for distance in (1, 2, 4):  # 180,000 differences: a standard error of half a percent
        assert difference_power(z, distance).mean() == pytest.approx(1, abs=0.02)


def test_floors_are_those_of_the_autocorrelation():
    """D_d is v (1 - c(d)); white noise smoothed over 2x2 has c(1) = 1/2 and c(2) = 0, E = v/4."""
    found = grain(RAMP + noise([1, 1]))
    np.testing.assert_allclose(found.rise, np.sqrt(2), rtol=0.06)
    np.testing.assert_allclose(found.fast, 2, rtol=0.15)
    np.testing.assert_allclose(found.level, 0.05, rtol=0.15)  # the smoothest have less of it


@pytest.mark.parametrize(("kernel", "shared"), [([1], False), ([1, 1], True), ([1, 2, 1], True)])
def test_what_neighbours_share_is_found(kernel, shared):
    found = grain(RAMP + noise(kernel))
    assert found.is_shared == shared
    assert (found.white_level is None) == shared


@pytest.mark.parametrize(("kernel", "white"), [([1], True), ([1, 1], False)])
def test_white_noise_tells_in_the_part_that_texture_does_not_hide(kernel, white):
    """Noise of four pixels everywhere but in the darkest third."""
    y = RAMP + noise([1, 2, 2, 1])
    y[:, :170] = (RAMP + noise(kernel))[:, :170]
    found = grain(y)
    assert found.white_level is None
    assert found.has_white == white


@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize("quality", [75, 95])
def test_no_white_noise_is_seen_in_clean_pictures(name, quality):
    x = samples.clean(name)
    assert not grain(to_unit(x)).has_white
    assert not grain(to_unit(samples.jpeg(x, quality))).has_white


def test_a_gradient_says_nothing():
    rise = np.rint(np.linspace(0.3, 0.9, 384)[:, None, None] * np.array([128, 178, 255.0]))
    y = np.repeat(rise / 255, 384, axis=1)
    found = grain(y)
    assert not found.noisy.any()
    y[64:-64, 64:-64] = np.random.default_rng(0).normal(0.5, 0.1, (256, 256, 3))
    assert not grain(y).is_shared


@pytest.mark.parametrize("kernel", [[1], [1, 2, 1]])
def test_noise_on_a_slope_is_that_on_the_flat(kernel):
    """The slope, of 0.7 of 255 from pixel to pixel, alone has more in D_4 than this noise."""
    slope = np.linspace(0.1, 0.9, 512)[:, None, None] / 2 + RAMP / 2
    one, other = (grain(x + noise(kernel, 0.005)) for x in (slope, np.full_like(slope, 0.5)))
    np.testing.assert_allclose(one.level, other.level, rtol=0.02)
    np.testing.assert_allclose(one.rise, other.rise, rtol=0.05)
    assert one.is_shared == (kernel != [1])


@pytest.mark.parametrize("unit", [1e-30, 1.0, 4000.0])
def test_the_unit_of_floats_makes_no_difference(unit):
    one = grain(RAMP + noise([1, 1]), bounded=False)
    other = grain(unit * (RAMP + noise([1, 1])), bounded=False)
    np.testing.assert_allclose(other.level, unit * one.level, rtol=1e-6)
    assert other.is_shared
    assert one.is_shared


@pytest.mark.parametrize("offset", [-0.5, 100.0, 1e4])
def test_the_offset_of_floats_makes_no_difference(offset):
    found = grain(offset + RAMP + noise([1, 1], 0.01), bounded=False)
    assert found.is_shared
    assert found.unit == pytest.approx(0.58, abs=0.03)  # the range of means of blocks


def test_masked_blocks_are_not_looked_at():
    y = RAMP + noise([1])
    mask = np.ones(y.shape[:2], bool)
    mask[:256] = False
    y[:256] = RAMP[:256] + noise([1, 2, 1])[:256]
    assert not grain(y, mask=mask).is_shared
    assert grain(y, mask=~mask).is_shared


def test_small_pictures_tell_nothing():
    assert grain(RAMP[:32, :48]) is None  # 6 blocks
    assert grain(np.zeros((512, 512, 1))) is None  # all of it cut off


@pytest.mark.parametrize("turns", range(4))
def test_small_pictures_tell_of_white_noise_alone(turns):
    """And turned ones tell the same; 42 blocks may all be texture, which looks like grain."""
    white, shared = (
        np.rot90((RAMP + noise(kernel))[:96, 200:320], turns) for kernel in ([1], [1, 1])
    )
    assert grain(white).white_level == pytest.approx(0.05, rel=0.15)
    assert grain(white).has_white
    np.testing.assert_allclose(grain(white).level, grain(np.rot90(white, -turns)).level)
    assert not grain(shared).has_white
    assert not grain(shared).is_shared


@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize(
    "make", [lambda x: x, *(lambda x, q=q: samples.jpeg(x, q) for q in (75, 90))]
)
def test_texture_is_no_grain(name, make):
    assert not grain(to_unit(make(samples.clean(name)))).is_shared


@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize("sigma", [15, 25, 50])
def test_white_noise_on_pictures_is_not_shared(name, sigma):
    assert not grain(to_unit(samples.white(samples.clean(name), sigma))).is_shared


@pytest.mark.slow
def test_the_picture_of_a_camera_has_grain():
    assert grain(to_unit(samples.shot(samples.clean("camera")))).is_shared
