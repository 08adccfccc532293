"""Whether noise is white is asked of two blind models, which agree on white noise."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

import noise_samples as samples
import scorelet as sl
from denoise_samples import decibels
from scorelet.tasks.denoise.noise.agreement import Taken, in_doubt, settled
from scorelet.tasks.denoise.noise.choice import Choice
from scorelet.tasks.denoise.noise.quiet import fast_root, quiet_root
from scorelet.tasks.denoise.settings import DenoiseSettings

WHITE, PLAIN = Choice("white", "a"), Choice("white", "a", plain=True)
JPEG, GRAIN = Choice("camera", "a", sure=False, jpeg=True), Choice("camera", "a")


@pytest.mark.parametrize(
    ("choice", "white", "camera", "expected"),
    [
        (WHITE, 10, 10, "white"),
        (WHITE, 10, 11.9, "white"),
        (WHITE, 10, 12.1, "camera"),
        (WHITE, 5, 6.9, "white"),
        (WHITE, 5, 7.1, "camera"),
        (WHITE, 0, 1.9, "white"),
        (WHITE, 0, 2.1, "camera"),
        (JPEG, 2.1, 2.9, "camera"),
        (JPEG, 2.1, 2.7, "white"),
        (JPEG, 1.9, 1.0, "camera"),
        (JPEG, 0, 9, "camera"),
        (GRAIN, 0.6, 0.7, "white"),
        (GRAIN, 0.6, 0.9, "camera"),
        (GRAIN, 0.4, 0.4, "camera"),
    ],
)
def test_what_both_take_out_decides(choice, white, camera, expected):
    found = settled(choice, [Taken(white / 255, camera / 255)])
    assert found.noise == expected
    if (choice.noise, expected) == ("white", "camera"):
        assert found.level == np.inf  # the blind model does it
    errs = settled(choice, [Taken(white / 255, camera / 255, errs=True)])
    assert errs.noise == ("white" if choice is WHITE else expected)
    pattern = settled(choice, [Taken(white / 255, camera / 255, repeats=True)])
    lost = choice is JPEG and camera <= 2 and expected == "camera"  # what a JPEG lost of it
    assert pattern.noise == ("camera" if lost else "white")
    drawn = settled(choice, [Taken(white / 255, camera / 255, drawn=True)])
    is_jpeg = choice is JPEG and camera <= 8
    assert drawn.noise == (expected if is_jpeg else "white")


def test_pages_of_a_stack_decide_together():
    pages = [Taken(0.0, k / 255) for k in (0, 0, 9)]
    assert settled(WHITE, pages).noise == "white"
    assert settled(WHITE, [*pages, *pages[2:], *pages[2:]]).noise == "camera"


def test_nobody_is_asked_of_what_is_told_or_plainly_white():
    auto = DenoiseSettings()
    assert in_doubt(WHITE, auto)
    assert in_doubt(JPEG, auto)
    assert not in_doubt(PLAIN, auto)
    assert in_doubt(GRAIN, auto)
    for settings in (replace(auto, noise="white"), replace(auto, model="camera")):
        assert not in_doubt(WHITE, settings)


def test_power_is_that_of_cells_and_of_deviations_from_them():
    """Mean squares add up: of one block it is an identity."""
    x = np.random.default_rng(0).normal(size=(32, 32, 3))
    whole = np.ones((1, 1, 1), bool)
    parts = (f(x, whole, cell=4) ** 2 for f in (quiet_root, fast_root))
    assert sum(parts) == pytest.approx(np.mean(x**2))
    coarse = np.kron(x[:8, :8], np.ones((4, 4, 1)))
    assert fast_root(coarse, whole, cell=4) == pytest.approx(0, abs=1e-7)


def turned(x):
    return ndimage.rotate(x, 3, order=1, reshape=False, mode="mirror")


def enlarged(x):
    return ndimage.zoom(x, (1.5, 1.5, 1), order=1)


@pytest.fixture
def clean():
    return samples.clean("chelsea")[:192, :256].astype(float)


def stored(x):
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mosaic", "turned", "enlarged"])
def test_noise_that_neighbours_share_a_little_goes(float32, clean, kind):
    """After a mosaic, a turn, or an enlargement `photo` leaves most of it in."""
    noise = np.random.default_rng(0).normal(0, 12, clean.shape)
    match kind:
        case "mosaic":
            y, x = clean + samples.demosaiced(noise), clean
        case "turned":
            y, x = turned(clean + noise), turned(clean)
        case _:
            y, x = enlarged(clean + noise), enlarged(clean)
    y = stored(y)
    out = sl.denoise(y)
    white = sl.denoise(y, noise="white")
    assert out.noise == "camera"
    found, before = (decibels(o.image / 255, x / 255) for o in (out, white))
    assert found > before + 1.5


@pytest.mark.parametrize("sigma", [0, 3, 10, 25])
def test_white_noise_and_none_stay_white(float32, clean, sigma):
    y = stored(clean + np.random.default_rng(1).normal(0, sigma, clean.shape))
    out = sl.denoise(y)
    assert out.noise == "white"
    np.testing.assert_array_equal(out.image, sl.denoise(y, noise="white").image)


@pytest.mark.slow
def test_a_stack_after_a_mosaic_has_one_way(float32, clean, tmp_path):
    rng = np.random.default_rng(2)
    pages = [stored(clean + samples.demosaiced(rng.normal(0, 12, clean.shape))) for _ in range(2)]
    tifffile.imwrite(tmp_path / "a.tif", np.stack(pages), photometric="rgb")
    outs = sl.denoise(tmp_path / "a.tif")
    outs = outs if isinstance(outs, list | tuple) else [outs]
    assert {out.noise for out in outs} == {"camera"}
    assert all("neighbours share some of it" in out.reason for out in outs)


def screen(period, size=256):
    rows, columns = np.mgrid[:size, :size] * (2 * np.pi / period)
    return np.uint8(np.rint(127 + 50 * np.sin(rows) * np.sin(columns)))


@pytest.mark.slow
@pytest.mark.parametrize("period", [6, 14.5, 25])
def test_a_clean_screen_is_no_grain(float32, period):
    """It is everywhere and neighbours share it, as grain is: its standard deviation fell to 2."""
    out = sl.denoise(screen(period))
    assert (out.noise, out.reason) == ("white", "it has a pattern, which is no noise")
    assert np.abs(out.image.astype(int) - screen(period)).max() <= 1


@pytest.mark.slow
def test_white_noise_on_a_page_of_letters_is_no_grain(float32):
    page = Image.new("L", (512, 512), 235)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=16)
    for row in range(4, 500, 20):
        pen.text((4, row), "ethan sold her island at noon for a red dish, and then" * 2, 35, font)
    x = ndimage.gaussian_filter(np.asarray(page, float), 0.6)
    y = np.uint8(np.rint((x + 4 * np.random.default_rng(0).standard_normal(x.shape)).clip(0, 255)))
    out = sl.denoise(y)
    assert out.noise == "white"
    assert decibels(out.image / 255, x / 255) > decibels(y / 255, x / 255) + 3


@pytest.mark.slow
@pytest.mark.parametrize("side", [2, 3])
@pytest.mark.parametrize("quality", [None, 97])
def test_cells_of_colours_with_noise_are_no_grain(float32, tmp_path, side, quality):
    """Pixel art, without a period: 42 dB became 14."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (8, 3))[rng.integers(0, 8, (192 // side, 192 // side))]
    x = np.kron(x, np.ones((side, side, 1)))
    y = stored(x + rng.normal(0, 4, x.shape))
    given = y if quality is None else tmp_path / "a.jpg"
    if quality is not None:
        Image.fromarray(y).save(given, quality=quality, subsampling=0)
    out = sl.denoise(given)
    assert (out.noise, out.reason) == ("white", "it is drawn in cells, which are no noise")
    said = [text for text in out.warnings if "between neighbours" in text]
    assert all("if it is not what is shown" in text for text in said)
    np.testing.assert_array_equal(out.image, sl.denoise(given, noise="white").image)
