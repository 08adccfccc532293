"""Denoisers on pictures with noise of known levels: figures, conditions, labels, dtypes."""

import math

import numpy as np
import pytest
import tifffile
import torch

import scorelet as sl
from samples import Blend, Identity, noisy, waves, write_png
from scorelet.analysis.denoising import noisy_pairs
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.data import from_unit
from scorelet.models import (
    Denoiser,
    EnergyDenoiser,
    GaussianMixtureDenoiser,
    TurnedDenoiser,
)
from scorelet.tasks.denoise import DenoiseSettings, denoise_files
from scorelet.tasks.evaluate import evaluate

pytestmark = pytest.mark.usefixtures("float32")


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


def test_each_picture_at_each_level_is_told(tmp_path, model):
    for name in "abc":
        write_png(tmp_path / f"{name}.png", noisy(16, 16))
    told = []
    evaluate(tmp_path, model=model, sigmas=[25.0, 50.0], progress=lambda *step: told.append(step))
    assert told == [(done, 6) for done in range(1, 7)]


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


def test_numbers_that_overflow_are_no_psnr(tmp_path, model, monkeypatch):
    monkeypatch.setenv("SCORELET_DTYPE", "float16")
    tifffile.imwrite(tmp_path / "a.tif", noisy(16, 16, 1, dtype="float32")[..., 0])
    with pytest.raises(InputError, match="SCORELET_DTYPE=float32"):
        evaluate(tmp_path, model=model, sigmas=[1e9])


@pytest.mark.parametrize(
    ("options", "words"),
    [({"channels": 2}, "channels is 2"), ({"limit": 0}, "limit is 0"), ({"limit": -1}, "limit is")],
)
def test_what_cannot_be_measured(tmp_path, model, options, words):
    write_png(tmp_path / "a.png", noisy(16, 16))
    with pytest.raises(InputError, match=words):
        evaluate(tmp_path, model=model, **options)


def test_a_self_ensemble_is_measured_as_the_mean_over_turns(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(20, 24, 3))
    options = {"sigmas": [25.0], "channels": 3}
    found = evaluate(tmp_path, model=model, self_ensemble=True, **options)
    expected = evaluate(tmp_path, model=TurnedDenoiser(sl.load(model)), **options)
    assert found["rows"][0]["psnr"] == pytest.approx(expected["rows"][0]["psnr"], abs=1e-4)
    alone = evaluate(tmp_path, model=model, **options)
    assert found["rows"][0]["psnr"] > alone["rows"][0]["psnr"] + 1e-3


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
