"""Denoisers that need the level, are gradients, or know classes; pictures of other kinds."""

import numpy as np
import pytest
import torch
from PIL import Image

import scorelet as sl
from samples import RGB_PROFILE, exif, noisy, pillow, waves
from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.models import Denoiser, EnergyDenoiser, GaussianMixtureDenoiser
from scorelet.tasks.denoise import DenoiseSettings
from scorelet.tasks.denoise.plan import plan_page, run_plan

SIDE = 40


def mixture():
    """Two pictures that are known up to 1/100: waves, and their negative."""
    means = torch.from_numpy(waves(SIDE, SIDE, 1)).permute(2, 0, 1)
    return GaussianMixtureDenoiser(
        torch.tensor([0.5, 0.5], dtype=torch.float64),
        torch.stack([means, 1 - means]),
        torch.full((2,), 1e-4, dtype=torch.float64),
    )


def run(denoiser, pixels, **options):
    settings = DenoiseSettings(**options)
    return run_plan(plan_page(Picture(pixels), denoiser, settings), denoiser, settings)


def gradient_of_log_density():
    exact = mixture()
    return EnergyDenoiser(lambda y, sigma: -exact.log_density(y.double(), sigma), channels=(1,))


@pytest.mark.parametrize("make", [mixture, gradient_of_log_density])
@pytest.mark.parametrize("given", [True, False])
def test_a_density_of_pictures_takes_their_noise_out(make, given):
    """The posterior mean of the right component, (v y + s² m)/(v + s²); nothing is left of y."""
    sigma, clean = 0.1, waves(SIDE, SIDE, 1)
    pixels = clean + sigma * np.random.default_rng(0).standard_normal(clean.shape)
    out = run(make(), pixels, sigma=sigma if given else None)
    assert out.sigma == pytest.approx(sigma, rel=1e-9 if given else 0.25)
    expected = (1e-4 * pixels + out.sigma**2 * clean) / (1e-4 + out.sigma**2)
    np.testing.assert_allclose(out.picture.pixels, expected, atol=1e-5)
    assert np.abs(out.picture.pixels - clean).max() < 0.01
    assert [text.partition(":")[0] for text in out.warnings] == (
        [] if given else ["the model needs the noise level"]
    )


class Blurs(Denoiser):
    """Takes everything for noise but the mean."""

    most = 0.3

    def _denoise(self, y, sigma, cond, label):
        return y.mean((2, 3), keepdim=True).expand_as(y)


def test_what_the_model_does_not_know_is_said():
    """Texture that goes with the noise, and noise beyond what was learnt."""
    rng = np.random.default_rng(0)
    grain = 0.5 + 0.43 * rng.uniform(-1, 1, (SIDE, SIDE, 1))  # of deviation 0.25
    pixels = grain + 0.05 * rng.standard_normal(grain.shape)
    (text,) = run(Blurs(), pixels, sigma=0.05).warnings
    assert text.startswith("texture went with the noise: 0.25")
    flat = 0.5 + 0.05 * rng.standard_normal(grain.shape)
    assert run(Blurs(), flat, sigma=0.05).warnings == ()
    (text,) = run(Blurs(), 0.5 + 0.4 * rng.standard_normal(grain.shape), sigma=0.4).warnings
    assert "sigma is 0.4, and it learnt 0.3 at most" in text
    eight = np.uint8(np.rint(255 * pixels.clip(0, 1)))
    (text,) = run(Blurs(), eight, sigma=0.05).warnings
    assert "where noise is 12.8 (8-bit units)" in text


def test_a_level_that_cannot_be_found_is_asked_for():
    with pytest.raises(InputError, match="too small for it to be found: give sigma"):
        run(gradient_of_log_density(), np.zeros((2, 2, 1)))


class Classes(Denoiser):
    """Returns its class as a grey."""

    blind, labels = True, 4

    def _denoise(self, y, sigma, cond, label):
        return y if label is None else y + 0 * y + label[:, None, None, None] / 100


def test_classes_are_passed_on():
    pixels = noisy(32, 32, 1, dtype="float64")
    unit = np.ptp(pixels)
    moved = run(Classes(), pixels, label=3).picture.pixels - pixels
    assert moved.std() < 1e-6
    assert 0 < moved.mean() < 0.03 * unit
    np.testing.assert_array_equal(run(Classes(), pixels).picture.pixels, pixels)
    with pytest.raises(InputError, match="4"):
        run(Classes(), pixels, label=4)


# ---------------------------------------------------------------- what Python takes


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_batches_and_opacity(model, dtype, channels):
    colours = 1 if channels < 3 else 3
    samples = np.concatenate(
        [noisy(20, 24, colours, dtype=dtype), noisy(20, 24, 1, seed=1, dtype=dtype)], axis=2
    )[..., :channels]
    batch = np.stack([samples, samples[::-1]])
    outs = sl.denoise(batch, model=model)
    for out, one in zip(outs, batch, strict=True):
        assert (out.image.shape, out.image.dtype) == (one.shape, one.dtype)
        single = sl.denoise(np.ascontiguousarray(one), model=model).image
        np.testing.assert_array_equal(out.image, single)
        bare = sl.denoise(np.ascontiguousarray(one[..., :colours]), model=model).image
        np.testing.assert_array_equal(out.image[..., :colours], bare)
        np.testing.assert_array_equal(out.image[..., colours:], one[..., colours:])


@pytest.mark.parametrize("channels", [1, 3])
def test_tensors_of_bytes_and_batches_of_tensors(model, channels):
    pixels = noisy(20, 24, channels)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    out = sl.denoise(tensor, model=model).image
    assert (out.dtype, out.shape) == (torch.uint8, tensor.shape)
    expected = sl.denoise(pixels, model=model).image
    np.testing.assert_array_equal(out.permute(1, 2, 0).numpy(), expected)
    (again,) = sl.denoise(tensor[None], model=model)
    assert torch.equal(again.image, out)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_pillow_gives_pillow(model, mode):
    picture = Image.fromarray(noisy(20, 24)).convert(mode)
    out = sl.denoise(picture, model=model).image
    assert (out.mode, out.size) == (mode, (24, 20))
    np.testing.assert_array_equal(
        np.array(out), sl.denoise(np.array(picture), model=model).image.squeeze()
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pillow_pictures_are_turned_upright_as_files_are(model, tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "sideways.png"
    Image.fromarray(noisy(20, 24)).save(path, exif=exif, icc_profile=b"a profile")
    with Image.open(path) as picture:
        out = sl.denoise(picture, model=model).image
    np.testing.assert_array_equal(np.array(out), sl.denoise(path, model=model).image)
    assert out.getexif().get(0x0112, 1) == 1
    assert out.info["icc_profile"] == b"a profile"


def test_pillow_pictures_are_saved_with_what_they_say_of_themselves(model, tmp_path):
    path = tmp_path / "a.jpg"
    options = {"icc_profile": RGB_PROFILE, "exif": exif(6), "xmp": b"<x/>", "dpi": (300, 200)}
    Image.fromarray(noisy(20, 24)).save(path, **options)
    with Image.open(path) as picture:
        sl.denoise(picture, model=model).save(tmp_path / "b.jpg")
    got = pillow(tmp_path / "b.jpg")
    assert got.getexif()[0x010F] == "A maker"
    assert got.getexif().get(0x0112, 1) == 1
    assert got.info["icc_profile"] == RGB_PROFILE
    assert got.info["xmp"] == b"<x/>"
    assert got.info["dpi"] == (300, 200)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("batch", [False, True])
def test_masked_pixels_stay_and_touch_nobody(model, dtype, batch):
    """Whatever a masked place holds, the others come out the same; a masked array comes back."""
    pixels = noisy(64, 48).astype(dtype)
    mask = np.zeros(pixels.shape, bool)
    mask[10:20, 5:30] = True
    outs = []
    for hidden in (0, 200):
        given = np.ma.array(np.where(mask, hidden, pixels).astype(dtype), mask=mask)
        out = sl.denoise(given[None], model=model)[0] if batch else sl.denoise(given, model=model)
        assert isinstance(out.image, np.ma.MaskedArray)
        assert out.image.dtype == dtype
        np.testing.assert_array_equal(out.image.mask, mask)
        assert (out.image.data[mask] == hidden).all()
        outs.append(out.image.data)
    np.testing.assert_array_equal(outs[0][~mask], outs[1][~mask])
    assert (outs[0][~mask] != pixels[~mask]).any()


def test_nothing_masked_is_as_a_plain_array(model):
    pixels = noisy(20, 24, 1)[..., 0]
    out = sl.denoise(np.ma.array(pixels), model=model).image
    np.testing.assert_array_equal(out.data, sl.denoise(pixels, model=model).image)
    assert not out.mask.any()


class Sheet(np.ndarray):
    """Two-dimensional whatever happens, as NumPy's matrix."""

    def __new__(cls, samples):
        return samples.view(cls)

    def __array_finalize__(self, other):
        if self.ndim != 2 and self.size:
            self.shape = (1, -1)


@pytest.mark.parametrize("make", [Sheet, lambda x: x[::-1, ::-1], np.asfortranarray])
def test_arrays_of_other_layouts(model, make):
    pixels = noisy(20, 24, 1)[..., 0]
    odd = make(pixels)
    expected = sl.denoise(np.ascontiguousarray(np.asarray(odd)), model=model).image
    np.testing.assert_array_equal(sl.denoise(odd, model=model).image, expected)


def test_half_precision_comes_back_as_such(model):
    pixels = noisy(20, 24, 1, dtype="float32").astype(np.float16)
    assert sl.denoise(pixels, model=model).image.dtype == np.float16
