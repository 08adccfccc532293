"""Any unit, gaps, bright points, and how far pixels may move: with the shipped model."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import torch

import scorelet as sl
from denoise_samples import decibels
from samples import Pointwise, noisy, waves
from scorelet.analysis.local_noise import local_noise
from scorelet.data import Picture, from_unit, load_pictures, to_unit
from scorelet.data.pictures.gaps import filled
from scorelet.tasks.denoise.shown.view import REACH, look
from scorelet.tasks.inference import denoise_array, prepare

pytestmark = pytest.mark.usefixtures("float32")


# ---------------------------------------------------------------- any unit

MAPS = {
    "-1 to 1": (2.0, -1.0),
    "standardised": (1 / 0.18, -0.5 / 0.18),
    "0 to 255": (255.0, 0.0),
    "290 to 300": (10.0, 290.0),
    "faint on a pedestal": (0.01, 0.5),
    "large": (1e6, -3e7),
}
IMAGENET = (np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]))


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [0.0, 5.0, 30.0])
@pytest.mark.parametrize("name", MAPS)
def test_every_linear_map_of_a_picture_gives_the_mapped_result(name, sigma):
    a, b = MAPS[name]
    pixels = noisy(96, 96, 3, sigma=sigma, dtype="float64")
    plain, mapped = sl.denoise(pixels), sl.denoise(a * pixels + b)
    # float32 inside; a pedestal of 50 times the range costs digits of the input
    np.testing.assert_allclose((mapped.image - b) / a, plain.image, atol=2e-4)
    assert mapped.sigma == pytest.approx(a * plain.sigma, rel=2e-3, abs=2e-4 * a)


@pytest.mark.parametrize("sigma", [10, 25])
def test_ink_on_paper_comes_out_of_floats_as_of_bytes(float32, sigma):
    """It fills no cell, so means of cells say nothing of how dark it is."""
    x = np.full((256, 256), 200.0)
    for row in range(20, 256, 40):
        x[row : row + 2, row % 7 :: 32] = 20
    y = x + sigma * np.random.default_rng(0).standard_normal(x.shape)
    floats = sl.denoise((y / 255).astype(np.float32), noise="white").image
    with torch.no_grad():
        alone = sl.load("photo")(torch.tensor(y / 255, dtype=torch.float32)[None, None])[0, 0]
    best = decibels(alone.numpy(), x / 255)
    assert decibels(floats, x / 255) > best - 1.5  # 5 to 8 dB less, if means alone are looked at


@pytest.mark.parametrize(
    ("low", "high"), [(-9e35, 9e35), (-1.1e36, 0), (0, 3.3e38), (-2e38, 2e38), (-3.4e38, 3.4e38)]
)
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_the_largest_numbers_of_float32_do_not_overflow(low, high, strength):
    """Neither their sums nor their differences; a warning would be an error here."""
    pixels = noisy(48, 48, 1, sigma=25.0, dtype="float64")[..., 0]
    pixels = (pixels - pixels.min()) / (pixels.max() - pixels.min())
    extreme = (low + (high - low) * pixels).astype(np.float32)
    plain = sl.denoise(pixels.astype(np.float32), strength=strength).image
    for gaps in (False, True):
        mask = np.zeros(extreme.shape, bool)
        mask[:2, :2] = gaps
        holed = np.where(mask, np.float32(np.inf), extreme)
        found = sl.denoise(holed, strength=strength)
        assert found.image.dtype == np.float32
        assert np.isinf(found.image[mask]).all()
        mapped = (found.image.astype(np.float64) - low) / (high - low)
        away = slice(24, None) if gaps else slice(None)  # from the gap
        np.testing.assert_allclose(mapped[away], plain[away], atol=2e-3 if gaps else 1e-5)


@pytest.mark.parametrize("sigma", [5.0, 30.0])
def test_a_map_for_each_channel(sigma):
    """ImageNet's: the deviations of the channels are nearly equal, their means are not."""
    mean, deviation = IMAGENET
    clean, pixels = waves(96, 96), noisy(96, 96, 3, sigma=sigma, dtype="float64")
    plain = decibels(sl.denoise(pixels).image, clean)
    mapped = sl.denoise((pixels - mean) / deviation).image * deviation + mean
    assert decibels(mapped, clean) > plain - 0.1


@pytest.mark.slow
def test_floats_lose_nothing_against_the_network_itself():
    denoiser = prepare(sl.load("photo"))
    for sigma in (5.0, 25.0, 50.0):
        clean, pixels = waves(96, 96), noisy(96, 96, 3, sigma=sigma, dtype="float32")
        itself = decibels(denoise_array(denoiser, pixels), clean)
        assert decibels(sl.denoise(pixels).image, clean) > itself - 0.1


# ---------------------------------------------------------------- clean pictures


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_flat_picture_of_any_colour_stays(dtype):
    """Corners of the cube of colours, 0 and white, and what lies in the middle between them."""
    top = np.iinfo(dtype).max
    for colour in itertools.product((0, top // 2, top), repeat=3):
        pixels = np.full((40, 40, 3), colour, dtype)
        np.testing.assert_array_equal(sl.denoise(pixels).image, pixels)


def test_drawings_on_flat_ground_stay():
    page = np.full((96, 96, 3), 240, np.uint8)
    page[10:90:9, 8:60] = (200, 20, 20)
    page[20:70, 30:32] = (10, 60, 200)
    np.testing.assert_array_equal(sl.denoise(page).image, page)


def test_no_pixel_moves_further_than_the_noise_explains():
    pixels = noisy(128, 128, 1, sigma=10, dtype="float32")
    pixels[64:, :, 0] += np.random.default_rng(1).standard_normal((64, 128)) * 0.2
    pixels[30, 40] = 3.0  # a hot pixel
    noise = local_noise(pixels)
    reach = look(pixels, noise, mask=None, scaled=False).reach
    moved = np.abs(sl.denoise(pixels).image - pixels)
    largest = moved.reshape(4, 32, 4, 32, 1).max((1, 3))
    assert (largest <= reach * (1 + 1e-4)).all()
    assert reach[0].max() < 0.5 * reach[3].min()  # the quiet half has a shorter reach
    assert moved[30, 40, 0] <= REACH * 2 * 10 / 255


@pytest.mark.parametrize("answer", [-1e6, 0.5, 3e38])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_whatever_a_network_answers_no_pixel_moves_further(answer, dtype):
    """4 σ of what is found; white noise that is cut off at no end."""
    sigma, white = 10 / 255, 1 if dtype == "float32" else np.iinfo(dtype).max
    clean = 0.3 + 0.4 * waves(96, 96, 1)
    y = clean + sigma * np.random.default_rng(0).standard_normal(clean.shape)
    pixels = from_unit(y, dtype) if white > 1 else y.astype(dtype)
    liar = Pointwise(lambda t: torch.full_like(t, answer))
    moved = np.abs(sl.denoise(pixels, model=liar).image.astype(float) - pixels) / white
    assert 0 < moved.max() <= REACH * 1.5 * sigma  # the largest of nine squares is found too large


@pytest.mark.slow
@pytest.mark.skipif("SCORELET_DATA" not in os.environ, reason="needs photographs")
def test_photographs_lose_nothing():
    """Set12 at 15, 25 and 50: the verb on integers against the network alone."""
    denoiser = prepare(sl.load("photo"))
    pictures = load_pictures(Path(os.environ["SCORELET_DATA"]) / "photos/set12", channels=1)[:4]
    for sigma in (15, 25, 50):
        rng = np.random.default_rng(sigma)
        for picture in pictures:
            clean = to_unit(picture)
            y = from_unit(clean + sigma / 255 * rng.standard_normal(clean.shape), "uint8")
            alone = decibels(to_unit(denoise_array(denoiser, y)), clean)
            assert decibels(to_unit(sl.denoise(y).image.reshape(y.shape)), clean) > alone - 0.005


# ---------------------------------------------------------------- bright points


def star_field(size=160, count=12):
    """Background 120 ± 10, stars to 60,000 of 1.5 pixels: (clean, noisy uint16)."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size]
    clean = np.full((size, size), 120.0)
    for peak in np.geomspace(300, 60_000, count):
        y, x = rng.uniform(0, size, 2)
        clean += peak * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 1.5**2))
    counts = np.rint(clean + 10 * rng.standard_normal(clean.shape))
    return clean, counts.clip(0, 65535).astype(np.uint16)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_stars_do_not_disturb_their_surroundings(dtype):
    clean, counts = star_field()
    result = sl.denoise(counts.astype(dtype)).image.astype(float)
    sky = clean < 121
    error = np.abs(result - clean)
    assert np.sqrt(np.square(error[sky]).mean()) < 2  # a fifth of the noise
    assert error[sky].max() < 20
    assert np.abs(result - counts)[~sky].max() <= REACH * 2 * 10  # stars stay


def dense_star_field(channels, size=200, count=60):
    """As many stars as touch a sixth of all pixels, each of a colour of its own."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size]
    clean = np.full((size, size, channels), 120.0)
    for peak in np.geomspace(300, 60_000, count):
        y, x = rng.uniform(0, size, 2)
        star = peak * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 1.5**2))
        clean += star[..., None] * rng.uniform(0.3, 1, channels)
    counts = np.rint(clean + 10 * rng.standard_normal(clean.shape))
    return clean, counts.clip(0, 65535).astype(np.uint16)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
def test_dense_stars_do_not_raise_the_sky(channels, dtype):
    """Also at the end of the picture, where squares of noise are cut short."""
    clean, counts = dense_star_field(channels)
    result = sl.denoise(counts.astype(dtype)).image.astype(float).reshape(clean.shape)
    sky = (clean < 121).all(2)
    error = (result - clean)[sky]
    assert abs(error.mean()) < 0.3
    assert np.sqrt(np.square(error).mean()) < 2
    assert np.abs(error).max() < 20


# ---------------------------------------------------------------- gaps


@pytest.mark.parametrize("nothing", [np.nan, np.inf])
def test_gaps_stay_and_touch_nobody(nothing):
    pixels = noisy(128, 128, 1, sigma=20, dtype="float32")
    clean, gaps = waves(128, 128, 1), np.zeros((128, 128), bool)
    gaps[40:80, 30:101] = gaps[3, 5] = True
    holed = pixels.copy()
    holed[gaps] = nothing
    whole, out = sl.denoise(pixels), sl.denoise(holed)
    np.testing.assert_array_equal(out.image[gaps], holed[gaps])
    # a gap of a fifth of the picture: its surroundings lose what they would have told; 0.56 dB
    assert (
        decibels(out.image[~gaps], clean[~gaps]) > decibels(whole.image[~gaps], clean[~gaps]) - 0.7
    )
    assert out.sigma == pytest.approx(whole.sigma, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_what_lies_in_a_gap_makes_no_difference(dtype):
    from scorelet.tasks.denoise import DenoiseSettings
    from scorelet.tasks.denoise.plan import plan_page, run_plan

    denoiser = prepare(sl.load("photo"))
    mask = np.ones((70, 70), bool)
    mask[20:50, 10:30] = False
    results = []
    for nodata in (0, 9999):
        pixels = noisy(70, 70, 1, dtype=dtype)
        pixels[~mask] = nodata
        page = Picture(pixels, mask=mask)
        results.append(
            run_plan(plan_page(page, denoiser, DenoiseSettings()), denoiser, DenoiseSettings())
        )
        np.testing.assert_array_equal(results[-1].picture.pixels[~mask], nodata)
    np.testing.assert_array_equal(results[0].image[mask], results[1].image[mask])
    assert results[0].sigma == results[1].sigma


@pytest.mark.parametrize("value", [-9999, -32768, 1e20, -3.4e38, 9.969209968386869e36])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_undeclared_nodata_is_found_said_and_touches_nobody(value, dtype):
    pixels = noisy(96, 96, 1, sigma=20, dtype=dtype)
    gaps = np.zeros((96, 96), bool)
    gaps[20:40, 30:51] = gaps[3, 5] = True
    with_nan, with_value = pixels.copy(), pixels.copy()
    with_nan[gaps], with_value[gaps] = np.nan, value
    expected, out = sl.denoise(with_nan), sl.denoise(with_value)
    np.testing.assert_array_equal(out.image[~gaps], expected.image[~gaps])
    np.testing.assert_array_equal(out.image[gaps], with_value[gaps])
    said = [text for text in out.warnings if text.startswith("pixels without data: ")]
    assert len(said) == 1
    assert f"{gaps.sum()} of 9216 hold exactly {with_value[gaps][0, 0]:g}" in said[0]


@pytest.mark.slow
def test_a_value_for_nodata_can_be_named_or_not():
    pixels = noisy(64, 64, 1, sigma=20, dtype="uint8")
    gaps = np.zeros((64, 64), bool)
    gaps[10:20, 10:20] = True  # too few to be found by themselves
    pixels[gaps] = 0
    named, whole = sl.denoise(pixels, nodata=0.0), sl.denoise(pixels)
    masked = sl.denoise(np.ma.array(pixels, mask=np.broadcast_to(gaps[..., None], pixels.shape)))
    np.testing.assert_array_equal(named.image[~gaps], masked.image.data[~gaps])
    assert (named.image != whole.image)[~gaps].any()
    floats = noisy(64, 64, 1, sigma=20, dtype="float32")
    floats[gaps] = -9999
    assert not any("without data" in text for text in sl.denoise(floats, nodata=None).warnings)
    np.testing.assert_array_equal(sl.denoise(pixels, nodata=-9999.0).image, whole.image)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_single_pixel_of_data_in_a_gap_is_no_fault(dtype):
    """The middle of its square is read off other pixels, which are all gaps."""
    mask = np.ones((40, 120), bool)
    mask[3, 5] = False
    given = np.ma.array(np.full(mask.shape, 100, dtype), mask=mask)
    out = sl.denoise(given).image
    np.testing.assert_array_equal(out.data, given.data)
    np.testing.assert_array_equal(out.mask, mask)


def test_gaps_are_filled_with_means_of_the_smallest_square_that_has_data():
    pixels = np.arange(16.0).reshape(4, 4, 1)
    mask = np.ones((4, 4), bool)
    mask[:2, :2] = mask[3, 3] = False
    expected = pixels[..., 0].copy()
    expected[3, 3] = (10 + 11 + 14) / 3
    expected[:2, :2] = pixels[..., 0][mask].mean()
    np.testing.assert_allclose(filled(pixels, mask)[..., 0], expected)
