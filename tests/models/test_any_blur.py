"""Blurs by any kernel: what scipy computes, and the proximal point by brute force."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve
from scipy.signal import convolve2d

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models.measurements import (
    BlockMeans,
    Blur,
    CutBlur,
    PeriodicBlur,
    cut_blur,
    gaussian_kernel,
    named_blur,
)

SIDES = [(3, 5), (4, 4), (2, 3), (5, 2), (1, 4)]
CUT = (12, 10)


def image(*shape, seed=0):
    return torch.rand(shape, generator=generator(seed), dtype=torch.float64)


def weights(*sides):
    kernel = image(*sides, seed=3)
    return kernel / kernel.sum()


def chosen(sides, factor):
    """Which pixels of what scipy computes are taken."""
    return tuple(slice((factor - 1 + side % 2) // 2, None, factor) for side in sides)


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_a_blur_is_the_convolution_of_scipy(sides, factor):
    """Not the correlation; and the middle of even sides is where scipy has it."""
    kernel, x = weights(*sides), image(1, 2, 24, 36)
    exact = [convolve(p, kernel.numpy(), mode="wrap")[chosen(sides, factor)] for p in x[0].numpy()]
    found = PeriodicBlur((24, 36), kernel, factor).blurred(x)
    np.testing.assert_allclose(found[0].numpy(), exact, rtol=0, atol=1e-12)


def test_odd_kernels_are_those_of_signals_too():
    kernel, x = weights(3, 5), image(1, 1, 14, 14)
    exact = convolve2d(x[0, 0].numpy(), kernel.numpy(), mode="valid")
    cut = CutBlur((12, 10), kernel, noise=0.01)
    np.testing.assert_allclose(cut.measure(x)[0, 0].numpy(), exact, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("sides", "size"), [*((sides, 10) for sides in SIDES), ((9, 8), 1)])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_the_middle_of_a_scene_is_measured(sides, size, factor):
    """Of x just as much is sought as the kernel reaches, in whole blocks; c may be a pixel."""
    kernel, large = weights(*sides), image(1, 1, 60, 60)
    cut = CutBlur((size, size), kernel, factor, noise=0.01)
    exact = convolve(large[0, 0].numpy(), kernel.numpy())[chosen(sides, factor)]
    first = [factor * (4 - m) for m in cut.margin]
    height, width = cut.size
    x = large[..., first[0] : first[0] + height, first[1] : first[1] + width]
    np.testing.assert_allclose(
        cut.measure(x)[0, 0].numpy(), exact[4 : 4 + size, 4 : 4 + size], atol=1e-12
    )
    for side, margin in zip(sides, cut.margin, strict=True):
        assert margin == max(0, -(-(side - factor + (side - factor) % 2) // 2 // factor))


def test_a_kernel_with_the_side_of_a_block_is_its_mean():
    for factor in (2, 3):
        kernel, x = torch.full((factor, factor), 1 / factor**2), image(1, 2, 12, 18)
        found = PeriodicBlur((12, 18), kernel, factor).blurred(x)
        torch.testing.assert_close(found, BlockMeans((12, 18), factor).measure(x))


def test_symmetric_kernels_keep_the_cosine_transform():
    """Rounding of a kernel to single precision is no asymmetry; one per cent is."""
    kernel = gaussian_kernel(1.0)
    assert type(CutBlur(CUT, kernel.float(), noise=0.1).whole) is Blur
    moved = kernel.clone()
    moved[0, 0] += 0.01 * kernel.max()
    for other in (moved / moved.sum(), kernel[:, 1:] / kernel[:, 1:].sum()):
        assert type(CutBlur(CUT, other, noise=0.1).whole) is PeriodicBlur
    assert type(CutBlur(CUT, kernel, 2, noise=0.1).whole) is PeriodicBlur


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("factor", [1, 2, 3])
@pytest.mark.parametrize("limits", [(-np.inf, np.inf), (0.3, 0.6)])
def test_the_consistent_image_is_the_proximal_point(sides, factor, limits, monkeypatch):
    """f + σ² Aᵀ (σ² A Aᵀ + s²)⁻¹ (c - A f) of a matrix A, of pixels within the limits."""
    monkeypatch.setattr(cut_blur, "_ACCURACY", 1e-9)
    size, sigma, noise = (CUT[0] // factor, CUT[1] // factor), 0.3, 0.05
    blur = CutBlur(size, weights(*sides), factor, noise=noise, limits=limits)
    blur.steps = 100
    f, c = image(1, 1, *blur.size), image(1, 1, *size, seed=1).clamp(*limits)
    each = torch.eye(blur.size[0] * blur.size[1], dtype=torch.float64).reshape(-1, 1, *blur.size)
    a = blur.measure(each).flatten(1).mT
    before, values = a @ f.flatten(), c.flatten()
    counts = ~(
        (values >= limits[1]) & (before > values) | (values <= limits[0]) & (before < values)
    )
    a, rest = a[counts], (values - before)[counts]
    inner = sigma**2 * a @ a.mT + noise**2 * torch.eye(len(a), dtype=torch.float64)
    exact = sigma**2 * a.mT @ torch.linalg.solve(inner, rest)
    found = (blur.consistent(f, c, sigma) - f).flatten()
    assert (found - exact).norm() < 1e-6 * exact.norm()


def test_the_noise_of_a_blur_that_is_not_symmetric_is_found():
    """A line of 9 pixels that slants, and a kernel of four pixels' side."""
    x = np.kron(np.random.default_rng(0).random((20, 20)), np.ones((8, 8)))
    for kernel in (named_blur("motion:9:30").numpy(), np.full((4, 4), 1 / 16)):
        soft = torch.from_numpy(convolve(x, kernel)[32:128, 32:128])[None, None]
        blur = CutBlur((96, 96), kernel, noise=0.01)
        noise = torch.randn(soft.shape, generator=generator(0), dtype=torch.float64)
        assert type(blur.whole) is PeriodicBlur
        assert blur.noise_in(soft) < 0.3 / 255  # 2.2 of the line, if the window mixed nothing
        for level in (1 / 255, 3 / 255):
            assert blur.noise_in(soft + level * noise) == pytest.approx(level, rel=0.15)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: PeriodicBlur((8, 8), weights(9, 2), noise=0.1),
            "9x2 is larger than the picture of 8x8",
        ),
        (
            lambda: PeriodicBlur((6, 16), weights(9, 2), 2, noise=0.1),
            "larger than the picture of 6x16",
        ),
        (lambda: CutBlur((9, 9), -weights(2, 2), noise=0.1), "has the sum -1: divide it by that"),
        (lambda: CutBlur(CUT, weights(2, 2), noise=0.1, mirrored=True), "is not symmetric"),
    ],
)
def test_what_is_no_such_measurement(make, words):
    with pytest.raises(InputError, match=words):
        make()
