"""Which repeated values are taken for no data, and which are not."""

import numpy as np
import pytest

from samples import noisy
from scorelet.tasks.denoise.shown.nodata import undeclared


def photograph(height=64, width=64):
    return noisy(height, width, 1, sigma=10, dtype="float64")


def scene(low, high, seed=0):
    return np.random.default_rng(seed).uniform(low, high, (64, 64, 1))


@pytest.mark.parametrize("share", [0.001, 0.1, 0.9])
@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (-9999.0, 0, 4000),  # heights
        (-32768.0, -400, 8800),
        (-9999.0, 270, 310),  # temperatures
        (1e20, 270, 310),
        (-1e30, 0, 1),
        (9.969209968386869e36, -2, 40),
        (-99.0, 0, 30),
        (99999.0, 0, 4000),
    ],
)
def test_values_far_outside_are_found(value, low, high, share):
    pixels = scene(low, high)
    pixels.ravel()[: int(share * pixels.size)] = value
    assert undeclared(pixels) == [value]
    assert undeclared(pixels.astype(np.float32)) == [float(np.float32(value))]


def test_several_values_are_found():
    pixels = scene(0, 4000)
    pixels[:5], pixels[50:] = -9999, 1e20
    assert sorted(undeclared(pixels)) == [-9999, 1e20]


def not_nodata():
    rng = np.random.default_rng(0)
    i, j = np.mgrid[:64, :64]
    yield "photograph", photograph()
    sky = photograph()
    sky[:30] = 1
    yield "saturated sky", sky
    yield "saturated sky in bytes", np.clip(photograph() * 400, 0, 255)
    border = photograph()
    border[:8] = border[-8:] = 0
    yield "black borders", border
    yield "black borders of temperatures", np.where(border == 0, 0, 290 + 10 * border)
    stars = 120 + 10 * rng.standard_normal((64, 64, 1))
    for y, x, peak in rng.uniform(0, 64, (12, 3)):
        stars[..., 0] += peak**3 * np.exp(-((i - y) ** 2 + (j - x) ** 2) / 4)
    yield "saturated stars", np.minimum(stars, 60_000)
    hot = 120 + 10 * rng.standard_normal((64, 64, 1))
    hot[::9, ::9] = 65535
    yield "hot pixels", hot
    yield "mask", ((i - 32) ** 2 + (j - 32) ** 2 < 400)[..., None].astype(float)
    yield "mask of -1 and 1", np.where(i > j, 1.0, -1.0)[..., None]
    yield "labels and a frame", np.where(i < 5, -9999, i // 8)[..., None].astype(float)
    yield "clipped below", np.maximum(rng.standard_normal((64, 64, 1)), -1)
    yield "clipped above", np.minimum(rng.standard_normal((64, 64, 1)), 1.5)
    yield "text", np.where(rng.random((64, 64, 1)) < 0.2, -1.0, 2.5)
    yield "few points below", np.where(i * 64 + j < 3, -9999.0, photograph()[..., 0])[..., None]
    yield "flat", np.full((64, 64, 1), -9999.0)


CASES = dict(not_nodata())


@pytest.mark.parametrize("name", CASES)
def test_what_is_repeated_is_not_always_nodata(name):
    assert undeclared(CASES[name]) == []


def test_masked_pixels_and_gaps_are_not_looked_at():
    pixels = scene(0, 1)
    pixels[:10], pixels[20:22] = -9999, np.nan
    mask = np.ones((64, 64), bool)
    mask[:10] = False
    assert undeclared(pixels, mask) == []
