"""All kinds of noise meet all rules: each goes its way, and better than by any one name.

Each rule is tested by itself beside its file.
"""

import numpy as np
import pytest
from scipy import ndimage

import scorelet as sl
from denoise_samples import decibels
from noise_samples import clean, counts, demosaiced, faint_shot, shot, white
from scorelet.core.errors import InputError

X = clean("camera")[:384, 64:448].astype(float)
"""A photograph below the noise, in 8-bit units."""
NAMES = ("white", "camera", "poisson")


def gauss(shape=X.shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def as_bytes(y):
    return np.uint8(np.rint(np.clip(y, 0, 255)))


def noise_enlarged():
    return ndimage.zoom(gauss(), (1.4, 1.4, 1), order=3)[: X.shape[0], : X.shape[1]]


def level_of_a_part():
    level = np.full(X.shape, 2.0)
    level[50:210, 90:290] = 25
    return level


def cut_off():
    dark = np.maximum(X - 90, 0)
    return as_bytes(dark + 15 * gauss()), dark


KINDS = {
    "white, faint": (white(X, 5), "white"),
    "white": (white(X, 20), "white"),
    "white, of one channel": (white(X[..., 0], 20), "white"),
    "white, floats of a small unit": (3e-12 * (X + 20 * gauss()) + 1e-9, "white"),
    "white, on a pedestal": (np.uint16(np.rint(20_000 + 10 * (X + 20 * gauss()))), "white"),
    "one channel": (as_bytes(X + gauss() * np.array([2, 2, 30])), "white"),
    "a part": (as_bytes(X + level_of_a_part() * gauss()), "white"),
    "photons": (np.uint16(counts(X, 60)), "poisson"),
    "a mosaic": (as_bytes(X + 20 * demosaiced(gauss())), "camera"),
    "an enlargement": (as_bytes(X + 20 * noise_enlarged()), "camera"),
    "a camera": (shot(np.uint8(X)), "camera"),
    "a camera, faint": (faint_shot(np.uint8(X)), "camera"),
}
"""Noisy pictures, and the way that each goes."""
UNITS = {
    "white, floats of a small unit": (1e-9, 3e-12),
    "white, on a pedestal": (20_000, 10),
    "photons": (0, 60 / 255),
}
"""What black and a step of 8 bits are there; else 0 and 1."""


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_noise_goes_its_way(float32, name):
    noisy, way = KINDS[name]
    black, step = UNITS.get(name, (0, 1))
    x = X[..., 0] if noisy.ndim == 2 else X

    def psnr(image):
        return decibels((np.asarray(image, float) - black) / step / 255, x / 255)

    named = []
    for noise in NAMES:
        try:
            named.append(psnr(sl.denoise(noisy, noise=noise).image))
        except InputError:  # no law of photons
            assert noise == "poisson"
    out = sl.denoise(noisy)
    assert out.noise == way
    assert psnr(out.image) > max(named) - 0.3  # after a mosaic the blind model is taken alone
    assert psnr(out.image) > psnr(noisy)


@pytest.mark.slow
def test_noise_that_is_cut_off_goes_its_way(float32):
    noisy, dark = cut_off()
    out = sl.denoise(noisy)
    assert out.noise == "white"
    assert decibels(out.image / 255, dark / 255) > decibels(noisy / 255, dark / 255) + 8
