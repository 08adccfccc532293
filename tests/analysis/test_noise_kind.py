"""Noise of pictures: its line, its colour, traces of JPEG."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from scorelet.analysis.block_dct import block_dct, cut
from scorelet.analysis.jpeg_grid import jpeg_grid, jpeg_quality
from scorelet.analysis.noise_floor import VarianceLine, fit_line
from scorelet.analysis.noise_kind import is_white, noise_kind


def scene(rng, size=384):
    """Smooth light with edges: most blocks are flat, some are anything but that."""
    rows, columns = np.mgrid[:size, :size] / size
    x = 0.25 + 0.5 * columns + 0.05 * np.sin(4 * rows)
    for _ in range(25):
        row, column = rng.uniform(0, 1, 2)
        x[(rows - row) ** 2 + (columns - column) ** 2 < rng.uniform(0.02, 0.1) ** 2] *= 0.8
    textured = (rows > 0.7) & (columns > 0.5)
    return np.clip(x + textured * 0.1 * rng.standard_normal(x.shape), 0.02, 0.98)[..., None]


def test_blocks_and_coefficients_are_those_of_scipy():
    pixels = np.random.default_rng(0).random((19, 26, 2))
    blocks = cut(pixels)
    assert np.array_equal(blocks[4], pixels[8:16, 8:16, 0])  # row 1, column 1 of 3
    assert np.array_equal(blocks[6], pixels[:8, :8, 1])
    np.testing.assert_allclose(
        block_dct(blocks), dctn(blocks, axes=(1, 2), norm="ortho"), atol=1e-12
    )


@pytest.mark.slow
def test_line_is_found_under_texture_of_its_own_law():
    rng = np.random.default_rng(1)
    x = rng.uniform(0.1, 0.9, 4000)
    texture = np.where(rng.random(4000) < 0.4, 0, np.exp(rng.normal(-6, 2, 4000)))
    power = (1e-3 * x + 1e-4 + texture) * rng.chisquare(21, 4000) / 21
    line = fit_line(x, power, 21, texture + 5e-4 * rng.chisquare(21, 4000) / 21)
    assert line is not None
    assert abs(line.a - 1e-3) < 0.1e-3
    assert abs(line.b - 1e-4) < 0.4e-4
    assert abs(line.a - 1e-3) < 5 * line.a_error


@pytest.mark.slow
def test_error_of_the_line_is_that_of_its_estimates():
    lines = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0.1, 0.9, 800)
        power = (1e-3 * x + 1e-4) * rng.chisquare(21, 800) / 21
        lines.append(fit_line(x, power, 21, rng.random(800), steps=30))
    spread = np.std([line.a for line in lines], ddof=1)
    assert 0.5 < spread / np.mean([line.a_error for line in lines]) < 2


def test_a_line_that_ends_at_nothing_is_above_zero():
    """Its values there are 0 to rounding, by which powers are divided."""
    line = VarianceLine(2.0, -1.0, 0.0, 0.0, low=0.5, high=1.5, flat=np.ones(1))
    assert (line.variance(np.array([0.0, 0.5])) > 0).all()
    assert line.variance(np.array([1.0, 1.5])).tolist() == [1.0, 2.0]


def test_too_few_blocks_have_no_line():
    assert fit_line(np.ones(39), np.ones(39), 21, np.ones(39)) is None


@pytest.mark.parametrize("hot", [1e3, 1e5])
def test_hot_pixels_are_no_noise(hot):
    """Counts of photons with two pixels of `hot` noise levels; they pulled the line to nothing."""
    rng = np.random.default_rng(3)
    x, others = 30 * rng.random(800), rng.random(800)
    power = x * rng.chisquare(21, 800) / 21
    clean = fit_line(x, power, 21, others, steps=30)
    x[:2], power[:2] = hot / 4, hot**2
    found = fit_line(x, power, 21, others, steps=30)
    middle = np.array([15.0])
    assert found.variance(middle)[0] == pytest.approx(clean.variance(middle)[0], rel=0.05)
    assert found.a == pytest.approx(1, abs=0.1)
    assert noise_kind(np.full((64, 64, 1), 0.5)) is None  # one colour


@pytest.mark.slow
@pytest.mark.parametrize("a", [1e-4, 1e-3, 1e-2])
def test_photons_are_weighed_within_a_tenth(a):
    rng = np.random.default_rng(2)
    x = scene(rng)
    y = a * rng.poisson(x / a) + np.sqrt(0.1 * a) * rng.standard_normal(x.shape)
    found = noise_kind(np.clip(y, 0, 1))
    assert found is not None
    assert found.white
    assert abs(found.a / a - 1) < 0.1
    assert found.sigma == pytest.approx(np.sqrt(np.mean(a * x + 0.1 * a)), rel=0.08)


@pytest.mark.slow
def test_line_scales_with_the_unit():
    rng = np.random.default_rng(3)
    y = scene(rng) + 0.03 * rng.standard_normal((384, 384, 1))
    one, hundred = (noise_kind(scale * y, bounded=False) for scale in (1, 100))
    assert hundred.b == pytest.approx(1e4 * one.b, rel=1e-6)
    assert hundred.sigma == pytest.approx(100 * one.sigma, rel=1e-6)
    assert one.sigma == pytest.approx(0.03, rel=0.05)
    assert abs(one.a) < 4 * one.a_error


@pytest.mark.slow
@pytest.mark.parametrize("kernel", [[[1, 1], [1, 1]], [[1, 1]], [[1], [1]], [[-1, 3, -1]]])
def test_correlated_noise_is_not_white(kernel):
    rng = np.random.default_rng(4)
    x, kernel = scene(rng), np.array(kernel, float)
    white = rng.standard_normal((388, 388))
    noise = sum(
        kernel[i, j] * white[i : i + 384, j : j + 384] for i, j in np.ndindex(*kernel.shape)
    ) / np.sqrt((kernel**2).sum())
    found = noise_kind(np.clip(x + 0.04 * noise[..., None], 0, 1))
    assert found is not None
    assert not found.white
    assert found.sigma == pytest.approx(0.04, rel=0.35)


def test_white_means_equal_floors():
    assert is_white({"middle": 1.0, "across": 1.0, "down": 1.0})
    assert is_white({"middle": 3.0, "across": 1.5, "down": 1.2})  # texture
    assert not is_white({"middle": 0.5, "across": 1.0, "down": 1.0})  # sharpened
    assert not is_white({"middle": 2.0, "across": 1.9, "down": 1.9})


@pytest.mark.parametrize("moved", [(0, 0), (3, 5)])
def test_grid_of_a_jpeg_is_found_where_it_lies(moved):
    rng = np.random.default_rng(5)
    x = scene(rng)[..., 0] + 0.05 * rng.standard_normal((384, 384))
    stream = io.BytesIO()
    Image.fromarray(np.uint8(255 * np.clip(x, 0, 1))).save(stream, "JPEG", quality=75)
    decoded = np.asarray(Image.open(stream)) / 255
    place = (-moved[0] % 8, -moved[1] % 8)
    assert jpeg_grid(decoded[moved[0] :, moved[1] :]) == place
    assert jpeg_grid(np.round(np.clip(x, 0, 1) * 255) / 255) is None


@pytest.mark.parametrize("quality", [30, 50, 75, 90, 95])
def test_quality_is_read_off_the_table_of_the_file(quality):
    stream = io.BytesIO()
    Image.new("L", (16, 16)).save(stream, "JPEG", quality=quality)
    assert abs(jpeg_quality(Image.open(stream).quantization[0]) - quality) <= 1
