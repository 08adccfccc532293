"""Blurred images that were cut out of larger ones: the proximal point by brute force."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models.measurements import Blur, CutBlur, Observation, cut_blur, gaussian_kernel

CUT, KERNEL = (10, 13), gaussian_kernel(1.0)


def image(count=1, size=(18, 21), seed=0):
    return torch.rand(count, 2, *size, generator=generator(seed), dtype=torch.float64)


def seen(world):
    """What of a blurred world is left, and of the world itself, with 4 pixels more at each edge."""
    soft = np.stack([convolve(plane, KERNEL.numpy()) for plane in world[0].numpy()])
    return torch.from_numpy(soft[None, :, 8:18, 9:22]), world[..., 4:22, 5:26]


def test_what_lies_farther_outside_has_no_share():
    world = image(size=(30, 40))
    cut, frame = seen(world)
    blur = CutBlur(CUT, KERNEL, noise=0.01)
    assert (blur.size, blur.cut, blur.margin) == ((18, 21), CUT, (4, 4))
    torch.testing.assert_close(blur.measure(frame), cut, rtol=0, atol=1e-6)
    assert torch.equal(blur.read(cut), cut)


def test_an_image_that_was_measured_so_is_left_alone():
    """One whose surroundings are no mirror image; of a blur with mirrored edges it is none."""
    blur, frame = CutBlur(CUT, KERNEL, noise=0.002), image()
    cut = blur.measure(frame)
    torch.testing.assert_close(blur.consistent(frame, cut, 0.3), frame, rtol=0, atol=1e-9)
    mirrored, inside = Blur(CUT, KERNEL, noise=0.002), frame[..., 4:14, 4:17]
    off = mirrored.consistent(inside, mirrored.read(cut), 0.3) - inside
    assert off.abs().max() > 0.4


@pytest.mark.parametrize(
    ("noise", "steps", "accuracy"), [(0.02, 200, 1e-6), (0.1, 16, 0.01), (0.5, 4, 1e-3)]
)
def test_the_consistent_image_is_the_proximal_point(noise, steps, accuracy, monkeypatch):
    """f + σ² Aᵀ (σ² A Aᵀ + s²)⁻¹ (c - A f) of a matrix A; each image has its own level."""
    monkeypatch.setattr(cut_blur, "_ACCURACY", 1e-9)
    blur, f, c = CutBlur(CUT, KERNEL, noise=noise), image(3), image(1, CUT, seed=1)
    blur.steps = steps
    each = torch.eye(18 * 21, dtype=torch.float64).reshape(-1, 1, 18, 21)
    a = blur.measure(each).flatten(1).mT
    levels = [0.0, 0.05, 0.3]
    found = blur.consistent(f, c, levels)
    for one, plain, sigma in zip(found, f, levels, strict=True):
        rest = c[0].flatten(1) - plain.flatten(1) @ a.mT
        inner = sigma**2 * a @ a.mT + noise**2 * torch.eye(len(a), dtype=torch.float64)
        exact = sigma**2 * torch.linalg.solve(inner, rest.mT).mT @ a
        got = (one - plain).flatten(1)
        for mine, d in zip(got, exact, strict=True):
            assert (mine - d).norm() <= accuracy * d.norm()
        alone = blur.consistent(plain[None], c, sigma)[0]
        assert torch.equal(alone, one)


@pytest.mark.parametrize("mirrored", [False, True])
def test_pixels_that_a_sensor_cut_off_tell_an_end_alone(mirrored, monkeypatch):
    """Those beyond which the blurred estimate lies have no share in the proximal point."""
    monkeypatch.setattr(cut_blur, "_ACCURACY", 1e-9)
    blur = CutBlur(CUT, KERNEL, noise=0.1, limits=(0.3, 0.6), mirrored=mirrored)
    assert blur.size == (CUT if mirrored else (18, 21))
    blur.steps = 60
    f, c = image(1, blur.size), image(1, CUT, seed=1).clamp(0.3, 0.6)
    each = torch.eye(blur.size[0] * blur.size[1], dtype=torch.float64).reshape(-1, 1, *blur.size)
    a = blur.measure(each).flatten(1).mT
    found = blur.consistent(f, c, 0.3) - f
    for d, plain, pixels in zip(found[0], f[0], c[0], strict=True):
        values, before = pixels.flatten(), a @ plain.flatten()
        left_out = (values == 0.6) & (before > 0.6) | (values == 0.3) & (before < 0.3)
        assert 0 < left_out.sum() < len(values)
        part, rest = a[~left_out], (values - before)[~left_out]
        inner = 0.09 * part @ part.mT + 0.01 * torch.eye(len(part), dtype=torch.float64)
        exact = 0.09 * part.mT @ torch.linalg.solve(inner, rest)
        assert (d.flatten() - exact).norm() < 1e-3 * exact.norm()


def test_edges_of_what_was_cut_off_are_little_noise():
    """Four lamps: their edges would count as noise of 6/255."""
    kernel, x = gaussian_kernel(2.0), np.full((128, 128), 0.1)
    x[20:100:30, 40] = 60
    soft = torch.from_numpy(convolve(x, kernel.numpy()).clip(0, 1))[None, None]
    noise = torch.randn(soft.shape, generator=generator(0), dtype=torch.float64)
    limited = CutBlur((128, 128), kernel, noise=0.01, limits=(0.0, 1.0))
    assert CutBlur((128, 128), kernel, noise=0.01).noise_in(soft) > 6 / 255
    assert limited.noise_in(soft) == pytest.approx(4 / 255)
    noisy = (soft + 6 / 255 * noise).clamp(max=1)
    assert limited.noise_in(noisy) == pytest.approx(6 / 255, rel=0.15)


def test_the_range_is_that_of_pictures():
    blur = CutBlur(CUT, KERNEL, noise=0.01)
    x = Observation(blur, image(1, CUT)).within(3 * image() - 1)
    assert (float(x.min()), float(x.max())) == (0, 1)


def test_the_noise_of_a_cut_is_found():
    """Edges that a mirror would bend are none; some hundred numbers tell it to 15 %."""
    kernel = gaussian_kernel(2.0)
    x = np.kron(np.random.default_rng(0).random((20, 20)), np.ones((8, 8)))
    soft = torch.from_numpy(convolve(x, kernel.numpy())[32:128, 32:128])[None, None]
    blur, mirrored = CutBlur((96, 96), kernel, noise=0.01), Blur((96, 96), kernel)
    noise = torch.randn(soft.shape, generator=generator(0), dtype=torch.float64)
    assert blur.noise_in(blur.read(soft)) < 0.15 / 255
    assert mirrored.noise_in(mirrored.read(soft)) > 0.5 / 255
    for level in (0.3 / 255, 2 / 255):
        assert blur.noise_in(blur.read(soft + level * noise)) == pytest.approx(level, rel=0.15)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: CutBlur((8, 8), KERNEL, noise=0.1, mirrored=True),
            "larger than the picture of 8x8",
        ),
        (lambda: CutBlur((9, 9), KERNEL, noise=0.0), "must be positive"),
        (lambda: CutBlur((9, 9), torch.ones(3, 3), noise=0.1), "sum"),
        (lambda: CutBlur(CUT, KERNEL, noise=0.1).read(image(1, (10, 12))), "What was measured"),
        (lambda: CutBlur(CUT, KERNEL, noise=0.1).measure(image(1, CUT)), "The image has 10x13"),
        (
            lambda: CutBlur(CUT, KERNEL, noise=0.1).consistent(image(2), image(3, CUT), 0.1),
            "What was measured",
        ),
    ],
)
def test_what_is_no_such_measurement(make, words):
    with pytest.raises(InputError, match=words):
        make()
