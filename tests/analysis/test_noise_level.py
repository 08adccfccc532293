"""The noise level that is read off residuals, and the colour of noise."""

import numpy as np
import pytest
import torch

from scorelet.analysis.noise_level import ResidualMeter, curve_name, noise_colour
from scorelet.data import from_unit, to_unit
from scorelet.models import Denoiser
from scorelet.tasks.calibrate import calibrate


def gray(height, width, level=0.5):
    return np.full((height, width, 1), level, np.float32)


def textured(height, width):
    """Nearly flat, but no two blocks are equally so."""
    return gray(height, width) + white(height, width, 0.01, seed=9)


def white(height, width, sigma, channels=1, seed=0):
    noise = np.random.default_rng(seed).standard_normal((height, width, channels))
    return (sigma * noise).astype(np.float32)


def measured(clean, noise, **options):
    meter = ResidualMeter(**options)
    meter.add(clean + noise, clean)
    return meter


class Perfect(Denoiser):
    """Knows that every picture is a constant, and returns the mean."""

    blind = True

    def _denoise(self, y, sigma, cond, label):
        return y.mean((2, 3), keepdim=True).expand_as(y)


@pytest.mark.parametrize("channels", [1, 3])
def test_white_noise_on_a_flat_picture(channels):
    """5 % of 4,096 blocks of 64 samples: sigma is known to 1/√(2 · 13,056)."""
    clean = np.full((512, 512, channels), 0.5, np.float32)
    meter = measured(clean, white(512, 512, 0.1, channels))
    assert meter.raw() == pytest.approx(0.1, rel=4 / (2 * 13_056) ** 0.5)


def test_flat_blocks_decide():
    """Texture keeps nine tenths of its noise in the denoised picture; a fifth is flat."""
    noise = white(256, 256, 0.1)
    clean = gray(256, 256)
    clean[:, :200] += 0.2 * (np.indices((256, 200)).sum(0) % 2)[..., None]
    residual = noise.copy()
    residual[:, :200] *= 0.1
    meter = ResidualMeter()
    meter.add(clean + residual, clean)
    assert meter.raw() == pytest.approx(0.1, rel=0.05)


def test_tiles_make_no_difference():
    clean, noise = textured(64, 128), white(64, 128, 0.1)
    whole, halves = measured(clean, noise), ResidualMeter()
    for part in (slice(0, 64), slice(64, 128)):
        halves.add((clean + noise)[:, part], clean[:, part])
    assert halves.raw() == pytest.approx(whole.raw(), rel=1e-6)


def test_no_residual_is_no_noise():
    assert measured(gray(64, 64), 0 * gray(64, 64)).sigma([[0.1, 0.2]]) == 0


def test_painted_areas_are_left_out():
    clean, noise = gray(256, 256), white(256, 256, 0.1)
    noise[:, :128] = 0
    assert measured(clean, noise).raw() == pytest.approx(0.1, rel=0.05)


def test_blocks_where_noise_is_cut_off_are_left_out():
    clean, noise = gray(256, 256), white(256, 256, 0.1)
    clean[128:] = textured(128, 256)
    clean[:128] = 0.02  # four in ten samples become 0, and these are the flattest blocks
    noisy = (clean + noise).clip(0, 1)
    meter = ResidualMeter()
    meter.add(noisy, clean)
    assert meter.raw() == pytest.approx(0.1, rel=0.03)
    free = ResidualMeter(bounded=False)
    free.add(noisy, clean)
    assert free.raw() < 0.08


def test_the_curve_is_interpolated_as_a_ratio():
    curve = [[0.1, 0.11], [0.2, 0.26]]
    noise = white(256, 256, 0.15)
    meter = measured(gray(256, 256), noise)
    share = (meter.raw() - 0.1) / 0.1
    assert meter.sigma(curve) == pytest.approx(meter.raw() * (1.1 + 0.2 * share), rel=1e-9)
    small = measured(gray(256, 256), noise / 10)
    assert small.sigma(curve) == pytest.approx(small.raw() * 1.1)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 4000.0])
def test_unbounded_samples_have_any_unit(unit):
    curve = [[0.01, 0.02], [0.5, 0.6]]
    ramp = np.linspace(-0.3, 0.3, 256, dtype=np.float32)[None, :, None]
    clean = unit * (textured(256, 256) + ramp)
    noise = unit * white(256, 256, 0.1)
    one = measured(clean / unit, noise / unit, bounded=False).sigma(curve)
    assert measured(clean, noise, bounded=False).sigma(curve) == pytest.approx(unit * one, rel=1e-4)


@pytest.mark.parametrize("bounded", [True, False])
def test_calibration_takes_the_bias_out(bounded):
    """On pictures of one brightness the bias is the same for all: what is left is chance."""
    pictures = [gray(128, 128, 0.4)] * 3
    curve = calibrate(Perfect(), pictures, bounded=bounded, levels=(10.0, 50.0, 120.0))
    assert [row[1] for row in curve] == pytest.approx(
        [level / 255 / (1 if bounded else 0.4) for level in (10, 50, 120)], rel=0.06
    )
    for level in (10.0, 50.0, 120.0):
        noisy = pictures[0] + white(128, 128, level / 255, seed=7)
        if bounded:
            noisy = to_unit(from_unit(noisy, "uint8"))
        batch = torch.from_numpy(noisy).permute(2, 0, 1)[None]
        meter = ResidualMeter(bounded=bounded)
        meter.add(noisy, Perfect()(batch)[0].permute(1, 2, 0).numpy())
        assert meter.sigma(curve) == pytest.approx(level / 255, rel=0.06)
        if bounded and level == 120.0:
            assert meter.raw() < 0.8 * level / 255  # that much was cut off


def test_curves_have_names_of_their_own():
    assert len({curve_name(c, bounded=b) for c in (1, 3) for b in (True, False)}) == 4


def smoothed(noise):
    """Every sample is the mean of four, rescaled to the same deviation."""
    mean = sum(np.roll(noise, (i, j), (0, 1)) for i in (0, 1) for j in (0, 1)) / 4
    return mean * noise.std() / mean.std()


def test_the_two_levels_of_white_noise_are_equal():
    colour = noise_colour(gray(256, 256) + white(256, 256, 0.08))
    assert colour.near == pytest.approx(colour.far, rel=0.05)
    assert not colour.correlated


def test_correlated_noise_differs_more_from_afar():
    """The mean of 2x2 samples has the correlation 1/2 with its neighbour: near/far = 1/√2."""
    colour = noise_colour(gray(512, 512) + smoothed(white(512, 512, 0.08)))
    assert colour.near / colour.far == pytest.approx(0.5**0.5, rel=0.12)
    assert colour.correlated  # the floor is where `far` is small by chance, hence 12 %


@pytest.mark.parametrize("unit", [0.01, 1.0, 4000.0])
@pytest.mark.parametrize("make", [smoothed, lambda noise: noise])
def test_the_colour_of_unbounded_samples_has_any_unit(unit, make):
    pixels = unit * (gray(256, 256) + make(white(256, 256, 0.08)))
    colour = noise_colour(pixels, bounded=False)
    assert colour.correlated == (make is smoothed)


def test_texture_is_no_correlated_noise():
    rows, columns = np.indices((256, 256)) / 256
    texture = 0.5 + 0.4 * np.sin(40 * rows**2) * np.cos(30 * columns**2)
    assert not noise_colour(texture[..., None].astype(np.float32)).correlated


def test_small_pictures_have_too_few_blocks():
    assert noise_colour(gray(64, 64) + smoothed(white(64, 64, 0.1))) is None


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_scattered_gaps_do_not_count(share):
    """What stands in a gap is no residual, and no block has to be whole."""
    clean = gray(128, 128)
    noise = white(128, 128, 0.1)
    mask = np.random.default_rng(1).random((128, 128)) >= share
    meter = ResidualMeter(bounded=False)
    meter.add(
        np.where(mask[..., None], clean + noise, 7), np.where(mask[..., None], clean, 7), mask
    )
    assert meter.raw() == pytest.approx(0.1, rel=0.1)
