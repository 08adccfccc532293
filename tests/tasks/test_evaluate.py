"""PSNR and SSIM by noise level: the protocol, its measures and its folder of pictures."""

import math

import numpy as np
import pytest
import tifffile
import torch

from samples import Identity, noisy, waves, write_png
from scorelet.analysis import psnr, ssim
from scorelet.core.errors import ImageFileError, InputError
from scorelet.data import from_unit
from scorelet.tasks.evaluate import (
    evaluate,
    evaluate_pictures,
    mean_psnr,
    noisy_pairs,
    standard_error,
)

pytestmark = pytest.mark.usefixtures("float32")


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
    got = mean_psnr(Identity(), pictures, sigma)
    # the mean square of 16384 numbers has a relative deviation of sqrt(2/16384): 0.05 dB; x 4
    assert got == pytest.approx(20 * math.log10(255 / sigma), abs=0.2)


def test_results_are_clipped_the_noise_is_not():
    """On black half of the noise is cut off the result: 3.01 dB more."""
    pictures = [np.zeros((64, 64, 1), np.uint8)] * 4
    got = mean_psnr(Identity(), pictures, 25.0)
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


def test_rows_are_means_over_pictures():
    pictures = [noisy(32, 32, 3, seed=k) for k in range(3)]
    (row,) = evaluate_pictures(Identity(), pictures, sigmas=[25.0])
    pairs = [(noisy_one.clamp(0, 1), clean) for clean, noisy_one in noisy_pairs(pictures, 25.0)]
    decibels = [float(psnr(*pair)) for pair in pairs]
    assert row["psnr"] == pytest.approx(np.mean(decibels))
    assert row["ssim"] == pytest.approx(np.mean([float(ssim(*pair)) for pair in pairs]))
    spread = sum((x - np.mean(decibels)) ** 2 for x in decibels) / (3 - 1)
    assert row["psnr_error"] == pytest.approx(math.sqrt(spread / 3))


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
    (row,) = evaluate_pictures(Identity(), [noisy(16, 16), noisy(16, 16, seed=1)], sigmas=[0.0])
    assert row == {
        "sigma": 0.0,
        "psnr": math.inf,
        "psnr_error": None,
        "ssim": pytest.approx(1, abs=1e-4),  # float32, as above
    }


@pytest.mark.parametrize(("side", "measured"), [(5, False), (6, True)])
def test_a_picture_smaller_than_the_window_has_no_ssim(tmp_path, model, side, measured):
    write_png(tmp_path / "a.png", noisy(24, 24))
    write_png(tmp_path / "b.png", noisy(side, 30))
    result = evaluate(tmp_path, model=model, sigmas=[25.0])
    (row,) = result["rows"]
    assert (row["ssim"] is not None) == measured
    assert math.isfinite(row["psnr"])
    assert result["warnings"] == (
        []
        if measured
        else [
            "SSIM was not measured: it needs at least 6 pixels a side, and the smallest picture "
            "has 5"
        ]
    )


def test_pictures_beyond_the_limit_are_not_read(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(16, 16))
    (tmp_path / "b.png").write_text("broken")
    assert evaluate(tmp_path, model=model, sigmas=[25.0], limit=1)["pictures"] == 1
    with pytest.raises(ImageFileError, match=r"b\.png is not a picture"):
        evaluate(tmp_path, model=model, sigmas=[25.0], limit=2)


def test_one_picture_may_be_named_itself(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(16, 16))
    write_png(tmp_path / "other" / "b.png", noisy(20, 20, 1))
    alone = evaluate(tmp_path / "a.png", model=model, sigmas=[25.0])
    assert (alone["pictures"], alone["channels"]) == (1, 3)
    assert alone["rows"][0]["psnr_error"] is None
    expected = evaluate(tmp_path, model=model, sigmas=[25.0], limit=1)
    assert alone["rows"] == expected["rows"]


def test_numbers_that_overflow_are_no_psnr(tmp_path, model, monkeypatch):
    monkeypatch.setenv("SCORELET_DTYPE", "float16")
    tifffile.imwrite(tmp_path / "a.tif", noisy(16, 16, 1, dtype="float32")[..., 0] * 1e6)
    with pytest.raises(InputError, match="SCORELET_DTYPE=float32"):
        evaluate(tmp_path, model=model, sigmas=[25.0])


def test_a_folder_is_measured_in_its_own_kind_or_another(tmp_path, model):
    colour = [from_unit(waves(30, 40 + k, 3), "uint8") for k in range(3)]
    for k, picture in enumerate(colour):
        write_png(tmp_path / f"{k}.png", picture)
    whole = evaluate(tmp_path, model=model, sigmas=[25.0, 50.0])
    assert (whole["channels"], whole["pictures"], whole["dtype"]) == (3, 3, "float32")
    assert [row["sigma"] for row in whole["rows"]] == [25, 50]
    assert whole["rows"][0]["psnr"] > whole["rows"][1]["psnr"] + 3  # twice the noise is 6 dB
    gray = evaluate(tmp_path, model=model, sigmas=[25.0], channels=1, limit=2)
    assert (gray["channels"], gray["pictures"]) == (1, 2)
    tiled = evaluate(tmp_path, model=model, sigmas=[25.0, 50.0], tile=16)
    for row, other in zip(whole["rows"], tiled["rows"], strict=True):
        assert row == pytest.approx(other, abs=1e-4)  # pixels agree to 1e-5


@pytest.mark.parametrize(
    ("options", "words"),
    [({"channels": 2}, "channels is 2"), ({"limit": 0}, "limit is 0"), ({"limit": -1}, "limit is")],
)
def test_what_cannot_be_measured(tmp_path, model, options, words):
    write_png(tmp_path / "a.png", noisy(16, 16))
    with pytest.raises(InputError, match=words):
        evaluate(tmp_path, model=model, **options)


def test_data_are_found_under_the_variable(tmp_path, model, monkeypatch):
    write_png(tmp_path / "photos" / "mine" / "a.png", noisy(16, 16))
    with pytest.raises(InputError, match="SCORELET_DATA"):
        evaluate("mine", model=model)
    monkeypatch.setenv("SCORELET_DATA", str(tmp_path))
    assert evaluate("mine", model=model, sigmas=[25.0])["pictures"] == 1
