"""Linear measurements: orthonormal, adjoint, and the proximal point by brute force."""

from inspect import unwrap

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models.measurements import (
    BlockMeans,
    Blur,
    KnownPixels,
    LowFrequencies,
    MatrixSensing,
    Measurement,
    PeriodicBlur,
    RandomSensing,
    gaussian_kernel,
)
from scorelet.models.measurements.cosines import cosine_transform, inverse_cosine_transform

SIZE = (12, 18)


def image(count=1, seed=0):
    return torch.rand(count, 2, *SIZE, generator=generator(seed), dtype=torch.float64)


def matrix(rows=70):
    """Two rows depend on others."""
    a = torch.randn(rows, SIZE[0] * SIZE[1], generator=generator(6), dtype=torch.float64)
    return torch.cat([a, a[:1] - 2 * a[1:2], a[2:3]])


def weights(rows, columns):
    """A kernel that is not symmetric."""
    kernel = torch.rand(rows, columns, generator=generator(7), dtype=torch.float64)
    kernel[rows // 2, columns // 2] += 0.6 * rows * columns
    return kernel / kernel.sum()


def measurements(noise=0.0):
    mask = torch.rand(SIZE, generator=generator(5)) < 0.3
    return {
        "pixels": KnownPixels(mask, noise=noise),
        "blocks": BlockMeans(SIZE, 3, noise=noise),
        "blur": Blur(SIZE, gaussian_kernel(1.0), noise=noise),
        "any blur": PeriodicBlur(SIZE, weights(3, 1).repeat(1, 2) / 2, noise=noise),
        "part of any blur": PeriodicBlur(SIZE, weights(6, 5), 3, noise=noise),
        "sensing": RandomSensing(SIZE, 0.4, seed=3, noise=noise),
        "spectrum": LowFrequencies(SIZE, 0.5, noise=noise),
        "matrix": MatrixSensing(SIZE, matrix(), noise=noise),
    }


NAMES = tuple(measurements())


def test_pixels_are_known_by_channel():
    """Each channel as by its own mask; without noise they come back bit by bit."""
    mask, x, f = torch.rand(2, *SIZE, generator=generator(5)) < 0.3, image(2), image(2, seed=1)
    for noise in (0.0, 0.1):
        both, c = KnownPixels(mask, noise=noise), KnownPixels(mask).coefficients(x)
        for k in (0, 1):
            one = KnownPixels(mask[k], noise=noise)
            assert torch.equal(c[:, k, None], one.coefficients(x[:, k, None]))
            found = both.consistent(f, c, 0.2)[:, k, None]
            assert torch.equal(found, one.consistent(f[:, k, None], c[:, k, None], 0.2))
    for refused in (both.coefficients, both.image):
        with pytest.raises(InputError, match="3 channels, and 2 have a mask"):
            refused(torch.zeros(1, 3, *SIZE))


@pytest.mark.parametrize("name", NAMES)
def test_measurements_are_orthonormal(name):
    """Vᵀ V k = k for measured k, V Vᵀ is a symmetric projector, V the adjoint of Vᵀ."""
    m, x, other = measurements()[name], image(), image(seed=1)
    k = m.coefficients(x)
    torch.testing.assert_close(m.coefficients(m.image(k)), k, rtol=0, atol=1e-10)
    projected = m.project(x)
    torch.testing.assert_close(m.project(projected), projected, rtol=0, atol=1e-10)
    torch.testing.assert_close((projected * other).sum(), (x * m.project(other)).sum())
    torch.testing.assert_close((m.image(k) * other).sum(), (k * m.coefficients(other)).sum())
    assert 0 < float(projected.square().sum()) < float(x.square().sum())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_the_consistent_image_is_the_proximal_point(name, noise):
    """The gradient of ‖S Vᵀ x - c‖²/s² + ‖x - f‖²/σ² vanishes there; s = 0 is a projection."""
    m, f, sigma = measurements(noise)[name], image(), 0.3
    c = m.measure(image(seed=1))
    x = m.consistent(f, c, sigma)
    if noise:
        x = x.requires_grad_(True)
        cost = (m.measure(x) - c).square().sum() / noise**2
        cost = cost + (x - f).square().sum() / sigma**2
        (slope,) = torch.autograd.grad(cost, x)
        assert (
            float(slope.abs().max()) < 1e-6 * float((x - f).detach().abs().max()) / sigma**2 + 1e-9
        )
    else:
        torch.testing.assert_close(m.measure(x), c, rtol=0, atol=1e-6)
        torch.testing.assert_close(x - m.project(x), f - m.project(f), rtol=0, atol=1e-10)


def test_block_means_are_means_of_blocks():
    x = image()
    means = BlockMeans(SIZE, 3).measure(x)
    exact = x.reshape(1, 2, 4, 3, 6, 3).mean((3, 5))
    torch.testing.assert_close(means, exact)


def test_cosine_transform_is_that_of_scipy():
    from scipy.fft import dctn

    for shape in (SIZE, (7, 5), (1, 4)):
        x = torch.rand(3, *shape, generator=generator(0), dtype=torch.float64)
        exact = dctn(x.numpy(), axes=(-2, -1), norm="ortho")
        np.testing.assert_allclose(cosine_transform(x[None])[0].numpy(), exact, atol=1e-12)
        back = inverse_cosine_transform(torch.from_numpy(exact)[None])
        torch.testing.assert_close(back[0], x, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "kernel",
    [gaussian_kernel(2.0), gaussian_kernel(0.6), torch.full((5, 5), 1 / 25)],
    ids=["strong", "mild", "box"],
)
def test_the_noise_of_what_was_blurred_is_found(kernel):
    """Beside a picture whose spectrum falls; the error is that of a hundred numbers or more."""
    generator = torch.Generator().manual_seed(0)
    m = Blur((96, 96), kernel)
    smooth = Blur((96, 96), gaussian_kernel(1.0))
    x = smooth.blurred(torch.rand(1, 3, 96, 96, generator=generator))
    noise = torch.randn(x.shape, generator=generator)
    for level in (1 / 255, 5 / 255):
        found = m.noise_in(m.read(m.blurred(x) + level * noise))
        assert found == pytest.approx(level, rel=0.15)
    assert m.noise_in(m.read(m.blurred(x))) < 0.5 / 255


def test_a_kernel_that_blurs_next_to_nothing_shows_no_noise():
    m = Blur((16, 16), gaussian_kernel(0.3))
    assert m.noise_in(m.read(torch.rand(1, 1, 16, 16))) == 0.0


def test_blur_is_convolution_with_mirrored_edges():
    from scipy.ndimage import convolve

    kernel = gaussian_kernel(1.0)
    x = image()
    m = Blur(SIZE, kernel)
    exact = np.stack([convolve(plane, kernel.numpy(), mode="reflect") for plane in x[0].numpy()])
    np.testing.assert_allclose(m.blurred(x)[0].numpy(), exact, atol=1e-6)
    torch.testing.assert_close(m.read(m.blurred(x)), m.measure(x), rtol=0, atol=1e-6)


def test_sensing_is_a_function_of_its_seed():
    x = image()
    first, again = (RandomSensing(SIZE, 0.4, seed=3).measure(x) for _ in range(2))
    other = RandomSensing(SIZE, 0.4, seed=4).measure(x)
    assert torch.equal(first, again)
    assert first.shape == (1, 2, round(0.4 * SIZE[0] * SIZE[1]))
    assert not torch.allclose(first, other)


def test_a_matrix_gives_what_is_known_of_it():
    """Without noise A x is kept, and the rest is that of the estimate: f + A⁺ (b - A f)."""
    a, x, f = matrix(), image(2, seed=1), image(2)
    m = MatrixSensing(SIZE, a)
    b = x.flatten(2) @ a.mT
    assert m.kept == (70,)
    torch.testing.assert_close(m.read(b), m.measure(x), rtol=0, atol=1e-10)
    found = m.consistent(f, m.read(b), 0.3).flatten(2)
    torch.testing.assert_close(found @ a.mT, b, rtol=0, atol=1e-9)
    exact = f.flatten(2) + (b - f.flatten(2) @ a.mT) @ torch.linalg.pinv(a).mT
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-9)


def test_a_matrix_with_noise_gives_the_mean_given_what_it_measured():
    """Of x around f with variance σ²: f + σ² Aᵀ (σ² A Aᵀ + s²)⁻¹ (b - A f)."""
    a, f, sigma, noise = matrix(), image(), 0.3, 2.0
    b = image(seed=1).flatten(2) @ a.mT
    m = MatrixSensing(SIZE, a.numpy(), noise=noise)
    found = m.consistent(f, m.read(b), sigma).flatten(2)
    inner = sigma**2 * a @ a.mT + noise**2 * torch.eye(len(a), dtype=torch.float64)
    step = torch.linalg.solve(inner, (b - f.flatten(2) @ a.mT).mT)
    torch.testing.assert_close(found, f.flatten(2) + sigma**2 * (a.mT @ step).mT)


def test_what_a_matrix_does_not_give_is_refused():
    with pytest.raises(InputError, match=r"expected \(batch, channel, 72\)"):
        MatrixSensing(SIZE, matrix()).read(torch.zeros(1, 2, 70))


def test_arrays_of_numpy_and_lists_are_taken():
    mask, kernel = np.eye(8) > 0, np.ones((3, 3))[::-1] / 9
    x = torch.rand(1, 1, 8, 8)
    for mine, same in (
        (KnownPixels(mask), KnownPixels(torch.from_numpy(mask))),
        (KnownPixels(np.uint8(255) * mask), KnownPixels(torch.from_numpy(mask).double())),
        (Blur((8, 8), kernel), Blur((8, 8), torch.from_numpy(kernel.copy()))),
    ):
        assert torch.equal(mine.measure(x), same.measure(x))
    blocks = object.__new__(BlockMeans)
    unwrap(Measurement.__init__)(blocks, [np.int64(8), 8])
    assert blocks.size == blocks.kept == (8, 8)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("noise", [0.0, 0.2])
@pytest.mark.parametrize(
    ("sigma", "words"), [(-1.0, "zero or positive"), ([0.1, 0.2, 0.3], "for a batch of 2")]
)
def test_levels_that_are_none_are_refused(name, noise, sigma, words):
    m, x = measurements(noise)[name], image(2)
    with pytest.raises(InputError, match=words):
        m.consistent(x, m.measure(x), sigma)


MEAN = torch.ones(2, 2) / 4


def blur_unmade():
    return object.__new__(PeriodicBlur)


def blocks_unchecked(*arguments):
    """Make them without the checks of types in tests."""
    unwrap(BlockMeans.__init__)(object.__new__(BlockMeans), *arguments)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: KnownPixels(torch.zeros(3, 3)), "no known pixel"),
        (lambda: KnownPixels(torch.zeros(3)), "height, width"),
        (lambda: BlockMeans((9, 10), 3), "cannot be cut"),
        (lambda: KnownPixels(torch.tensor([[1.0, float("nan")]])), "mask has the value nan"),
        (lambda: KnownPixels(torch.full((8, 8), -1.0)), r"mask has the value -1\.0"),
        (lambda: KnownPixels(np.full((8, 8), 0.5)), r"mask has the value 0\.5"),
        (lambda: MatrixSensing((9, 9), torch.ones(3, 80)), r"take \(projections, 81\)"),
        (lambda: MatrixSensing((9, 9), 1j * np.ones((3, 81))), "matrix is complex"),
        (lambda: MatrixSensing((9, 9), torch.zeros(3, 81)), "nothing but zeros"),
        (lambda: Blur((9, 9), np.full((3, 3), 1j)), "complex or infinite numbers"),
        (lambda: Blur((9, 9), np.full((3, 3), np.nan)), "complex or infinite numbers"),
        (lambda: MatrixSensing((9, 9), np.full((3, 81), np.inf)), "expected finite"),
        (lambda: BlockMeans((9, 9), 1), "2 or more"),
        (lambda: blocks_unchecked((8, 8), 2.0), "whole number, 2 or more"),
        (lambda: Blur((4, 4), gaussian_kernel(1.0)), "larger than the picture"),
        (lambda: Blur((9, 9), torch.ones(2, 2) / 4), "with odd sides"),
        (lambda: PeriodicBlur((9, 9), torch.ones(0, 2)), r"shape \(0, 2\): expected \(rows, col"),
        (lambda: PeriodicBlur((9, 9), torch.ones(2, 2)), "has the sum 4: divide"),
        (lambda: PeriodicBlur((9, 9), torch.ones(2, 2) / 4, 2), "cannot be cut into blocks of 2x2"),
        (
            lambda: unwrap(PeriodicBlur.__init__)(blur_unmade(), (8, 8), MEAN, 1.5),
            "whole number, 1",
        ),
        (lambda: PeriodicBlur((8, 8), MEAN, 2).read(image()), "12x18 pixels: expected one of 4x4"),
        (lambda: Blur((9, 9), torch.ones(3, 3)), "sum"),
        (lambda: Blur((9, 9), torch.arange(9.0).reshape(3, 3) / 36), "not symmetric"),
        (
            lambda: RandomSensing((9, 9), 0.001),
            "of 81 pixels: it must be at most 1, and leave some",
        ),
        (lambda: LowFrequencies((9, 9), 0.0), "share"),
        (lambda: BlockMeans((9, 9), 3, noise=-1.0), "noise"),
        (lambda: gaussian_kernel(0.0), "a number above 0 and below 1000"),
    ],
)
def test_what_is_no_measurement(make, words):
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.55, 0.9, 1.0])
def test_frequencies_at_the_border_are_kept(share):
    """|k| <= share n/2 in whole numbers, whatever rounding does."""
    from fractions import Fraction

    exact = Fraction(share).limit_denominator(100)
    for n in range(8, 65):
        k = np.fft.fftfreq(n, 1 / n).round().astype(int)
        kept = [Fraction(abs(int(number)), n) <= exact / 2 for number in k]
        assert LowFrequencies((n, n), share).low[0].tolist() == kept, n


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_blocks_in_range_are_the_nearest_with_their_means(factor):
    """Line art: blocks near black and white, where projections in turn do not end."""
    rng = np.random.default_rng(0)
    small = torch.from_numpy(np.where(rng.random((1, 1, 8, 8)) < 0.5, 0.01, 0.99))
    means = BlockMeans((8 * factor, 8 * factor), factor)
    x = means.image(factor * small) + torch.from_numpy(rng.normal(size=(1, 1, *means.size)))
    found = means.within(x, small)
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    torch.testing.assert_close(means.measure(found), small, rtol=0, atol=1e-9)
    # nearest: pixels that are not at a bound moved alike in their block
    moved, free = found - x, (found > 1e-9) & (found < 1 - 1e-9)
    shape = (8, factor, 8, factor)
    for block, kept in zip(
        moved.reshape(shape).transpose(1, 2).reshape(64, -1),
        free.reshape(shape).transpose(1, 2).reshape(64, -1),
        strict=True,
    ):
        if kept.any():
            assert float(block[kept].max() - block[kept].min()) < 1e-9


def test_known_pixels_come_back_bit_by_bit():
    mask = torch.rand(SIZE, generator=generator(5)) < 0.5
    pixels, x = KnownPixels(mask), image(seed=1).float()
    found = pixels.consistent(1e3 * image().float(), pixels.measure(x), 0.1)
    assert torch.equal(found[..., mask], x[..., mask])


@pytest.mark.parametrize("shape", [(1, 2, 4, 5), (1, 1, 4, 6), (3, 2, 4, 6)])
def test_what_was_measured_has_the_shape_of_the_images(shape):
    with pytest.raises(InputError, match="was measured has shape"):
        BlockMeans(SIZE, 3).consistent(image(2), torch.zeros(shape, dtype=torch.float64), 0.1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(10, 16), (1, 18), (1, 1)])
def test_images_and_coefficients_of_another_size_are_refused(name, size):
    m, x = measurements()[name], torch.zeros(1, 2, *size, dtype=torch.float64)
    c = m.coefficients(image())
    calls = [m.measure, m.project, m.coefficients, lambda x: m.consistent(x, c, 0.1)]
    calls += [m.blurred, m.read] if name == "blur" else []
    calls += [lambda x: m.within(x, c)]
    for call in calls:
        with pytest.raises(InputError, match=rf"has {size[0]}x{size[1]} pixels.* one of 12x18"):
            call(x)
    with pytest.raises(InputError, match=r"coefficients have shape .* expected \(batch, channel"):
        m.image(c[..., :-1])
    with pytest.raises(InputError, match="was measured has shape"):
        m.within(image(), c[..., :-1])


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_estimates_keep_their_dtype(noise):
    for m in measurements(noise).values():
        x = image().float()
        measured = m.measure(image(seed=1).float()).double()
        assert m.consistent(x, measured, 0.3).dtype == torch.float32
        assert m.within(x, measured).dtype == torch.float32


@pytest.mark.parametrize("name", NAMES)
def test_measurements_with_noise_are_not_kept_to_the_letter(name):
    """The posterior weighs what was measured; nothing but the range is left to mend."""
    m, x = measurements(noise=0.2)[name], 2 * image() - 0.5
    assert torch.equal(m.within(x, m.measure(image(seed=1))), x.clamp(0, 1))


def test_what_a_matrix_gave_may_be_integers_of_numpy():
    m = MatrixSensing((2, 2), np.eye(4))
    counts = np.arange(4)[None, None]
    found = m.read(counts)
    torch.testing.assert_close(found, m.read(torch.arange(4.0)[None, None]))
    torch.testing.assert_close(m.image(found).flatten(), torch.arange(4.0))
