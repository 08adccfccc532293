"""Conditional denoisers are told another picture of each; denoisers may be given as they are."""

import json

import numpy as np
import pytest
import tifffile
import torch

import scorelet as sl
from samples import noisy, write_png
from scorelet import zoo
from scorelet.cli.main import run
from scorelet.core.errors import InputError
from scorelet.data import read_picture
from scorelet.models import Denoiser, Locality
from scorelet.tasks.denoise import DenoiseSettings, denoise_files


class Told(Denoiser):
    """Mean of a picture and its condition, with which it must be told."""

    blind, needs_cond, locality = True, True, Locality(receptive_radius=0)

    def _denoise(self, y, sigma, cond, label):
        return (y + cond) / 2


zoo.register(
    zoo.Kind("told", Told, lambda _m: ({}, {"none": torch.zeros(1)}), lambda *_parts: Told())
)

NEEDS = r"^This denoiser needs a condition: give cond, .*--cond PATH\)\.$"


def near(pixels, seed=1):
    """A picture that differs by less than the noise, so that no pixel is held back."""
    rng = np.random.default_rng(seed)
    return pixels + rng.uniform(-2, 2, pixels.shape).round().astype(pixels.dtype)


@pytest.fixture
def pixels():
    return noisy(48, 40, 3, dtype="float64") * 200 + 20


def test_a_denoiser_that_must_be_told_says_so(pixels, tmp_path):
    with pytest.raises(InputError, match=NEEDS):
        Told()(torch.zeros(1, 1, 4, 4))
    with pytest.raises(InputError, match=NEEDS):
        sl.denoise(pixels, model=Told())
    path = write_png(tmp_path / "a.png", pixels.astype(np.uint8))
    with pytest.raises(InputError, match=NEEDS):
        sl.evaluate(path, model=Told(), sigmas=[5.0])


@pytest.mark.parametrize("tile", ["auto", 16])
def test_the_condition_is_cut_as_the_picture(pixels, tile):
    """Half of the condition is in the result, at every place."""
    eight = pixels.astype(np.uint8)
    other = near(eight)
    out = sl.denoise(eight, model=Told(), cond=other, tile=tile).image
    expected = (eight.astype(float) + other) / 2
    assert np.abs(out - expected).max() <= 0.5 + 1e-3


def test_batches_tensors_and_files_are_told_theirs(pixels, tmp_path):
    eight = pixels.astype(np.uint8)
    others = [near(eight, seed) for seed in (1, 2)]
    expected = [sl.denoise(eight, model=Told(), cond=other).image for other in others]
    assert not np.array_equal(*expected)
    batch = sl.denoise(np.stack([eight, eight]), model=Told(), cond=np.stack(others))
    for out, wanted in zip(batch, expected, strict=True):
        np.testing.assert_array_equal(out.image, wanted)
    turned = torch.from_numpy(eight).permute(2, 0, 1)
    cond = torch.from_numpy(others[0]).permute(2, 0, 1)
    out = sl.denoise(turned, model=Told(), cond=cond).image
    np.testing.assert_array_equal(out.permute(1, 2, 0), expected[0])
    for name, other in zip("ab", others, strict=True):
        write_png(tmp_path / "in" / "x" / f"{name}.png", eight)
        write_png(tmp_path / "told" / "x" / f"{name}.png", other)
    results = sl.denoise(tmp_path / "in", model=Told(), cond=tmp_path / "told")
    for out, wanted in zip(results, expected, strict=True):
        np.testing.assert_array_equal(out.image, wanted)
    one, told = tmp_path / "in" / "x" / "b.png", tmp_path / "told" / "x" / "b.png"
    np.testing.assert_array_equal(sl.denoise(one, model=Told(), cond=told).image, expected[1])


@pytest.mark.slow
def test_the_shell_has_it(pixels, tmp_path, capsys):
    eight = pixels.astype(np.uint8)
    paths = [write_png(tmp_path / "in" / f"{name}.png", eight) for name in "ab"]
    for path, seed in zip(paths, (1, 2), strict=True):
        write_png(tmp_path / "told" / path.name, near(eight, seed))
    sl.save(Told(), tmp_path / "told.safetensors")
    words = ["denoise", *map(str, paths), "-o", str(tmp_path / "out"), "--json"]
    words += ["--model", str(tmp_path / "told.safetensors")]
    assert run([*words, "--cond", str(tmp_path / "told")]) == 0
    assert len(json.loads(capsys.readouterr().out)["files"]) == 2
    for path, seed in zip(paths, (1, 2), strict=True):
        expected = sl.denoise(eight, model=Told(), cond=near(eight, seed)).image
        written = read_picture(tmp_path / "out" / path.name).pixels
        np.testing.assert_array_equal(written, expected)
    assert run([*words, "--overwrite"]) == 2
    assert "needs a condition" in " ".join(capsys.readouterr().err.split())


def test_a_job_that_goes_on_with_other_conditions_does_the_work_again(pixels, tmp_path):
    eight = pixels.astype(np.uint8)
    for name in "ab":
        write_png(tmp_path / "in" / f"{name}.png", eight)
        write_png(tmp_path / "told" / f"{name}.png", eight)
    settings = DenoiseSettings(Told(), cond=tmp_path / "told")

    def resumed():
        done = denoise_files([tmp_path / "in"], tmp_path / "out", settings=settings, resume=True)
        return [outcome.resumed for outcome in done]

    assert resumed() == [False, False]
    assert resumed() == [True, True]
    write_png(tmp_path / "told" / "b.png", near(eight, 1))
    assert resumed() == [False, False]
    expected = sl.denoise(eight, model=Told(), cond=near(eight, 1)).image
    np.testing.assert_array_equal(read_picture(tmp_path / "out" / "b.png").pixels, expected)


def test_conditions_that_do_not_fit_are_one_sentence(pixels, tmp_path):
    eight = pixels.astype(np.uint8)
    folder, told = tmp_path / "in", tmp_path / "told"
    one = write_png(folder / "a.png", eight)
    write_png(folder / "b.png", eight)
    write_png(told / "a.png", eight[1:])
    pages = tmp_path / "pages.tif"
    tifffile.imwrite(pages, np.stack([eight] * 2), photometric="rgb")
    faults = [
        (eight, eight[1:], r"^The condition is 47x40 and its picture 48x40: expected the same"),
        (eight, np.stack([eight, eight]), r"^cond holds 2 pictures for 1: give one for each\.$"),
        (pixels, np.full_like(pixels, np.nan), r"^cond holds pixels that are NaN"),
        (one, told, r"^The condition is 47x40"),
        (folder, one, r"is one picture and .* a folder: give a folder of conditions"),
        (pages, one, r"has fewer pages than its picture: give one for each"),
        (folder / "b.png", told, r"has no condition for b: give a picture of the same name"),
        (one, tmp_path / "none", "none"),
        (one, eight, r"^The source is a path: give that of the condition, too\.$"),
    ]
    for source, cond, words in faults:
        with pytest.raises(InputError, match=words):
            sl.denoise(source, model=Told(), cond=cond)
    settings = DenoiseSettings(Told(), cond=one)
    with pytest.raises(InputError, match="is one picture and there are several: give a folder"):
        list(denoise_files([one, folder / "b.png"], tmp_path / "out", settings=settings))
    with pytest.raises(InputError, match="This denoiser takes no condition"):
        sl.denoise(eight, cond=eight)


@pytest.mark.slow
def test_a_denoiser_may_be_given_itself(pixels):
    """What is given is neither changed nor kept: the built-in one gives what its name gives."""
    eight = pixels.astype(np.uint8)
    model = sl.load("photo")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    named, given = sl.denoise(eight), sl.denoise(eight, model=model)
    np.testing.assert_array_equal(given.image, named.image)
    assert given.sigma == named.sigma
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    with pytest.raises(InputError, match=r"type Linear: .* or a Denoiser\. A network that gives"):
        sl.denoise(eight, model=torch.nn.Linear(1, 1))
