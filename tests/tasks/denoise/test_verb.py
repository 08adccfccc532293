"""`sl.denoise` in Python: arrays, tensors, paths; the shipped model; what is said about noise."""

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

import scorelet as sl
from laws.denoiser_laws import assert_close, assert_homogeneous
from samples import Identity, noisy, plain, read_png, small_network, waves, write_model, write_png
from scorelet.analysis.local_noise import local_noise
from scorelet.core.errors import CheckpointError, ImageFileError, InputError
from scorelet.data import from_unit, to_unit
from scorelet.models import Denoiser, ResidualDenoiser, ShiftedDenoiser
from scorelet.tasks.denoise import DenoiseSettings
from scorelet.tasks.denoise.shown.view import look
from scorelet.tasks.inference import denoise_array, prepare
from scorelet.zoo import load_as, save

pytestmark = pytest.mark.usefixtures("float32")

DTYPES = ("uint8", "uint16", "float32", "float64")
# float32 sums of a few hundred terms of order 1; the layout of memory changes their order
ROUNDING = 1e-5


def tensor_of(pixels):
    """(height, width[, channels]) samples as an image batch in [0, 1]."""
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    return torch.from_numpy(to_unit(pixels)).float().permute(2, 0, 1)[None]


def by_hand(model, pixels):
    """The denoised samples in [0, 1], by calling the network on the whole picture.

    Floats are shown to it as (y - o) / u, with the o and u that the page of the view tells.
    """
    samples = pixels if pixels.ndim == 3 else pixels[..., None]
    view = look(samples, local_noise(samples), mask=None, scaled=samples.dtype.kind == "f")
    shown = (to_unit(samples) - view.offset) / view.unit
    with torch.no_grad():
        result = sl.load(model)(tensor_of(shown))[0].permute(1, 2, 0).numpy()
    result = result * view.unit + view.offset
    return result if pixels.ndim == 3 else result[..., 0]


def test_a_self_ensemble_of_a_cascade_is_the_mean_over_shifts():
    y = torch.rand(1, 1, 24, 40, generator=torch.Generator().manual_seed(0))
    faces = load_as(Denoiser, "faces", verb="denoise").eval()
    (found,) = sl.denoise(y, model="faces", sigma=0.1, noise="white", self_ensemble=True)
    with torch.no_grad():
        alone, mean = faces(y, 0.1), ShiftedDenoiser(faces)(y, 0.1)
    assert_close(found.image[None], mean, 1e-5)
    assert float((mean - alone).abs().max()) > 1e-3


def test_a_self_ensemble_is_the_mean_over_the_turns_of_a_picture(model):
    """Of 16-bit samples, whose rounding is 1e-5; both sides fit the grid of the network."""
    pixels = noisy(24, 40, 3, dtype="uint16")
    found = sl.denoise(pixels, model=model, self_ensemble=True).image
    turns = [np.rot90(pixels, k) for k in range(4)]
    turns += [one[:, ::-1] for one in turns]
    answers = [by_hand(model, np.ascontiguousarray(one)) for one in turns]
    back = [np.rot90(one, -k) for k, one in enumerate(answers[:4])]
    back += [np.rot90(one[:, ::-1], -k) for k, one in enumerate(answers[4:])]
    assert np.abs(np.stack(back).std(0)).max() > 1e-3  # the network has no symmetry
    expected = np.mean(back, 0).clip(0, 1)
    assert np.abs(to_unit(found) - expected).max() < 3e-5


# ---------------------------------------------------------------- what goes in comes out


def test_a_result_equals_itself_alone():
    """Arrays have no one answer to whether they are equal."""
    one, two = (sl.denoise(np.zeros((8, 8), np.float32)) for _ in range(2))
    assert one == one
    assert one != two


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(21, 34), (21, 34, 1), (21, 34, 3), (1, 1), (1, 40, 3), (40, 1)])
def test_arrays_keep_shape_and_dtype(model, dtype, shape):
    pixels = noisy(*shape[:2], shape[2] if len(shape) == 3 else 1, dtype=dtype).reshape(shape)
    image = sl.denoise(pixels, model=model).image
    assert (image.shape, image.dtype) == (shape, pixels.dtype)
    expected = by_hand(model, pixels)
    if pixels.size > 1:  # one float is a flat picture of any unit
        assert np.abs(expected - to_unit(pixels)).max() > 0.01  # the model does something
    if pixels.dtype.kind == "u":
        expected = np.clip(expected, 0, 1)
    step = {"uint8": 0.5 / 255, "uint16": 0.5 / 65535}.get(dtype, 0)  # rounding to integers
    assert np.abs(to_unit(image) - expected).max() <= step + ROUNDING


@pytest.mark.slow
@pytest.mark.parametrize("unit", [1 / 255, 255.0, 4000.0, 1e40, 1e-42])
def test_the_unit_of_floats_does_not_matter(unit):
    """f(a y) = a f(y), and the noise level and the warning follow."""
    white, grainy = noisy(96, 96, 1, sigma=20, dtype="float64"), correlated() / 255.0
    for pixels in (white, grainy):
        one, other = sl.denoise(pixels), sl.denoise(unit * pixels)
        np.testing.assert_allclose(other.image, unit * one.image, rtol=1e-4, atol=1e-4 * unit)
        assert other.sigma == pytest.approx(unit * one.sigma, rel=1e-4)
        assert len(one.warnings) == len(other.warnings)
    assert sl.denoise(unit * grainy, noise="white").warnings


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("channels", [1, 3])
def test_tensors_are_channel_height_width(model, dtype, channels):
    pixels = noisy(20, 31, channels, dtype="float32")
    tensor = torch.from_numpy(pixels).permute(2, 0, 1).to(dtype)
    image = sl.denoise(tensor, model=model).image
    assert (image.shape, image.dtype) == (tensor.shape, dtype)
    expected = torch.from_numpy(by_hand(model, tensor.permute(1, 2, 0).float().numpy()))
    rounding = 2**-8 if dtype == torch.bfloat16 else ROUNDING  # 8 bits of mantissa
    assert (image.float().permute(1, 2, 0) - expected).abs().max() <= rounding


def test_paths_give_what_arrays_give(tmp_path, model):
    gray, colour = noisy(20, 30, 1), noisy(20, 30, 3, dtype="uint16")
    for name, pixels in (("a.png", gray), ("sub/b.png", colour)):
        path = write_png(tmp_path / name, pixels)
        out = sl.denoise(path, model=model)
        expected = sl.denoise(plain(pixels), model=model)
        np.testing.assert_array_equal(out.image, expected.image)
        assert out.sigma == expected.sigma
        np.testing.assert_array_equal(sl.denoise(str(path), model=model).image, out.image)
    several = sl.denoise(tmp_path, model=model)
    assert [out.image.shape for out in several] == [(20, 30), (20, 30, 3)]


def test_pages_give_a_list(tmp_path, model):
    pages = [noisy(9, 12, 1, seed=k)[..., 0] for k in range(3)]
    tifffile.imwrite(tmp_path / "a.tif", np.stack(pages), photometric="minisblack")
    outs = sl.denoise(tmp_path / "a.tif", model=model)
    for out, page in zip(outs, pages, strict=True):
        np.testing.assert_array_equal(out.image, sl.denoise(page, model=model).image)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_results_can_be_saved(tmp_path, model, dtype, channels):
    out = sl.denoise(plain(noisy(12, 15, channels, dtype=dtype)), model=model)
    out.save(tmp_path / "a.png")
    saved = read_png(tmp_path / "a.png")
    assert saved.dtype == dtype
    np.testing.assert_array_equal(saved, out.image)


def test_a_file_is_saved_with_its_alpha(tmp_path, model):
    samples = np.concatenate([noisy(9, 9), noisy(9, 9, 1, sigma=99)], axis=2)
    out = sl.denoise(write_png(tmp_path / "a.png", samples), model=model)
    out.save(tmp_path / "b.png")
    saved = read_png(tmp_path / "b.png")
    np.testing.assert_array_equal(saved[..., :3], out.image)
    np.testing.assert_array_equal(saved[..., 3], samples[..., 3])


def test_a_tensor_is_saved_as_float_tiff(tmp_path, model):
    out = sl.denoise(
        torch.from_numpy(noisy(9, 12, 3, dtype="float32")).permute(2, 0, 1), model=model
    )
    out.save(tmp_path / "a.tif")
    np.testing.assert_array_equal(
        tifffile.imread(tmp_path / "a.tif"), out.image.permute(1, 2, 0).numpy()
    )


# ---------------------------------------------------------------- strength


@pytest.mark.parametrize("dtype", DTYPES)
def test_strength_zero_returns_the_input(model, dtype):
    pixels = noisy(15, 20, 3, dtype=dtype)
    np.testing.assert_array_equal(sl.denoise(pixels, model=model, strength=0.0).image, pixels)


def test_strength_zero_returns_a_tensor_of_double_precision(model):
    tensor = torch.rand(3, 9, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(sl.denoise(tensor, model=model, strength=0.0).image, tensor)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_result_of_any_tensor_can_be_saved(tmp_path, model, dtype, channels):
    tensor = tensor_of(noisy(12, 17, channels, dtype="float32"))[0].to(dtype)
    out = sl.denoise(tensor, model=model)
    assert out.image.dtype == dtype
    out.save(tmp_path / "a.tif")
    stored = tifffile.imread(tmp_path / "a.tif").reshape(12, 17, channels)
    assert stored.dtype == ("float64" if dtype == torch.float64 else "float32")
    assert torch.equal(torch.from_numpy(stored).to(dtype), out.image.permute(1, 2, 0))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("strength", [0.25, 0.5])
def test_strength_mixes_the_input_and_the_full_result(model, dtype, strength):
    pixels = noisy(30, 30, 3, dtype=dtype, sigma=120)  # samples reach both ends of the range
    full = sl.denoise(pixels, model=model).image.astype(float)
    part = sl.denoise(pixels, model=model, strength=strength).image.astype(float)
    mean = pixels + strength * (full - pixels)
    # both results are rounded to integers: by half a step, and by half a step times the strength
    allowed = {"f": ROUNDING, "u": 0.5 + 0.5 * strength + 1e-2}[pixels.dtype.kind]
    assert np.abs(part - mean).max() <= allowed


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strength": 1.5}, "strength is 1.5"),
        ({"strength": float("nan")}, "strength is nan"),
        ({"sigma": -0.1}, "sigma is -0.1"),
        ({"sigma": float("inf")}, "sigma is inf"),
        ({"tile": 0}, "tile is 0"),
    ],
)
def test_options_out_of_range(options, words):
    with pytest.raises(InputError, match=words):
        DenoiseSettings(**options)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (np.full((4, 4), np.nan, np.float32), "Nothing of the picture is data"),
        (torch.full((1, 2, 2), torch.nan), "Nothing of the picture is data"),
        (np.zeros((4, 4, 5), np.uint8), r"shape \(4, 4, 5\)"),
        (
            np.zeros((3, 8, 9), np.uint8),
            r"shape \(3, 8, 9\).* channels come last, move their axis there\.$",
        ),
        (np.zeros((2, 3, 8, 9), np.uint8), "move their axis there"),
        (np.zeros((2, 4, 4, 4, 1), np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "shape"),
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((4, 4), np.int64), r"int64; .* else by \.astype\('float32'\)"),
        (torch.zeros(5, 4, 4), r"shape \(5, 4, 4\): expected a tensor \(channel, height, width\)"),
        ([["a", "b"]], "numbers"),
        ([torch.zeros(3, 8, 8)] * 2, "is a list of tensors"),
        (None, "is NoneType: expected an array, a tensor or a Pillow picture"),
        ("", "path is empty"),
    ],
)
def test_arrays_that_cannot_be_used(source, words):
    with pytest.raises(InputError, match=words):
        sl.denoise(source)


def test_paths_that_cannot_be_used(tmp_path):
    with pytest.raises(ImageFileError, match="does not exist"):
        sl.denoise(tmp_path / "none.png")
    with pytest.raises(InputError, match="contains no pictures"):
        sl.denoise(tmp_path)


def test_numbers_that_overflow_never_pass_silently(model):
    denoiser = prepare(sl.load(model), dtype=torch.float16)
    pixels = noisy(16, 16, 3, dtype="float32") * np.float32(1e5)
    with pytest.raises(InputError, match="SCORELET_DTYPE=float32"):
        denoise_array(denoiser, pixels)
    single = prepare(sl.load(model), dtype=torch.float32)
    assert np.isfinite(denoise_array(single, pixels)).all()


def test_weights_that_are_not_finite_are_damaged(tmp_path):
    network = small_network("bf-cnn")
    with torch.no_grad():
        network.layers[0].weight[0, 0, 0, 0] = torch.inf
    path = tmp_path / "inf.safetensors"
    save(ResidualDenoiser(network), path)
    with pytest.raises(CheckpointError, match="NaN or infinite"):
        sl.denoise(np.zeros((8, 8), np.uint8), model=str(path))


def test_a_model_file_that_changes_is_read_again(tmp_path):
    pixels = noisy(12, 12)
    path = str(write_model(tmp_path / "a.safetensors", seed=1))
    first = sl.denoise(pixels, model=path).image
    write_model(tmp_path / "a.safetensors", seed=2)
    other = str(write_model(tmp_path / "b.safetensors", seed=2))
    second = sl.denoise(pixels, model=path).image
    np.testing.assert_array_equal(second, sl.denoise(pixels, model=other).image)
    assert (first != second).any()


# ---------------------------------------------------------------- the shipped model


@pytest.fixture(scope="module")
def photo():
    return prepare(sl.load("photo"), dtype=torch.float32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("factor", [0.01, 3.7, 255.0])
def test_photo_is_homogeneous(photo, channels, factor):
    y = tensor_of(noisy(40, 56, channels, dtype="float32"))
    # float32 through tens of layers; powers of two would be exact
    with torch.no_grad():
        assert_homogeneous(photo, y, factor, tol=1e-5)


def test_photo_takes_gray_as_three_equal_channels(photo):
    y = tensor_of(noisy(33, 48, 1, dtype="float32"))
    with torch.no_grad():
        gray, colour = photo(y), photo(y.expand(-1, 3, -1, -1))
    assert_close(gray, colour.mean(1, keepdim=True), tol=1e-5)  # float32 rounding
    # the three channels themselves differ by what training left: far less than the noise
    noise = (colour - y).std()
    assert (colour - gray).abs().mean() < 0.1 * noise


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_photo_takes_noise_out_and_finds_its_level(channels):
    clean = waves(96, 96, channels)
    for sigma in (10, 40):
        pixels = noisy(96, 96, channels, sigma=sigma, dtype="float32")
        out = sl.denoise(pixels)
        before, after = (np.square(x - clean).mean() for x in (pixels, out.image))
        assert after < before / 3  # 5 dB on so smooth a picture, whatever the weights
        assert out.sigma * 255 == pytest.approx(sigma, rel=0.2)  # tells 10 from 13, 40 from 50
        assert out.warnings == ()


def test_sigma_has_no_effect_on_a_blind_model_and_that_is_said():
    pixels = noisy(64, 64, 3, sigma=20)
    plain, told = sl.denoise(pixels), sl.denoise(pixels, sigma=50 / 255)
    np.testing.assert_array_equal(plain.image, told.image)
    (warning,) = told.warnings
    assert "sigma 50.0 was given" in warning
    assert f"{plain.sigma * 255:.1f} was found" in warning
    assert "had no effect" in warning


@pytest.mark.parametrize("noise", ["white", "camera"])
@pytest.mark.parametrize("unit", [1, 1 / 255])
def test_a_level_in_another_unit_is_said(noise, unit):
    """25 of 255, given for integers or for floats in [0, 1]; 25 is fine for floats up to 255."""
    y = noisy(32, 32, sigma=10)
    picture = y if unit == 1 else (y * unit).astype(np.float32)
    given = sl.denoise(picture, noise=noise, sigma=25.0)
    assert any("cannot have so much noise: sigma is " in text for text in given.warnings)
    assert any(text.endswith(" is 25/255") for text in given.warnings)
    for one, sigma in ((picture, 10 / 255), (y.astype(np.float32), 25.0)):
        said = sl.denoise(one, noise=noise, sigma=sigma).warnings
        assert not any("cannot have" in text for text in said)


def test_noise_beyond_what_the_models_learnt_is_said():
    """Of floats the noise of the picture says nothing: `photo` takes any unit."""
    z = np.random.default_rng(0).standard_normal((64, 64, 1))
    strong = np.clip(128 + 110 * z, 0, 255).astype(np.uint8)
    (said,) = sl.denoise(strong, noise="white").warnings
    assert said.startswith("the noise is stronger than any that the model learnt: sigma is ")
    assert ", and it learnt 75.0 at most (8-bit units)" in said
    assert sl.denoise(strong.astype(np.float32), noise="white").warnings == ()
    weak = np.rint(128 + 5 * z).astype(np.uint8)
    (said,) = sl.denoise(weak, noise="camera", sigma=100 / 255).warnings
    assert ": sigma is 100.0, and it learnt 64.0 at most (8-bit units)" in said


def test_identity_finds_no_noise():
    pixels = noisy(20, 20)
    np.testing.assert_array_equal(denoise_array(Identity(), pixels), pixels)
    denoiser = ResidualDenoiser(small_network(channels=3))
    np.testing.assert_array_equal(denoise_array(denoiser, np.zeros((9, 9, 3), np.uint8)), 0)


# ---------------------------------------------------------------- noise that is not white


def correlated(sigma=20.0):
    """Noise blurred over a pixel, of `sigma` 8-bit units again."""
    clean = waves(160, 160)
    noise = gaussian_filter(np.random.default_rng(0).standard_normal(clean.shape), (1, 1, 0))
    return from_unit(clean + sigma / 255 * noise / noise.std(), "uint8")


@pytest.mark.slow
def test_correlated_noise_is_said_to_be_so():
    assert (sl.denoise(correlated()).noise, sl.denoise(correlated()).warnings) == ("camera", ())
    (warning,) = sl.denoise(correlated(), noise="white").warnings
    assert "not white" in warning
    assert "leaves most of it in" in warning  # what it means
    assert "--noise camera" in warning  # what to do
    assert sl.denoise(noisy(160, 160)).warnings == ()


@pytest.mark.parametrize("quality", [30, 60])
def test_noise_that_went_through_jpeg_is_said_to_be_so(tmp_path, quality):
    Image.fromarray(noisy(160, 160, sigma=25)).save(tmp_path / "a.jpg", quality=quality)
    path = tmp_path / "a.jpg"
    assert any("not white" in warning for warning in sl.denoise(path, noise="white").warnings)
    assert (sl.denoise(path).noise, sl.denoise(path).warnings) == ("camera", ())


def test_settings_are_given_by_name_but_for_the_model():
    assert DenoiseSettings("grain", sigma=0.1).sigma == 0.1
    with pytest.raises(TypeError, match="positional"):
        DenoiseSettings("grain", 0.1)
