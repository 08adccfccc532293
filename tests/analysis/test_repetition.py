"""Noise does not repeat itself: the bound holds for noise, and finds structure that has none."""

import numpy as np
import pytest

from scorelet.analysis.local_noise import local_noise
from scorelet.analysis.repetition import DENSITY, most_noise, repeated


def test_share_of_equal_pairs_is_counted():
    """Against all pairs, one by one."""
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 6, (3, 4, 40)).astype(np.float32)
    samples[0, 0, :10] = np.nan
    for place in np.ndindex(3, 4):
        known = samples[place][np.isfinite(samples[place])]
        equal = known[:, None] == known[None]
        expected = (equal.sum() - len(known)) / (40 * 39)
        assert repeated(samples[place], np.array(40)) == pytest.approx(expected)


@pytest.mark.parametrize("law", ["flat", "picture"])
@pytest.mark.parametrize("sigma", [2.0, 10.0, 40.0])
def test_no_noise_exceeds_the_bound(sigma, law):
    """E[C] ≤ q/(2√π σ), and equal to it where the picture below is flat."""
    rng = np.random.default_rng(1)
    clean = 128.0 if law == "flat" else rng.uniform(100, 156, 4000)
    samples = np.rint(clean + sigma * rng.standard_normal((40, 4000)))
    share = repeated(samples, np.full(40, 4000)).mean()
    bound = DENSITY / sigma
    assert share <= bound * 1.02
    assert law == "picture" or share == pytest.approx(bound, rel=0.02)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sigma", [1, 5, 25, 60])
def test_white_noise_in_bytes_keeps_its_level(sigma, channels):
    """Cut off at black and white, too."""
    rng = np.random.default_rng(2)
    for mean in (0, 60, 128, 255):
        y = mean + sigma * rng.standard_normal((128, 128, channels))
        noise = local_noise(np.rint(y).clip(0, 255).astype(np.uint8))
        if mean in (60, 128) and sigma < 60:
            np.testing.assert_allclose(noise.fine.mean() * 255, sigma, rtol=0.12 + 0.25 / sigma)


@pytest.mark.parametrize("gain", [3, 16])
def test_values_that_are_apart_count_by_their_distance(gain):
    """A picture whose contrast was raised, or 12 bits in 16: its noise is no drawing."""
    rng = np.random.default_rng(3)
    counts = np.rint(40 + 6 * rng.standard_normal((128, 128, 1))).clip(0)
    noise = local_noise((counts * gain).astype(np.uint16))
    np.testing.assert_allclose(noise.fine * 65535, 6 * gain, rtol=0.35)


@pytest.mark.parametrize("sigma", [1.0, 2.0, 5.0, 15.0])
def test_contrast_that_was_raised_after_rounding_is_no_drawing(sigma):
    """Steps of one and two levels in turns."""
    rng = np.random.default_rng(8)
    y = np.rint(1.5 * np.rint(80 + sigma * rng.standard_normal((128, 128, 1))))
    noise = local_noise(y.clip(0, 255).astype(np.uint8))
    assert noise.fine.mean() * 255 > 0.7 * 1.5 * sigma


def test_noise_that_is_cut_off_is_not_underrated():
    """Two in five samples are black; of those left twice as many are equal."""
    y = np.rint(10 + 40 * np.random.default_rng(9).standard_normal((40, 4000)))
    share = repeated(np.where(y > 0, y, np.nan), np.full(40, 4000)).mean()
    assert share < DENSITY / 40
    assert repeated(y[y > 0][:50_000], np.array(50_000)) > 1.2 * DENSITY / 40


def test_counts_of_few_photons_are_measured():
    counts = np.random.default_rng(4).poisson(4.0, (128, 128, 1)).astype(np.float64)
    np.testing.assert_allclose(local_noise(counts).fine.mean(), 2.0, rtol=0.2)


def patterns(size=96):
    """Structure at the finest scale without any noise, in bytes."""
    i, j = np.mgrid[:size, :size]
    rng = np.random.default_rng(5)
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    wave = 8 + 7 * np.sin(i / 9) * np.cos(j / 7)
    yield "checkerboard", (i + j) % 2 * 255
    yield "gray checkerboard", 100 + (i + j) % 2 * 40
    yield "checkerboard of 3", (i // 3 + j // 3) % 2 * 255
    yield "stripes", j % 2 * 255
    yield "screen door", ((i % 3 == 0) | (j % 3 == 0)) * 200
    yield "ordered dither", (wave > np.tile(bayer, (size // 4, size // 4))) * 255
    yield "random dither", (wave / 16 > rng.random((size, size))) * 255
    yield "halftone", (np.cos(np.pi * i / 2) + np.cos(np.pi * j / 2) > wave / 4 - 2) * 255
    yield "code", np.kron(rng.random((size // 2, size // 2)) < 0.5, np.full((2, 2), 255))
    yield "pixels", np.array([0, 29, 83, 126, 171, 194, 241, 255])[rng.integers(0, 8, (size, size))]


PATTERNS = dict(patterns())


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("name", PATTERNS)
def test_exactly_repeated_structure_has_no_noise(name, dtype):
    pixels = PATTERNS[name].astype(dtype)[..., None] * (257 if dtype == "uint16" else 1)
    noise = local_noise(pixels)
    assert noise.sigma(bounded=dtype != "float32").max() == 0


def test_beside_a_photograph_structure_has_less_noise_than_a_level():
    """Of more than `FEW` values, so the bound itself speaks: C = 1/2, σ ≤ 1/√π."""
    rng = np.random.default_rng(6)
    pixels = np.rint(128 + 20 * rng.standard_normal((64, 256, 1))).astype(np.uint8)
    pixels[:, 128:, 0] = 100 + np.indices((64, 128)).sum(0) % 2 * 40
    fine = local_noise(pixels).fine[..., 0] * 255
    np.testing.assert_allclose(fine[:, :4], 20, rtol=0.35)
    assert fine[:, 4:].max() <= np.pi**-0.5


def test_where_nothing_is_repeated_there_is_no_bound():
    pixels = np.random.default_rng(7).standard_normal((64, 64, 1))
    share = np.zeros((2, 2, 1))
    assert np.isinf(most_noise(share, share, pixels, None)).all()


@pytest.mark.parametrize("what", ["patches", "dead", "tile", "interpolated"])
def test_a_part_that_repeats_or_lies_between_does_not_hide_the_noise_of_the_rest(what):
    """In floats: areas without noise, filled pixels, a resampled tile, interpolated pixels."""
    rng = np.random.default_rng(9)
    y = 100 + 10 * rng.standard_normal((128, 128, 1))
    if what in ("tile", "interpolated"):
        y = np.rint(y)
    if what == "patches":
        y.reshape(4, 32, 4, 32)[:, :6, :, :6] = 120
    elif what == "dead":
        y[rng.random(y.shape) < 0.04] = 120
    elif what == "tile":
        y[:32, :32] = 100 + 10 * rng.standard_normal((32, 32, 1))
    else:
        chosen = rng.random(y.shape) < 0.005
        y[chosen] += rng.integers(1, 8, chosen.sum()) / 8
    fine = local_noise(y.astype(np.float32)).fine
    assert float(np.median(fine)) == pytest.approx(10, rel=0.2)
    assert fine.min() > 5


def test_paper_around_a_photograph_does_not_call_it_drawn():
    """One value fills more than half of the picture; the noise of the rest is still known."""
    rng = np.random.default_rng(0)
    page = np.full((192, 192, 1), 245.0)
    page[32:160, 32:160] = 130 + 20 * rng.standard_normal((128, 128, 1))
    page[4:32:6, 32:160] = 60
    noise = local_noise(np.clip(np.rint(page), 0, 255).astype(np.uint8)).fine[1:5, 1:5]
    np.testing.assert_allclose(noise, 20 / 255, rtol=0.25)


def test_letters_on_paper_stay_drawn():
    """Of what is no paper one in ten and more is ink, and not a value of noise."""
    rng = np.random.default_rng(1)
    page = np.full((128, 128, 1), 245.0)
    page[8:120:8, 8:120] = 60
    edges = rng.random(page.shape) < 0.15
    page[edges] = rng.integers(70, 240, int(edges.sum()))
    page[0, :2, 0] = 0, 255  # the ends of the range repeat themselves with noise, too
    assert local_noise(np.rint(page).astype(np.uint8)).fine.max() == 0
