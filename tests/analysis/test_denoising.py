"""PSNR and SSIM by noise level: the protocol and its measures."""

import math

import numpy as np
import pytest
import torch

from samples import noisy, waves
from scorelet.analysis import psnr, ssim
from scorelet.analysis.denoising import noisy_pairs, quality, standard_error
from scorelet.core.errors import InputError


def untouched(pixels, _sigma, _number):
    """A denoiser that takes nothing out."""
    return pixels


def batch(pixels):
    return torch.from_numpy(np.asarray(pixels, np.float32)).permute(2, 0, 1)[None]


@pytest.mark.parametrize("error", [0.1, 0.01])
def test_psnr_of_a_known_error(error):
    reference = torch.full((2, 3, 5, 7), 0.5, dtype=torch.float64)
    expected = torch.full((2,), -20 * math.log10(error), dtype=torch.float64)
    torch.testing.assert_close(psnr(reference + error, reference), expected)  # float64 rounding


def test_psnr_is_per_picture():
    reference = torch.zeros(2, 1, 4, 4)
    estimate = torch.tensor([0.1, 1.0]).reshape(2, 1, 1, 1).expand(2, 1, 4, 4)
    torch.testing.assert_close(psnr(estimate, reference).float(), torch.tensor([20.0, 0.0]))


@pytest.mark.parametrize("measure", [psnr, ssim])
@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (torch.ones(2, 1, 8, 8, dtype=torch.uint8), r"are torch\.uint8"),
        (np.ones((2, 1, 8, 8), np.float32), "expected a tensor"),
        (torch.ones(1, 1, 8, 8), r"have shapes \(1, 1, 8, 8\) and \(2, 1, 8, 8\)"),
    ],
    ids=["of 8 bits", "of NumPy", "of another number"],
)
def test_pictures_that_cannot_be_compared_are_refused(measure, estimate, words):
    with pytest.raises(InputError, match=words):
        measure(estimate, torch.zeros(2, 1, 8, 8))


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_no_picture_has_no_value(measure):
    assert measure(torch.zeros(0, 1, 8, 8), torch.zeros(0, 1, 8, 8)).shape == (0,)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_agrees_with_scikit_image(channels):
    """scikit-image leaves out windows that reach beyond the border, here they see a mirror."""
    metrics = pytest.importorskip("skimage.metrics")
    clean, other = waves(40, 50, channels), noisy(40, 50, channels, dtype="float64")
    expected = metrics.structural_similarity(
        *(np.pad(x, ((5, 5), (5, 5), (0, 0)), mode="reflect") for x in (clean, other)),
        data_range=1.0,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    # variances are differences of squares of order 1, in float32, over a constant of 9e-4
    assert float(ssim(batch(other), batch(clean))) == pytest.approx(expected, abs=1e-4)
    assert float(ssim(batch(clean), batch(clean))) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sigma", [15.0, 25.0])
def test_psnr_of_the_noisy_input_is_20_log_255_over_sigma(channels, sigma):
    pictures = [np.full((64, 64, channels), 128, np.uint8)] * 4  # five sigma from either end
    got = quality(untouched, pictures, sigma, structure=False)["psnr"]
    # the mean square of 16384 numbers has a relative deviation of sqrt(2/16384): 0.05 dB; x 4
    assert got == pytest.approx(20 * math.log10(255 / sigma), abs=0.2)


@pytest.mark.slow
def test_results_are_clipped_the_noise_is_not():
    """On black half of the noise is cut off the result: 3.01 dB more."""
    pictures = [np.zeros((64, 64, 1), np.uint8)] * 4
    got = quality(untouched, pictures, 25.0)["psnr"]
    assert got == pytest.approx(20 * math.log10(255 / 25) + 10 * math.log10(2), abs=0.3)
    (_, noisy_picture), *_ = noisy_pairs(pictures, 25.0)
    assert noisy_picture.min() < -0.1


def test_noise_depends_on_the_index_of_the_picture_only():
    pictures = [np.full((16, 16, 1), 128, np.uint8)] * 3
    noises = [noisy_picture - clean for clean, noisy_picture in noisy_pairs(pictures, 25.0)]
    fewer = [noisy_picture - clean for clean, noisy_picture in noisy_pairs(pictures[:2], 50.0)]
    assert not torch.equal(noises[0], noises[1])
    for once, twice in zip(noises, fewer, strict=False):
        torch.testing.assert_close(twice, 2 * once, atol=1e-6, rtol=0)  # float32 around 0.5


@pytest.mark.slow
def test_rows_are_means_over_pictures():
    pictures = [noisy(32, 32, 3, seed=k) for k in range(3)]
    row = quality(untouched, pictures, 25.0)
    pairs = [(noisy_one.clamp(0, 1), clean) for clean, noisy_one in noisy_pairs(pictures, 25.0)]
    decibels = [float(psnr(*pair)) for pair in pairs]
    assert row["psnr"] == pytest.approx(np.mean(decibels))
    assert row["ssim"] == pytest.approx(np.mean([float(ssim(*pair)) for pair in pairs]))
    spread = sum((x - np.mean(decibels)) ** 2 for x in decibels) / (3 - 1)
    assert row["psnr_error"] == pytest.approx(math.sqrt(spread / 3))


@pytest.mark.slow
def test_the_standard_error_of_a_mean():
    """Of n draws with variance 1 it is 1/sqrt(n), in the mean over many sets of draws."""
    draws = np.random.default_rng(0).standard_normal((20_000, 2))
    variances = [standard_error(pair) ** 2 for pair in draws.tolist()]
    # the variance of two draws has a relative deviation of sqrt(2): 0.01 over 20000 pairs; x 4
    assert np.mean(variances) == pytest.approx(1 / 2, rel=0.04)
    assert standard_error([30.0, 32.0]) == 1.0
    for values in ([30.0], [], [30.0, math.inf], [math.inf, math.inf]):
        assert standard_error(values) is None


def test_a_result_that_is_perfect_has_infinite_psnr():
    row = quality(untouched, [noisy(16, 16), noisy(16, 16, seed=1)], 0.0)
    assert row == {
        "sigma": 0.0,
        "psnr": math.inf,
        "psnr_error": None,
        "ssim": pytest.approx(1, abs=1e-4),  # float32, as above
    }
