"""The verb evaluate: a document for each kind of model, on data by name."""

import math
import shutil

import numpy as np
import pytest
import tifffile
import torch

import scorelet as sl
from samples import Identity, noisy, waves, write_png
from scorelet import zoo
from scorelet.analysis.denoising import noisy_pairs
from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.random import generator
from scorelet.data import from_unit
from scorelet.models import (
    Denoiser,
    EnergyDenoiser,
    GaussianMixtureDenoiser,
    Locality,
    ShiftedDenoiser,
    TurnedDenoiser,
)
from scorelet.tasks.denoise import DenoiseSettings, denoise_files
from scorelet.tasks.evaluate import evaluate, measure

pytestmark = pytest.mark.usefixtures("float32")


def test_files_that_are_no_pictures_are_counted_and_named(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(24, 24))
    (tmp_path / "b.jxl").write_bytes(b"")
    (tmp_path / "c.gif").write_bytes(b"")
    (said,) = evaluate(tmp_path, model=model, sigmas=[25.0])["warnings"]
    assert said == (
        f"in {tmp_path}, 2 files are of no kind that is read: 1 .jxl, 1 .gif (b.jxl, c.gif)"
    )


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


def test_the_part_test_of_a_labelled_file_is_measured_as_a_folder_of_its_pictures(tmp_path, model):
    x = np.stack([noisy(16, 16, 1, seed=k) for k in range(3)])
    np.savez(tmp_path / "set.npz", x_test=x, y_test=np.arange(3) % 2, x_train=x[:1], y_train=[0])
    for k, pixels in enumerate(x):
        write_png(tmp_path / "folder" / f"{k}.png", pixels)
    for options in ({}, {"limit": 2}, {"channels": 3}):
        found, expected = (
            evaluate(tmp_path / name, model=model, sigmas=[25.0], **options)
            for name in ("set.npz", "folder")
        )
        assert {**found, "data": ""} == {**expected, "data": ""}
    with pytest.raises(InputError, match=r"and those of .*set\.npz have none: leave"):
        evaluate(tmp_path / "set.npz", model=model, cond=tmp_path / "folder")


def test_the_part_test_of_a_folder_of_classes_is_measured_alone(tmp_path, model):
    """With the conditions of that part; a folder without both parts is one of pictures."""
    for k, name in enumerate(["train/a/0", "train/b/1", "test/a/2", "test/b/3"]):
        write_png(tmp_path / "set" / f"{name}.png", noisy(16, 16, 1, seed=k))
    found, expected, loose = (
        evaluate(tmp_path / name, model=model, sigmas=[25.0])
        for name in ("set", "set/test", "set/train/a")
    )
    assert {**found, "data": ""} == {**expected, "data": ""}
    assert (found["pictures"], loose["pictures"]) == (2, 1)
    told, same = (
        evaluate(tmp_path / name, model=Blend(), sigmas=[25.0], cond=tmp_path / name)
        for name in ("set", "set/test")
    )
    assert told["rows"] == same["rows"]
    shutil.rmtree(tmp_path / "set" / "train" / "a")
    (tmp_path / "set" / "train" / "b").rename(tmp_path / "set" / "b")
    assert evaluate(tmp_path / "set", model=model, sigmas=[25.0])["pictures"] == 3


def test_each_picture_at_each_level_is_told(tmp_path, model):
    for name in "abc":
        write_png(tmp_path / f"{name}.png", noisy(16, 16))
    told = []
    evaluate(tmp_path, model=model, sigmas=[25.0, 50.0], progress=lambda *step: told.append(step))
    assert told == [(done, 6) for done in range(1, 7)]


def test_pictures_beyond_the_limit_are_not_read(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(16, 16))
    (tmp_path / "b.png").write_text("broken")
    assert evaluate(tmp_path, model=model, sigmas=[25.0], limit=1)["pictures"] == 1
    found = evaluate(tmp_path, model=model, sigmas=[25.0], limit=2)
    assert (found["pictures"], len(found["warnings"])) == (1, 1)


def test_pictures_that_cannot_be_used_are_left_out_and_named(tmp_path, model):
    """As if they were not there; a picture that is named itself, or has a condition, is refused."""
    for name in ("b.png", "d.png"):
        write_png(tmp_path / name, noisy(16, 16, 1))
    alone = evaluate(tmp_path, model=model, sigmas=[25.0])
    for name in ("a.png", "c.png"):
        (tmp_path / name).write_text("broken")
    found = evaluate(tmp_path, model=model, sigmas=[25.0])
    (said,) = found.pop("warnings")
    folder = tmp_path.name
    assert said.startswith(
        f"2 of 4 pictures were left out ({folder}/a.png, {folder}/c.png): {tmp_path / 'a.png'} is "
    )
    assert {name: alone[name] for name in found} == found
    first = evaluate(tmp_path, model=model, sigmas=[25.0], limit=1)
    assert first["warnings"][0].startswith("1 of 4 pictures was left out")
    with pytest.raises(ImageFileError, match=r"a\.png is not a picture"):
        evaluate(tmp_path / "a.png", model=model, sigmas=[25.0])
    with pytest.raises(ImageFileError, match=r"a\.png is not a picture"):
        evaluate(tmp_path, model=Blend(), sigmas=[25.0], cond=tmp_path)
    for name in ("b.png", "d.png"):
        (tmp_path / name).unlink()
    with pytest.raises(InputError, match=r"no picture that can be used \(2 files tried\)"):
        evaluate(tmp_path, model=model, sigmas=[25.0])


def test_one_picture_may_be_named_itself(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(16, 16))
    write_png(tmp_path / "other" / "b.png", noisy(20, 20, 1))
    alone = evaluate(tmp_path / "a.png", model=model, sigmas=[25.0])
    assert (alone["pictures"], alone["channels"]) == (1, 3)
    assert alone["rows"][0]["psnr_error"] is None
    expected = evaluate(tmp_path, model=model, sigmas=[25.0], limit=1)
    assert alone["rows"] == expected["rows"]


def test_a_self_ensemble_is_measured_as_the_mean_over_turns(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(20, 24, 3))
    options = {"sigmas": [25.0], "channels": 3}
    found = evaluate(tmp_path, model=model, self_ensemble=True, **options)
    expected = evaluate(tmp_path, model=TurnedDenoiser(sl.load(model)), **options)
    assert found["rows"][0]["psnr"] == pytest.approx(expected["rows"][0]["psnr"], abs=1e-4)
    alone = evaluate(tmp_path, model=model, **options)
    assert found["rows"][0]["psnr"] > alone["rows"][0]["psnr"] + 1e-3


@pytest.mark.parametrize("ensemble", [False, True])
def test_a_cascade_is_measured_as_the_denoiser_that_it_is(tmp_path, ensemble):
    """Its self-ensemble is the mean over shifts."""
    write_png(tmp_path / "a.png", noisy(33, 41, 1))
    cascade = zoo.load_as(Denoiser, "faces", verb="denoise").eval()
    found = evaluate(tmp_path, model="faces", sigmas=[25.0], self_ensemble=ensemble)
    same = ShiftedDenoiser(cascade) if ensemble else cascade
    assert found["rows"] == evaluate(tmp_path, model=same, sigmas=[25.0])["rows"]
    (said,) = found["warnings"]
    assert said.startswith("the model learnt pictures of another size: 80x80, and here it is 33x41")


def test_pictures_of_the_size_that_a_model_learnt_are_not_spoken_of(tmp_path):
    for name, shape in (("a", (80, 80)), ("b", (80, 96)), ("c", (80, 80))):
        write_png(tmp_path / f"{name}.png", noisy(*shape, 1))
    (said,) = evaluate(tmp_path, model="faces", sigmas=[25.0])["warnings"]
    assert "80x96 (height x width)" in said
    assert said.endswith("so with 1 of 3 pictures")
    (tmp_path / "b.png").unlink()
    assert evaluate(tmp_path, model="faces", sigmas=[25.0])["warnings"] == []


def test_an_array_file_is_not_taken_for_a_picture(tmp_path, model):
    np.save(tmp_path / "x.npy", np.zeros((3, 16, 16), np.float32))
    with pytest.raises(InputError, match=r"x\.npy is an array file: a denoiser is measured on pic"):
        evaluate(tmp_path / "x.npy", model=model)


def test_numbers_that_overflow_are_no_psnr(tmp_path, model, monkeypatch):
    monkeypatch.setenv("SCORELET_DTYPE", "float16")
    tifffile.imwrite(tmp_path / "a.tif", noisy(16, 16, 1, dtype="float32")[..., 0])
    with pytest.raises(InputError, match="SCORELET_DTYPE=float32"):
        evaluate(tmp_path, model=model, sigmas=[1e9])


@pytest.mark.parametrize(("unit", "origin"), [(255, 0), (1e6, 0), (2, -1), (0.5, -0.2)])
def test_floats_in_another_unit_are_left_out_and_named(tmp_path, model, unit, origin):
    """Noise levels are those of pictures from 0 to 1."""
    floats = noisy(16, 16, 1, dtype="float32")[..., 0]
    tifffile.imwrite(tmp_path / "b.tif", 1.05 * floats.clip(0, 1))
    alone = evaluate(tmp_path, model=model, sigmas=[25.0])
    tifffile.imwrite(tmp_path / "a.tif", unit * floats + origin)
    found = evaluate(tmp_path, model=model, sigmas=[25.0])
    assert found["rows"] == alone["rows"]
    assert "expected 0 to 1" in found["warnings"][0]
    with pytest.raises(ImageFileError, match=r"a\.tif has values from .* expected 0 to 1"):
        evaluate(tmp_path / "a.tif", model=model, sigmas=[25.0])


@pytest.mark.slow
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
    with pytest.raises(InputError, match="The name of the data is empty"):
        evaluate("", model=model)


SHAPE = (1, 12, 12)


def mixture():
    """Two Gaussians about two pictures, in double precision."""
    means = torch.rand(2, *SHAPE, generator=generator(3), dtype=torch.float64)
    parts = torch.tensor([[0.4, 0.6], [0.002, 0.001]], dtype=torch.float64)
    return GaussianMixtureDenoiser(parts[0], means, parts[1])


@pytest.fixture
def drawn(tmp_path):
    """A folder of pictures that the mixture has drawn."""
    pictures = mixture().sample(3, rng=generator(4)).clamp(0, 1)[:, 0]
    for k, picture in enumerate(pictures.float().numpy()):
        tifffile.imwrite(tmp_path / f"{k}.tif", picture)
    return tmp_path


def test_a_denoiser_that_needs_the_noise_level_is_told_it(drawn, tmp_path):
    """What comes back is the exact posterior mean, of the level of each row."""
    path = tmp_path / "mixture.safetensors"
    sl.save(mixture(), path)
    result = evaluate(drawn, model=path, sigmas=[10.0, 40.0])
    assert (result["model"], result["pictures"], result["channels"]) == (str(path), 3, 1)
    assert result["dtype"] == "float64"  # of what ran: nothing of a mixture is cast
    pictures = [tifffile.imread(drawn / f"{k}.tif")[..., None] for k in range(3)]
    for row in result["rows"]:
        decibels = []
        for clean, noisy_one in noisy_pairs(pictures, row["sigma"]):
            exact = mixture()(noisy_one.double(), row["sigma"] / 255).clamp(0, 1)
            decibels.append(-10 * float((exact - clean).square().mean().log10()))
        assert row["psnr"] == pytest.approx(np.mean(decibels), abs=1e-3)  # single precision
        assert row["psnr"] > 20 * math.log10(255 / row["sigma"]) + 2  # it takes noise out
    with pytest.raises(InputError, match="sigma must be finite and positive"):
        evaluate(drawn, model=path, sigmas=[0.0])


def test_a_denoiser_that_is_a_gradient_of_an_energy_is_one(drawn):
    """Where whole pictures run without gradients, torch.func still takes its own."""
    exact = evaluate(drawn, model=mixture(), sigmas=[10.0, 40.0])
    energy = EnergyDenoiser(lambda y, sigma: -mixture().log_density(y, sigma))
    slope = evaluate(drawn, model=energy, sigmas=[10.0, 40.0])
    assert (exact["model"], slope["model"]) == ("GaussianMixtureDenoiser", "EnergyDenoiser")
    for row, other in zip(slope["rows"], exact["rows"], strict=True):
        assert row["psnr"] == pytest.approx(other["psnr"], abs=1e-3)  # single precision


class Told(Denoiser):
    """Takes a picture for the gray of its label."""

    blind, labels = True, 5

    def _denoise(self, y, sigma, cond, label):
        return y if label is None else (label / 4).to(y)[:, None, None, None].expand_as(y)


def test_a_label_reaches_the_denoiser(tmp_path):
    write_png(tmp_path / "a.png", np.full((16, 16, 1), 255, np.uint8))
    white, black = (
        evaluate(tmp_path, model=Told(), sigmas=[25.0], label=label)["rows"][0]["psnr"]
        for label in (4, 0)
    )
    assert (white, black) == (math.inf, 0.0)
    with pytest.raises(InputError, match="label is 5: this model has classes 0 to 4"):
        evaluate(tmp_path, model=Told(), label=5)
    with pytest.raises(InputError, match="knows no classes"):
        evaluate(tmp_path, model=Identity(), label=0)


class Constant:
    """No nn.Module, and nothing that the package knows."""


def test_a_class_of_ones_own_is_measured_by_a_function_of_ones_own(tmp_path):
    with pytest.raises(InputError, match="A Constant cannot be evaluated: register a function"):
        evaluate(tmp_path, model=Constant())

    @measure.register
    def _(model: Constant, data, settings):
        return {"figure": 3.5, "figure_error": 0.5, "limit": settings.limit}

    assert evaluate(tmp_path, model=Constant(), limit=2) == {
        "model": "Constant",
        "data": str(tmp_path),
        "figure": 3.5,
        "figure_error": 0.5,
        "limit": 2,
    }


class Blend(Denoiser):
    """The mean of a picture and its condition."""

    blind, conditional, locality = True, True, Locality(receptive_radius=0)

    def _denoise(self, y, sigma, cond, label):
        return y if cond is None else (y + cond) / 2


@pytest.mark.slow
def test_the_dtype_is_that_of_what_ran(tmp_path, model):
    """`dtype` is of the networks that are cast; other denoisers compute in that of their images."""
    path = write_png(tmp_path / "a.png", noisy(*SHAPE[1:], 1))
    for denoiser, asked, ran in (
        (model, "bfloat16", "bfloat16"),
        (model, "float32", "float32"),
        (Blend(), "bfloat16", "float32"),
        (mixture(), "bfloat16", "float64"),
    ):
        result = evaluate(path, model=denoiser, sigmas=[5.0], dtype=asked)
        assert result["dtype"] == ran
        settings = DenoiseSettings(denoiser, dtype=asked)
        (done,) = denoise_files([path], tmp_path / f"{asked}-{ran}.png", settings=settings)
        assert done.report["convolutions_in"] == ran


@pytest.mark.slow
def test_each_picture_is_told_its_own_condition(tmp_path):
    """With the picture itself as condition the noise is halved: 6.02 dB, also by tiles."""
    for k in range(3):
        pixels = np.full((40, 30 + k, 3), 100 + 20 * k, np.uint8)
        for folder in ("data", "told"):
            write_png(tmp_path / folder / "in" / f"{k}.png", pixels)
    blind = evaluate(tmp_path / "data", model=Blend(), sigmas=[5.0])["rows"][0]["psnr"]
    for tile in ("auto", 16):
        told = evaluate(
            tmp_path / "data", model=Blend(), sigmas=[5.0], cond=tmp_path / "told", tile=tile
        )
        assert told["rows"][0]["psnr"] == pytest.approx(blind + 20 * math.log10(2), abs=1e-4)
    one = tmp_path / "data" / "in" / "1.png"
    alone = evaluate(one, model=Blend(), sigmas=[5.0], cond=tmp_path / "told" / "in" / "1.png")
    same = evaluate(one, model=Blend(), sigmas=[5.0], cond=tmp_path / "told" / "in")
    assert alone["rows"] == same["rows"]


def test_conditions_that_do_not_fit_are_one_sentence(tmp_path):
    one, two = write_png(tmp_path / "data" / "a.png", noisy(9, 8)), tmp_path / "told"
    write_png(tmp_path / "data" / "b.png", noisy(9, 8))
    write_png(two / "a.png", noisy(9, 7))
    faults = [
        (tmp_path / "data", two, "has no condition for b: give a picture of the same name"),
        (tmp_path / "data", one, "is one picture and .* a folder: give a folder of conditions"),
        (one, two, "Condition 0 of .* is 9x7 and its picture 9x8"),
        (one, tmp_path / "none", "none"),
    ]
    for data, cond, words in faults:
        with pytest.raises(InputError, match=words):
            evaluate(data, model=Blend(), cond=cond)
    with pytest.raises(InputError, match="This denoiser takes no condition"):
        evaluate(one, model=Identity(), cond=one)
