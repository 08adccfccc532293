"""Camera raw files are denoised on the mosaic."""

import json
import math
import re

import numpy as np
import pytest
import torch

import scorelet as sl
from denoise_samples import decibels
from raw_samples import another, dng, exposed, monochrome, sampled, scene
from scorelet.cli import main
from scorelet.core.errors import InputError
from scorelet.data import read_picture, write_picture
from scorelet.data.camera import ORDERS
from scorelet.data.pictures.formats import libraw
from scorelet.data.pictures.sensor import MONOCHROME, Mosaic
from scorelet.models import PoissonGaussianNoise, anscombe
from scorelet.tasks.denoise.raw.law import law_of
from scorelet.tasks.denoise.raw.stable import light_of, stabilised

pytest.importorskip("rawpy")
LAWS = {
    "R": PoissonGaussianNoise(4e-3, 1e-4),
    "G": PoissonGaussianNoise(1e-3, 1e-5),
    "B": PoissonGaussianNoise(0.0, 1e-3),
}


@pytest.fixture
def shot(tmp_path):
    """A raw file, and the clean light of its mosaic."""
    noisy, clean = exposed(scene(97, 131))
    dng(tmp_path / "a.dng", sampled(noisy))
    return tmp_path / "a.dng", clean


# ---------------------------------------------------------------- the law of the noise


@pytest.mark.slow
@pytest.mark.parametrize("a", [2e-4, 1e-3, 1e-2])
def test_the_law_is_measured_on_each_colour(a):
    noisy, clean = exposed(scene(512, 512), a=a, b=a / 20)
    found = law_of(Mosaic(noisy, "RGGB"))
    assert found.measured
    for colour, place in {"R": (0, 0), "G": (0, 1), "B": (1, 1)}.items():
        for x in np.quantile(clean[place[0] :: 2, place[1] :: 2], (0.2, 0.5, 0.8)):
            law = found.noise[colour]
            assert abs((law.a * x + law.b) / (a * x + a / 20) - 1) < 0.2


def test_a_law_of_the_file_is_taken():
    light = np.zeros((32, 32), np.float32)
    pairs = ((1e-3, 1e-5), (2e-3, 2e-5), (3e-3, 3e-5))
    found = law_of(Mosaic(light, "GBRG", noise=pairs))
    assert not found.measured
    assert [found.noise[c] for c in "RGB"] == [PoissonGaussianNoise(*pair) for pair in pairs]
    for order in ("RGGB", MONOCHROME):
        alone = law_of(Mosaic(light, order, noise=pairs[:1]))
        assert set(alone.noise.values()) == {PoissonGaussianNoise(*pairs[0])}


@pytest.mark.slow
@pytest.mark.parametrize("pair", [(1e9, 0.0), (0.0, 1e-30), (1e-300, 0.0)])
def test_a_law_that_cannot_be_is_not_believed(pair):
    noisy, _ = exposed(scene(256, 256), a=1e-3, b=5e-5)
    found = law_of(Mosaic(noisy, "RGGB", noise=(pair,)))
    assert found.measured
    assert all(1e-4 < law.a / 6 + law.b < 3e-4 for law in found.noise.values())


@pytest.mark.slow
def test_a_colour_of_fine_texture_does_not_count_as_noisier():
    noisy, _ = exposed(scene(512, 512), a=1e-3, b=5e-5)
    texture = np.random.default_rng(0).standard_normal(noisy[0::2, 0::2].shape)
    noisy[0::2, 0::2] += np.float32(0.03) * texture.astype(np.float32)
    law = law_of(Mosaic(noisy, "RGGB")).noise
    assert law["R"] == min((law["G"], law["B"]), key=lambda one: one.a / 6 + one.b)


def test_where_nothing_can_be_measured_it_is_said():
    noisy, _ = exposed(scene(64, 64))
    with pytest.raises(InputError, match=r"cannot be measured on so small .* a 16-bit TIFF"):
        law_of(Mosaic(noisy, "RGGB"))


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_frames_in_which_nothing_changes_have_no_law(level):
    light = np.full((128, 128), level, np.float32)
    light[10, 20] = 0.7  # a hot pixel
    assert law_of(Mosaic(light, "RGGB")) is None


@pytest.mark.parametrize(("sigma", "clipped"), [(5, False), (0.4, False), (3, True)])
def test_the_noise_of_reading_is_measured_on_dark_frames(sigma, clipped):
    """Whole numbers of a sensor of 12 bits; black may be cut off."""
    y = np.rint(sigma * np.random.default_rng(0).standard_normal((128, 128)))
    light = np.float32(np.maximum(y, 0) if clipped else y) / 3800
    law = law_of(Mosaic(light, "RGGB")).noise["G"]
    mean = float(np.clip(light, 0, 1).mean())
    assert law.a * mean + law.b == pytest.approx(float(light.var()), rel=0.25)


# ---------------------------------------------------------------- white noise and back


@pytest.mark.parametrize("order", ORDERS)
def test_stabilised_noise_is_white_of_level_one(order):
    rng = torch.Generator().manual_seed(0)
    light = np.empty((400, 400), np.float32)
    for place, colour in enumerate(order):
        x = torch.full((1, 1, 200, 200), 0.4, dtype=torch.float64)
        light[place // 2 :: 2, place % 2 :: 2] = LAWS[colour].add(x, rng=rng)[0, 0].numpy()
    stable = stabilised(light, order, LAWS)
    for place in range(4):
        assert abs(stable[place // 2 :: 2, place % 2 :: 2].std() - 1) < 0.02


@pytest.mark.parametrize("order", [*ORDERS, MONOCHROME])
def test_the_way_back_is_without_bias(order):
    laws = LAWS | {MONOCHROME: LAWS["R"]}
    rng = torch.Generator().manual_seed(0)
    names = [order] * 4 if order == MONOCHROME else list(order)
    for place, colour in enumerate(names):
        x = torch.full((1, 1, 1, 100_000), 0.05, dtype=torch.float64)
        y = laws[colour].add(x, rng=rng)
        law = laws[colour]
        mean = float((anscombe(y, law) if law.a else y / math.sqrt(law.b)).mean())
        stable = np.full((2, 2), np.float32(mean))
        back = light_of(stable, order, laws)[place // 2, place % 2]
        assert abs(back / 0.05 - 1) < 0.01


# ---------------------------------------------------------------- from file to file


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [(97, 131), (96, 130)])
def test_noise_goes_and_light_stays(tmp_path, order, size):
    noisy, clean = exposed(scene(*size), order)
    dng(tmp_path / "a.dng", sampled(noisy), order)
    out = sl.denoise(tmp_path / "a.dng")
    light = out.picture.metadata.mosaic.light
    assert decibels(light, clean) > decibels(noisy, clean) + 10
    assert abs(light.mean() - clean.mean()) < 1e-3
    assert f"{order} mosaic" in out.found
    assert out.noise == "sensor"
    assert out.image.shape == (*size, 3)
    assert out.image.dtype == np.uint16
    true = math.sqrt(4e-3 * clean.mean() + 1.6e-4)
    assert abs(out.sigma / true - 1) < 0.2


@pytest.mark.slow
def test_the_developed_picture_is_that_of_the_clean_mosaic(tmp_path, shot):
    path, clean = shot
    dng(tmp_path / "clean.dng", sampled(clean))
    goal = read_picture(tmp_path / "clean.dng").pixels / 65535
    before = decibels(read_picture(path).pixels / 65535, goal)
    assert decibels(sl.denoise(path).image / 65535, goal) > before + 6


@pytest.mark.slow
def test_strength_mixes_light_and_saturated_pixels_stay(tmp_path):
    noisy, _ = exposed(scene(64, 64))
    noisy[10:20, 10:20] = 2.0
    dng(tmp_path / "a.dng", sampled(noisy), noise=(4e-3, 1.6e-4))
    whole, half, none = (
        sl.denoise(tmp_path / "a.dng", strength=s).picture.metadata.mosaic.light
        for s in (1.0, 0.5, 0.0)
    )
    np.testing.assert_allclose(half, (whole + none) / 2, atol=1e-6)
    with libraw.open_raw(tmp_path / "a.dng", libraw.Limits()) as raw:
        light = raw.mosaic().light
    np.testing.assert_allclose(none, light, atol=1e-6)
    np.testing.assert_array_equal(whole[10:20, 10:20], light[10:20, 10:20])
    assert 0.99 < whole[10:20, 10:20].min() < 1  # where black is higher


@pytest.mark.slow
def test_tiles_change_nothing(tmp_path):
    noisy, _ = exposed(scene(160, 130))
    dng(tmp_path / "a.dng", sampled(noisy), noise=(4e-3, 1.6e-4))
    whole, tiled = (sl.denoise(tmp_path / "a.dng", tile=side) for side in (None, 64))
    one, two = whole.picture.metadata.mosaic.light, tiled.picture.metadata.mosaic.light
    np.testing.assert_allclose(one, two, atol=2e-4)


@pytest.mark.slow
def test_a_dark_frame_stays_as_it_is(tmp_path):
    dng(tmp_path / "a.dng", sampled(np.zeros((64, 96))))
    out = sl.denoise(tmp_path / "a.dng")
    assert out.sigma == 0
    assert "no noise to be taken out" in out.found
    np.testing.assert_array_equal(out.image, read_picture(tmp_path / "a.dng").pixels)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.jpg", "x.png"])
def test_a_kind_of_8_bits_gets_8_bits(tmp_path, shot, name, capsys):
    """What LibRaw develops to 8 bits is what it develops to 16, in steps of 8."""
    path, _ = shot
    assert main.run(["denoise", str(path), "-o", str(tmp_path / name)]) == 0
    deep = sl.denoise(path).image
    pixels = read_picture(tmp_path / name).pixels
    if name == "x.png":
        np.testing.assert_array_equal(pixels, deep)
    else:
        assert pixels.dtype == np.uint8
        assert decibels(pixels / 255, deep / 65535) > 35
        assert main.run(["denoise", str(path), "--format", "jpeg"]) == 0
        assert (tmp_path / "a_denoised.jpg").read_bytes() == (tmp_path / name).read_bytes()


def test_a_sensor_without_colours(tmp_path):
    noisy, clean = exposed(np.repeat(scene(96, 128)[..., :1], 3, 2))
    gray_noisy, gray = noisy[0::2, 0::2], clean[0::2, 0::2]
    monochrome(tmp_path / "a.dng", np.clip(np.rint(256 + gray_noisy * (4095 - 256)), 0, 4095))
    out = sl.denoise(tmp_path / "a.dng")
    assert out.image.shape == gray.shape
    assert decibels(out.picture.metadata.mosaic.light, gray) > decibels(gray_noisy, gray) + 6
    assert "a sensor without colours" in out.found


@pytest.mark.slow
def test_what_has_no_effect_or_cannot_be_is_said(tmp_path, shot):
    path, _ = shot
    assert any(
        "the given level had no effect" in text for text in sl.denoise(path, sigma=0.1).warnings
    )
    with pytest.raises(InputError, match="takes no condition"):
        sl.denoise(path, cond=path)


def test_a_model_of_noise_that_neighbours_share_is_refused(shot):
    """It leaves most of white noise: 36 dB where `photo` has 44."""
    with pytest.raises(InputError, match="leave the model out"):
        sl.denoise(shot[0], model="grain")


@pytest.mark.slow
def test_a_folder_of_raw_files_and_pictures(tmp_path, shot, capsys):
    path, _ = shot
    folder = tmp_path / "in"
    folder.mkdir()
    path.rename(folder / "a.dng")
    (folder / "cut.dng").write_bytes((folder / "a.dng").read_bytes()[:5000])
    write_picture(folder / "b.png", read_picture(folder / "a.dng"))
    assert main.run(["denoise", str(folder), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [entry["output"].rsplit("/")[-1] for entry in document["files"]] == ["a.tif", "b.png"]
    found = document["files"][0]["pages"][0]["found"]
    assert [entry["pages"][0]["noise"] for entry in document["files"]] == ["sensor", "camera"]
    assert re.match(
        r"RGGB mosaic; variance of its noise by light x, measured on it: R .* x \+", found
    )
    assert "truncated" in document["failed"][0]["error"]
    assert read_picture(tmp_path / "in_denoised" / "a.tif").pixels.dtype == np.uint16
    assert main.run(["denoise", str(folder), "--resume"]) == 1
    assert "kept from before" in capsys.readouterr().out


@pytest.mark.slow
def test_dng_where_it_is_asked_for(tmp_path, shot, capsys):
    path, clean = shot
    assert main.run(["denoise", str(path), "-o", str(tmp_path / "x.dng")]) == 0
    assert "denoised before it was developed" in capsys.readouterr().out
    with libraw.open_raw(tmp_path / "x.dng", libraw.Limits()) as raw:
        found = raw.mosaic()
    assert decibels(found.light, clean) > 40
    assert main.run(["denoise", str(path), "--format", "dng"]) == 0
    assert (tmp_path / "a_denoised.dng").read_bytes() == (tmp_path / "x.dng").read_bytes()
    assert main.run(["denoise", str(path), "--dry-run"]) == 0
    assert "RGGB mosaic" in capsys.readouterr().out


def test_without_the_extra_a_folder_names_its_raw_files(tmp_path, shot, capsys, monkeypatch):
    path, _ = shot
    write_picture(tmp_path / "b.png", read_picture(path))
    monkeypatch.setattr(libraw, "find_spec", lambda _name: None)
    assert main.run(["denoise", str(tmp_path), "-o", str(tmp_path / "out"), "--dry-run"]) == 0
    said = capsys.readouterr().err
    assert "1 .dng (a.dng); camera raw files need pip install 'scorelet[raw]'" in said
    assert main.run(["denoise", str(path)]) == 2
    assert "pip install 'scorelet[raw]'" in capsys.readouterr().err


@pytest.mark.slow
def test_pictures_of_a_file_that_are_left_out_are_said(tmp_path, capsys):
    noisy, _ = exposed(scene(64, 64))
    dng(tmp_path / "a.dng", sampled(noisy), noise=(4e-3, 1.6e-4))
    another(tmp_path / "a.dng", sampled(noisy))
    assert main.run(["denoise", str(tmp_path / "a.dng"), "--dry-run"]) == 0
    assert "a.dng holds 1 more picture, which is left out." in capsys.readouterr().err
