"""Which noise `denoise` takes a picture to have, and what it does then."""

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from scipy import ndimage
from scipy.ndimage import gaussian_filter, zoom

import noise_samples as samples
import scorelet as sl
from denoise_samples import decibels
from samples import Identity
from scorelet.analysis.noise_level import noise_colour
from scorelet.analysis.photon_counts import PhotonLaw
from scorelet.core.errors import InputError
from scorelet.data import Picture, iter_pages, to_unit
from scorelet.models import Locality
from scorelet.models.anscombe import inverse_anscombe
from scorelet.tasks.denoise import DenoiseSettings
from scorelet.tasks.denoise.noise.choice import choose, choose_for_stack
from scorelet.tasks.denoise.noise.photons import photons_of
from scorelet.tasks.denoise.page import denoised_page
from scorelet.tasks.denoise.ways.photons import stable_page
from scorelet.tasks.listener import Nobody

AUTO = DenoiseSettings()
COUNTS = samples.counts(samples.clean("camera")[:128, :160, :1], 30).astype(np.float32)


def choice(pixels, **options):
    return choose(Picture(np.atleast_3d(pixels)), DenoiseSettings(**options))


@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize("sigma", [0, 15, 25, 50])
def test_clean_pictures_and_white_noise_are_white(name, sigma):
    assert choice(samples.white(samples.clean(name), sigma)).noise == "white"


@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize("quality", [75, 90])
def test_the_pixels_of_a_clean_jpeg_are_white(name, quality):
    assert choice(samples.jpeg(samples.clean(name), quality)).noise == "white"


@pytest.mark.parametrize("peak", [5, 30])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_counts_are_poisson(peak, dtype):
    found = choice(samples.counts(samples.clean("camera")[:256, :256, 0], peak).astype(dtype))
    law = found.photons.law
    assert (found.noise, law.a, law.b) == ("poisson", 1, 0)
    assert "photons" in found.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("gain", "pedestal"), [(1, 100), (3, 100), (2.2, 50)])
def test_samples_of_a_sensor_are_poisson_and_gain_by_it(float32, gain, pedestal, channels, name):
    """Integers of a gain above a pedestal; floats have to be told."""
    x = samples.clean(name)[:256, :256, :channels] / 255
    y = np.rint(gain * samples.counts(255 * x, 30) + pedestal)
    found = choice(y.astype(np.uint16))
    assert found.noise == "poisson"
    assert "noise grows with brightness" in found.reason
    auto, white = (
        (sl.denoise(np.uint16(y), noise=noise).image - float(pedestal)) / (30 * gain)
        for noise in ("auto", "white")
    )
    assert decibels(auto, x) > decibels(white, x) + 1


def test_white_noise_on_a_narrow_range_is_white():
    y = 121 + 11 * np.random.default_rng(0).standard_normal((256, 256))
    assert choice(np.uint8(np.rint(y))).noise == "white"


@pytest.mark.parametrize("shape", [(1, 500), (1, 1), (30, 30)])
def test_the_reason_of_small_pictures_is_that_they_are_small(shape):
    y = 120 + 20 * np.random.default_rng(0).standard_normal(shape)
    found = choice(np.uint8(np.rint(y)))
    assert found.noise == "white"
    assert "less than 64 blocks of 16x16 pixels" in found.reason


@pytest.mark.slow
def test_the_picture_of_a_camera_is_camera():
    found = choice(samples.shot(samples.clean("camera")))
    assert found.noise == "camera"
    assert "neighbours share" in found.reason


@pytest.mark.parametrize(("quality", "noise"), [(70, "camera"), (99, "white")])
def test_a_jpeg_is_camera_unless_its_white_noise_is_above_its_steps(quality, noise, tmp_path):
    """The file tells: decoded, noise below the steps has the same floors at all distances."""
    from PIL import Image

    y = samples.white(samples.clean("camera"), 25)
    Image.fromarray(y).save(tmp_path / "a.jpg", quality=quality, subsampling=0)
    (page,) = iter_pages(tmp_path / "a.jpg")
    assert choose(page, AUTO).noise == noise
    assert choose(Picture(page.pixels), AUTO).noise == "white"


def photographs(name):
    folder = Path(os.environ.get("SCORELET_DATA", "")) / "photos" / name
    if not folder.is_dir():
        pytest.skip("needs photos under $SCORELET_DATA")
    return sorted(folder.glob("*"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["set12", "bsd68", "cbsd68"])
def test_white_noise_on_sets_of_pictures_is_white(name):
    for index, path in enumerate(photographs(name)):
        (page,) = iter_pages(path)
        for sigma in (15, 25, 50):
            assert choice(samples.white(page.pixels, sigma, index)).noise == "white", path


@pytest.mark.slow
def test_pictures_of_cameras_are_camera():
    """The files tell; of their pixels alone one of 8 has nearly no noise in flat places."""
    pages = [next(iter_pages(path)) for path in photographs("camera_noisy")]
    assert all(choose(page, AUTO).noise == "camera" for page in pages)
    bare = [choose(Picture(page.pixels), AUTO).noise for page in pages[:8]]
    assert bare.count("camera") >= 7


# ---------------------------------------------------------------- what is asked for


def test_a_given_model_is_for_white_noise():
    assert choice(COUNTS, model=Identity()).noise == "white"
    assert choice(COUNTS, model=Identity(), noise="poisson").noise == "poisson"


def test_what_is_asked_for_is_done():
    clean = samples.clean("camera")
    assert choice(clean, noise="camera").noise == "camera"
    law = choice(clean, noise="poisson", noise_law=(2.0, 3.0)).photons.law
    assert (law.a, law.b) == (2, 3)


def test_a_page_of_one_colour_stays_as_it_is():
    for noise in ("auto", "poisson"):
        assert choice(np.full((40, 40), 7, np.uint16), noise=noise).noise == "white"


def test_a_law_that_cannot_be_measured_is_asked_for():
    with pytest.raises(InputError, match="--noise-law A,B"):
        choice(COUNTS[:16, :16], noise="poisson")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"noise": "pink"}, "one of auto, white, camera, poisson"),
        ({"noise": "camera", "model": Identity()}, "leave the model out"),
        ({"noise": "poisson", "sigma": 0.1}, "noise-law instead of sigma"),
        ({"noise_law": (1.0, 0.0)}, "--noise poisson"),
        ({"noise": "poisson", "noise_law": (0.0, 1.0)}, "an a above 0"),
        ({"noise": "poisson", "noise_law": (1.0, float("nan"))}, "finite"),
    ],
)
def test_what_cannot_be_is_one_sentence(options, words):
    with pytest.raises(InputError, match=words) as caught:
        DenoiseSettings(**options)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("law", "words"),
    [((1e-300, 0.0), "cannot be that of samples"), ((1e-300, 1.0), "take --noise white")],
)
def test_laws_of_next_to_no_growth_are_refused(law, words):
    with pytest.raises(InputError, match=words):
        choice(COUNTS, noise="poisson", noise_law=law)


# ---------------------------------------------------------------- what is done


def test_the_reason_for_white_does_not_deny_what_the_remark_says(float32):
    """Faint smooth noise, too little to be taken for a camera's, is warned of as not white."""
    grain = gaussian_filter(np.random.default_rng(0).standard_normal((256, 256, 3)), (0.7, 0.7, 0))
    y = samples.clean("camera")[:256, :256] + 6 * grain / grain.std()
    found = choice(np.uint8(np.rint(y.clip(0, 255))))
    assert noise_colour(to_unit(np.uint8(np.rint(y.clip(0, 255))))).correlated
    assert (found.noise, found.reason) == ("white", "no sure sign of grain that neighbours share")


@pytest.mark.parametrize(("bits", "said"), [(8, False), (10, True), (12, True), (16, False)])
def test_samples_of_few_bits_in_sixteen_are_said(bits, said, float32):
    """A sensor's 12 bits, not scaled up: constants of grain are those of the whole range."""
    y = samples.white(samples.clean("chelsea")[:96, :96], 8).astype(np.float64)
    out = sl.denoise(np.uint16(np.rint(y * ((2**bits - 1) / y.max()))))
    words = f"if these are {bits}-bit samples, multiply them by {2 ** (16 - bits)} first"
    assert any(words in text for text in out.warnings) == said


def test_white_is_the_model_as_it_is(float32):
    y = samples.white(samples.clean("chelsea")[:96, :96], 25)
    auto, white = sl.denoise(y), sl.denoise(y, noise="white")
    np.testing.assert_array_equal(auto.image, white.image)
    assert (auto.noise, white.noise, white.reason) == ("white", "white", "as asked for")
    assert auto.sigma == white.sigma


@pytest.mark.slow
def test_the_grain_of_a_simulated_camera_goes():
    x = samples.clean("chelsea")
    shot = samples.shot(x)
    out = sl.denoise(shot, noise="camera")
    assert decibels(out.image / 255, x / 255) > decibels(shot / 255, x / 255) + 1


@pytest.mark.slow
@pytest.mark.parametrize("quality", [60, 85])
def test_a_jpeg_of_a_clean_picture_is_not_made_worse(quality, tmp_path):
    from PIL import Image

    x = samples.clean("chelsea")
    Image.fromarray(x).save(tmp_path / "a.jpg", quality=quality)
    out = sl.denoise(tmp_path / "a.jpg")
    assert out.noise == "camera"
    stored = np.asarray(Image.open(tmp_path / "a.jpg"))
    assert decibels(out.image / 255, x / 255) > decibels(stored / 255, x / 255)


@pytest.mark.slow
def test_a_jpeg_of_smooth_full_colours_is_not_made_worse(float32, tmp_path):
    """There `camera` errs; 1.4 dB were lost, and 22 of a rainbow."""
    z = np.random.default_rng(3).random((6, 6, 3))
    x = np.uint8(np.rint(255 * np.clip(zoom(z, (32, 32, 1), order=3), 0, 1)))
    Image.fromarray(x).save(tmp_path / "a.jpg", quality=95, subsampling=0)
    y = np.asarray(Image.open(tmp_path / "a.jpg"))
    out = sl.denoise(tmp_path / "a.jpg")
    assert decibels(out.image / 255, x / 255) > decibels(y / 255, x / 255) - 0.1


@pytest.mark.parametrize("noise", ["auto", "camera"])
def test_white_noise_below_the_steps_of_a_fine_jpeg_goes(float32, tmp_path, noise):
    """Whether it is found to be white or `camera` asked for; a clean one stays as it is."""
    x = samples.clean("camera")[64:320, 64:320]
    for sigma in (0, 6):
        Image.fromarray(samples.white(x, sigma)).save(tmp_path / "a.jpg", quality=95)
        y = np.asarray(Image.open(tmp_path / "a.jpg"))
        out = sl.denoise(tmp_path / "a.jpg", noise=noise)
        gain = decibels(out.image / 255, x / 255) - decibels(y / 255, x / 255)
        if sigma and noise == "auto":
            assert (out.noise, out.reason) == ("white", "a JPEG with white noise")
            assert gain > 3
        elif sigma:
            assert "white noise of 2.0 would drown it" in out.reason
            assert gain > 1
        else:
            assert out.noise == "camera"
            np.testing.assert_array_equal(out.image, y)
            assert "nothing was taken out" in out.reason


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("sigma", [5, 15])
def test_white_noise_of_a_small_jpeg_goes(float32, tmp_path, sigma, turns):
    """Of 16 blocks, however it is turned; a clean one stays as it is."""
    x = np.rot90(samples.clean("camera")[64:128, 64:128], turns)
    for noise in (0, sigma):
        Image.fromarray(samples.white(x, noise)).save(tmp_path / "a.jpg", quality=95)
        y = np.asarray(Image.open(tmp_path / "a.jpg"))
        out = sl.denoise(tmp_path / "a.jpg")
        if noise:
            assert decibels(out.image / 255, x / 255) > decibels(y / 255, x / 255) + 2
        else:
            np.testing.assert_array_equal(out.image, y)


@pytest.mark.parametrize(("peak", "gain"), [(5, 3), (30, 2)])
def test_counts_gain_by_their_law(float32, peak, gain):
    x = samples.clean("camera")[64:256, 64:256, :1] / 255
    u = samples.counts(255 * x, peak).astype(np.float32)
    law, white = (sl.denoise(u, noise=noise).image / peak for noise in ("auto", "white"))
    assert decibels(law, x) > decibels(white, x) + gain
    assert abs(law.mean() / x.mean() - 1) < 0.02  # the inverse is unbiased


@pytest.mark.parametrize("shift", [0, 500, -30])
def test_a_pedestal_is_found_in_the_law(float32, shift):
    """var(y) = a (y - p) is a y + b with b = -a p; a negative pedestal is noise in the dark."""
    u = COUNTS.astype(np.float32)
    plain = sl.denoise(u, noise="poisson", noise_law=(1.0, 30.0)).image
    moved = sl.denoise(u + shift, noise="poisson", noise_law=(1.0, 30.0 - shift)).image
    if shift == 500:  # counts have no noise in the dark: b = -500
        plain = sl.denoise(u, noise="poisson", noise_law=(1.0, 0.0)).image
        moved = sl.denoise(u + shift, noise="poisson", noise_law=(1.0, -float(shift))).image
    np.testing.assert_allclose(moved - shift, plain, atol=0.05)  # of 5; single precision at 500
    assert abs(moved.mean() - shift - u.mean()) < 0.3


@pytest.mark.slow
@pytest.mark.parametrize("b", [1.0, 4.0])
def test_noise_of_reading_does_not_bias_the_dark(b):
    """One sample below 0 is noise and no pedestal: the mean of flat light stays."""
    rng = np.random.default_rng(3)
    for x in (0.3, 1.0, 3.0):
        y = rng.poisson(x, (400, 400, 1)) + rng.normal(0, b**0.5, (400, 400, 1))
        photons = photons_of(y, PhotonLaw(1.0, b))
        page = stable_page(Picture(y.astype(np.float64)), photons)
        assert photons.pedestal == 0
        mean = np.full((1, 1, 1), page.pages[0].pixels.mean(dtype=np.float64))
        stable = torch.from_numpy(mean * page.span + page.low)
        assert abs(float(inverse_anscombe(stable, page.noise)) - x) < max(0.01 * x, 0.012)


@pytest.mark.parametrize("law", [(1.0, -1e9), (1e30, 0.0), (1.0, -60.0)])
def test_a_law_that_cannot_be_that_of_the_samples_is_refused(law):
    with pytest.raises(InputError, match="cannot be that of samples"):
        choice(COUNTS, noise="poisson", noise_law=law)


def test_the_model_of_cameras_is_for_cameras():
    x = samples.clean("chelsea")
    found = choice(x, model="camera")
    assert (found.noise, found.reason) == ("camera", "what the model given is for")
    assert choice(x, model="camera", noise="camera").noise == "camera"


def test_noise_camera_is_the_model_grain_and_camera_measures(float32):
    y = samples.faint_shot(samples.clean("chelsea")[:48, :64])
    options = ({"noise": "camera"}, {"model": "grain"}, {"model": "camera"}, {"noise": "white"})
    asked, given, alone, white = (sl.denoise(y, **o) for o in options)
    np.testing.assert_array_equal(asked.image, given.image)
    assert (asked.sigma, asked.noise) == (given.sigma, given.noise)
    assert (asked.image != white.image).any()
    assert (asked.image != alone.image).any()
    assert alone.noise == "camera"
    assert f"white noise of {255 * asked.told:.1f} would drown it" in asked.reason
    assert alone.told is white.told is None


def test_noise_that_the_blind_model_knows_is_left_to_it(float32):
    """Strong noise of a simulated camera; `grain` at its strongest leaves most of it."""
    x = samples.clean("chelsea")[:96, :128]
    y = samples.shot(x, a=0.03, b=0.003)
    options = ({"noise": "camera"}, {"model": "camera"}, {"model": "grain"})
    asked, blind, grain = (sl.denoise(y, **o) for o in options)
    np.testing.assert_array_equal(asked.image, blind.image)
    assert asked.told is None
    assert grain.told == pytest.approx(64 / 255)
    assert decibels(blind.image / 255, x / 255) > decibels(grain.image / 255, x / 255) + 1


def test_the_level_of_grain_can_be_given(float32):
    """More is taken out at a higher level, and nothing at 0; `strength` goes half the way."""
    y = samples.shot(samples.clean("chelsea")[:64, :96])
    outs = [sl.denoise(y, noise="camera", sigma=s / 255).image / 255 for s in (0, 6, 24)]
    moved = [float(np.square(out - y / 255).mean()) for out in outs]
    assert moved[0] < 1e-7
    assert moved[1] > 1e-6
    assert moved[2] > 2 * moved[1]
    half = sl.denoise(y, noise="camera", sigma=24 / 255, strength=0.5).image / 255
    assert np.abs(half - (y / 255 + outs[2]) / 2).max() <= 1.01 / 255  # rounded twice
    assert (
        "white noise of 24.0 would drown it" in sl.denoise(y, noise="camera", sigma=24 / 255).reason
    )


def test_no_level_is_said_where_nothing_was_taken_out(float32):
    y = samples.faint_shot(samples.clean("chelsea")[:48, :64])
    for dtype in ("uint8", "float32"):
        out = sl.denoise(y.astype(dtype), noise="camera", strength=0.0)
        assert out.told > 0
        assert out.reason == "as asked for, nothing was taken out"


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_white_noise_goes_at_any_level_of_grain_and_that_is_said(float32, dtype):
    x = samples.clean("chelsea")[:64, :96]
    shared, white = samples.shot(x), samples.white(x, 25)
    unit = 1 if dtype == "uint8" else 1 / 255
    for y, said in ((white, True), (shared, False)):
        out = sl.denoise((y * unit).astype(dtype), noise="camera", sigma=2 / 255)
        assert (out.sigma > 10 / 255) is said
        assert any("the given level does not decide" in text for text in out.warnings) is said
    assert sl.denoise(white, noise="camera", sigma=25 / 255).warnings == ()


@pytest.mark.slow
def test_grain_in_another_unit_is_the_same():
    y = samples.shot(samples.clean("chelsea")) / 255
    one = sl.denoise(y.astype(np.float32), noise="camera").image
    other = sl.denoise((40 * y - 7).astype(np.float32), noise="camera").image
    assert decibels((other + 7) / 40, one) > 60


@pytest.mark.slow
def test_the_model_grain_looks_at_pictures_as_noise_camera_does(float32):
    """In another unit, of a size at which no white noise is measured, and with a level."""
    y = samples.faint_shot(samples.clean("chelsea")[:64, :96])
    for given in (y, (1e-6 * y).astype(np.float32), y[:3, :5]):
        level = 16 * float(given.max()) / 255 if given.dtype.kind == "f" else 16 / 255
        for options in ({}, {"sigma": level}):
            one = sl.denoise(given, noise="camera", **options)
            other = sl.denoise(given, model="grain", **options)
            np.testing.assert_array_equal(one.image, other.image)
            assert one.reason.split(",")[-1] == other.reason.split(",")[-1]
            assert one.warnings == other.warnings


def test_strength_gaps_and_opacity(float32):
    u = np.uint16(COUNTS)
    full, half = (sl.denoise(u, strength=s).image.astype(float) for s in (1.0, 0.5))
    assert np.abs(half - (u + full) / 2).max() <= 1  # both are rounded
    gaps = COUNTS.astype(np.float32)
    gaps[20:40, 30:50] = np.nan
    out = sl.denoise(gaps)
    assert out.noise == "poisson"
    assert np.isnan(out.image[20:40, 30:50]).all()
    assert np.isfinite(out.image[:20]).all()
    clear = sl.denoise(np.dstack([np.uint8(u), np.full(u.shape, 200, np.uint8)]))
    assert (clear.image[..., 1] == 200).all()
    assert clear.noise == "poisson"


def test_saturated_areas_stay_as_they_are(float32):
    u = np.uint16(COUNTS)
    u[40:60, 40:60] = 65535
    out = sl.denoise(u)
    assert out.noise == "poisson"
    assert (out.image[40:60, 40:60] == 65535).all()
    away = np.ones(u.shape, bool)
    away[36:64, 36:64] = False
    assert out.image[away].max() < 100


FEW = samples.counts(samples.clean("camera")[:96, :96, :1], 5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_of_few_photons_become_floats(float32, dtype):
    """What floats give, in the unit of the counts: whole numbers would be zeros and ones."""
    floats = sl.denoise(FEW.astype(np.float32))
    out = sl.denoise(FEW.astype(dtype))
    assert out.image.dtype == np.float32
    np.testing.assert_allclose(out.image, floats.image, atol=1e-5)
    assert out.sigma == pytest.approx(floats.sigma)
    assert "32-bit floating point" in out.warnings[-1]
    assert not floats.warnings


def test_both_answers_of_few_photons_are_parts_of_one_page():
    """A bar goes from nothing to all of it once."""

    class Hearing(Nobody):
        def __init__(self):
            self.heard = []

        def part(self, done, count):
            self.heard.append((done, count))

    denoiser, listener = Identity(), Hearing()
    denoiser.locality = Locality(0)
    page = Picture(FEW.astype(np.float32))
    denoised_page(page, denoiser, DenoiseSettings(tile=48), listener=listener)
    assert listener.heard == [(done, 8) for done in range(1, 9)]


def test_less_than_a_photon_is_not_rounded_to_zero(float32):
    """The mean of the result is that of the light, where rounding leaves nothing."""
    x = samples.clean("camera")[:128, :160, :1] / 255
    out = sl.denoise(np.uint16(samples.counts(255 * x, 0.4)), noise="poisson", noise_law=(1.0, 0.0))
    assert abs(out.image.mean() / (0.4 * x.mean()) - 1) < 0.05
    assert np.rint(out.image).max() == 0


def test_what_cannot_hold_fractions_stays_whole_and_it_is_said(float32):
    from PIL import Image

    few = np.uint8(FEW)
    rounded = sl.denoise(Image.fromarray(few[..., 0]))
    assert rounded.image.mode == "L"
    assert "write a TIFF file" in rounded.warnings[-1]
    clear = sl.denoise(np.dstack([few, np.full_like(few, 200)]))
    assert clear.image.dtype == np.uint8
    assert "write a TIFF file" in clear.warnings[-1]
    np.testing.assert_array_equal(clear.image[..., 0], np.asarray(rounded.image))
    np.testing.assert_array_equal(np.rint(sl.denoise(few[..., 0]).image), rounded.image)


def test_a_tensor_of_few_photons_becomes_floats(float32):
    few = torch.from_numpy(np.uint8(FEW)).permute(2, 0, 1)
    out = sl.denoise(few)
    assert out.image.dtype == torch.float32
    assert 0.1 < float((out.image - out.image.round()).abs().max()) <= 0.5


def test_counts_of_many_photons_stay_integers(float32):
    many = np.uint16(samples.counts(samples.clean("camera")[128:224, 128:224, :1], 300))
    out = sl.denoise(many)
    assert (out.noise, out.image.dtype) == ("poisson", np.uint16)
    assert not out.warnings


def test_photons_are_counted_above_the_pedestal_where_there_are_data(float32):
    few = np.uint16(samples.counts(samples.clean("camera")[:96, :96, :1], 5))
    expected = sl.denoise(few, noise="poisson", noise_law=(1.0, 0.0)).warnings[-1]
    above = sl.denoise(few + np.uint16(500), noise="poisson", noise_law=(1.0, -500.0))
    assert above.warnings[-1] == expected
    few[40:60, 40:60] = 65535  # saturated
    held = sl.denoise(few, noise="poisson", noise_law=(1.0, 0.0))
    assert held.warnings[-1].startswith("few photons")


# ---------------------------------------------------------------- stacks


def write_stack(path, pages):
    tifffile.imwrite(path, np.stack(pages), photometric="minisblack", metadata=None)
    return path


@pytest.mark.parametrize("pages", [1, 2])
def test_a_stack_of_counts_is_denoised_page_by_page(float32, tmp_path, pages):
    path = write_stack(tmp_path / "s.tif", np.uint16([COUNTS[..., 0]] * pages))
    found = sl.denoise(path)
    found = [found] if pages == 1 else found
    assert len(found) == pages
    for out in found:
        np.testing.assert_array_equal(out.image, sl.denoise(np.uint16(COUNTS)).image[..., 0])


def test_a_stack_has_one_choice_and_one_law(float32, tmp_path):
    """By itself a dark page tells nothing."""
    flat = np.random.default_rng(5).poisson(9.0, (128, 160))
    dark = np.zeros((128, 160))
    pages = [np.uint16(page) for page in (flat, COUNTS[..., 0], dark)]
    outs = sl.denoise(write_stack(tmp_path / "s.tif", pages))
    assert {out.noise for out in outs} == {"poisson"}
    assert len({out.reason for out in outs}) == 1
    assert outs[0].reason.startswith("of all pages: counts of photons")
    assert len({out.image.dtype for out in outs}) == 1


def test_the_law_of_a_stack_is_measured_over_its_pages():
    """Pages of one brightness each give a line only together."""
    rng = np.random.default_rng(6)
    wave = 8 * np.sin(np.arange(160) / 9)
    pages = [
        Picture((3.0 * rng.poisson((x + wave) / 3.0, (128, 160)) + 50.0)[..., None])
        for x in (30, 300)
    ]
    law = choose_for_stack(pages, 2, DenoiseSettings(noise="poisson")).photons.law
    for x in (30, 300):
        assert law.a * (x + 50) + law.b == pytest.approx(3.0 * x, rel=0.15)


def test_a_dim_page_of_a_bright_stack_keeps_its_fractions(tmp_path):
    """Half a photon beside 100 on the others: whole numbers would lose it."""
    rng = np.random.default_rng(0)
    pages = [rng.poisson(m * samples.clean("camera")[:64, :64, 0] / 128) for m in (0.5, 100, 100)]
    outs = sl.denoise(write_stack(tmp_path / "s.tif", np.uint16(pages)))
    assert [out.picture.pixels.dtype for out in outs] == [np.float32] * 3
    assert "few photons" in outs[0].warnings[-1]


def test_pages_of_several_kinds_are_no_stack(float32, tmp_path):
    pages = [Picture(np.uint16(COUNTS)), Picture(np.uint16(COUNTS[:64]))]
    assert choose_for_stack(pages, 2, AUTO) is None
    with tifffile.TiffWriter(tmp_path / "s.tif") as writer:
        for page in pages:
            writer.write(page.plain, photometric="minisblack", metadata=None)
    assert [out.image.shape for out in sl.denoise(tmp_path / "s.tif")] == [(128, 160), (64, 160)]


def test_gaps_of_a_stack_are_no_evidence():
    gaps = COUNTS.copy()
    gaps[:64] = np.nan
    mask = np.isfinite(gaps[..., 0])
    found = choose_for_stack([Picture(COUNTS), Picture(gaps, mask=mask)], 2, AUTO)
    assert (found.noise, found.photons.law.a) == ("poisson", 1)
    least = min(COUNTS.mean(), gaps[64:].mean())  # one window is the whole page
    assert found.photons.mean == pytest.approx(least, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["auto", "white", "camera"])
def test_a_page_without_data_stays_and_the_others_are_denoised(noise, tmp_path):
    pages = np.full((3, 64, 64), 0.5, np.float32)
    pages += 0.1 * np.random.default_rng(0).standard_normal(pages.shape, np.float32)
    alone = tmp_path / "alone.tif"
    tifffile.imwrite(alone, pages[[0, 2]], photometric="minisblack")
    pages[1] = np.nan
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, pages, photometric="minisblack")
    first, empty, last = sl.denoise(path, noise=noise)
    assert np.isnan(empty.image).all()
    assert (empty.sigma, empty.reason) == (0, "nothing of it is data")
    for out, expected in zip((first, last), sl.denoise(alone, noise=noise), strict=True):
        np.testing.assert_array_equal(out.image, expected.image)
    tifffile.imwrite(path, np.full_like(pages, np.nan), photometric="minisblack")
    with pytest.raises(InputError, match="Nothing of the picture is data"):
        sl.denoise(path, noise=noise)


@pytest.mark.slow
def test_the_pages_of_a_stack_have_one_level_of_grain(tmp_path):
    """A level for each page would let the grain come and go."""
    x = samples.clean("chelsea")
    pages = [samples.faint_shot(x[k : k + 96, k : k + 128]) for k in (0, 100, 180)]
    alone = [sl.denoise(page, noise="camera").told for page in pages]
    assert len(set(alone)) == 3
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, np.stack(pages), photometric="rgb")
    assert [out.told for out in sl.denoise(path, noise="camera")] == [sorted(alone)[1]] * 3
    given = sl.denoise(path, noise="camera", sigma=9 / 255)
    assert [255 * out.told for out in given] == pytest.approx([9.0] * 3)


@pytest.mark.slow
def test_black_pages_say_nothing_of_the_level_of_a_stack(tmp_path):
    page = samples.faint_shot(samples.clean("chelsea")[:96, :128])
    for end, dtype in ((0, np.uint8), (255, np.uint8), (0, np.float32)):
        pages = [page.astype(dtype), *[np.full(page.shape, end, dtype)] * 2]
        path = tmp_path / "s.tif"
        tifffile.imwrite(path, np.stack(pages), photometric="rgb")
        alone = sl.denoise(pages[0], noise="camera").told
        assert alone > 0
        assert [out.told for out in sl.denoise(path, noise="camera")] == [alone] * 3


@pytest.mark.slow
@pytest.mark.parametrize("other", ["size", "unit"])
def test_pages_that_are_no_stack_have_a_level_each(tmp_path, other):
    """That of floats in a unit of their own would be hundreds of whites for bytes."""
    page = samples.faint_shot(samples.clean("chelsea")[:96, :128])
    small = page[:48, :64] if other == "size" else 10 * page.astype(np.float32)
    alone = [sl.denoise(one, noise="camera").told for one in (page, small)]
    assert alone[0] != alone[1]
    with tifffile.TiffWriter(tmp_path / "s.tif") as file:
        for one in (page, small, small):
            file.write(one, photometric="rgb", contiguous=False)
    found = sl.denoise(tmp_path / "s.tif", noise="camera")
    assert [out.told for out in found] == [alone[0], alone[1], alone[1]]


# ---------------------------------------------------------------- models of one's own


@pytest.fixture
def own(tmp_path):
    """A file of a model that was trained as `grain` was."""
    path = tmp_path / "own.safetensors"
    path.write_bytes((Path(sl.zoo.__file__).parent / "weights" / "grain.safetensors").read_bytes())
    return path


@pytest.mark.slow
def test_a_model_that_was_trained_as_grain_was_is_used_as_grain_is(own, float32):
    """By its file, and in memory: its level is no standard deviation of white noise."""
    y = samples.faint_shot(samples.clean("chelsea")[:48, :64])
    grain = sl.denoise(y, model="grain")
    for options in ({"model": own}, {"model": sl.load(own)}, {"model": own, "noise": "camera"}):
        out = sl.denoise(y, **options)
        np.testing.assert_array_equal(out.image, grain.image)
        assert (out.noise, out.told, out.warnings) == ("camera", grain.told, grain.warnings)
    assert DenoiseSettings(model=own).may_be_camera


@pytest.mark.parametrize("model", ["camera", "grain"])
def test_noise_white_goes_before_what_a_model_is_for(model, float32):
    y = samples.white(samples.clean("chelsea")[:48, :64], 25)
    out = sl.denoise(y, model=model, noise="white")
    assert (out.noise, out.reason, out.told) == ("white", "as asked for", None)


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.25, 0.5, 0.9])
def test_a_part_of_the_strength_is_a_part_of_the_way_for_grain(float32, strength):
    y = samples.faint_shot(samples.clean("chelsea")[:192, :192])
    full = sl.denoise(y, noise="camera").image.astype(float)
    part = sl.denoise(y, noise="camera", strength=strength).image
    np.testing.assert_allclose(part, y + strength * (full - y), atol=0.51)


@pytest.mark.slow
def test_floats_of_low_contrast_come_out_as_integers_do(float32):
    """Stretched to its range, grain of 8 would be shown as 25 of 255, as no camera has it."""
    rows, columns = np.mgrid[:256, :256] / 40
    x = 130 + 20 * np.sin(rows + np.cos(columns)) * np.cos(columns)
    grain = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal(x.shape), 0.6)
    y = np.uint8(np.rint(x + 8 * grain / grain.std()))
    integers = decibels(sl.denoise(y).image / 255, x / 255)
    for unit in (1.0, 1 / 255, 1e-9):
        floats = sl.denoise(unit * y.astype(float)).image / unit
        assert decibels(floats / 255, x / 255) > integers - 4  # 8.5, if it were
