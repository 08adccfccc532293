"""The recipe local_multiscale: its controls are closed forms, its parts do what they say."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scorelet.analysis.memorization import wiener_filter
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import Denoiser, StationaryGaussianDenoiser
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.guided import ToldGuidedDenoiser
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.shifted import ShiftedDenoiser
from scorelet.models.windowed import WindowedGaussianDenoiser
from scorelet.networks import BFCNN
from scorelet.recipes.claims import Measured
from scorelet.recipes.power_laws import power_law
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.local_multiscale import _curves, _of_curves, _of_spectra, _Run
from scorelet.recipes.subjects.local_multiscale.claims import LEAD, claims
from scorelet.recipes.subjects.local_multiscale.curves import (
    LOW,
    OVER_SHIFTS,
    WIENER,
    baselines,
    filter_of_all,
    psnr_rows,
    table_rows,
)
from scorelet.recipes.subjects.local_multiscale.filters import far_share, filters_at
from scorelet.recipes.subjects.local_multiscale.miniature import exact_psnr, miniature
from scorelet.recipes.subjects.local_multiscale.networks import (
    cascade,
    low_band,
    write_pictures,
)
from scorelet.recipes.subjects.local_multiscale.pictures import load_pictures
from scorelet.recipes.subjects.local_multiscale.samples import (
    BICUBIC,
    DIFFUSION,
    spectrum_rows,
)
from scorelet.recipes.subjects.local_multiscale.settings import (
    SETTINGS,
    Pictures,
    Sampling,
    spacing,
)

TABLE = {  # p, σ: all pixels; 3, 5, 9, 13 pixels; 1, 3, 5 places at two scales of Haar
    (3.0, 0.05): (28.34, 28.26, 28.34, 28.34, 28.34, 27.39, 28.25, 28.25),
    (3.0, 0.1): (24.75, 24.74, 24.74, 24.74, 24.75, 23.32, 24.55, 24.55),
    (3.0, 0.3): (20.36, 19.15, 20.23, 20.35, 20.35, 18.98, 20.04, 20.05),
    (3.0, 1.0): (16.36, 13.77, 15.00, 16.11, 16.31, 15.83, 16.19, 16.19),
    (3.0, 2.0): (14.38, 12.67, 13.16, 13.91, 14.23, 14.16, 14.29, 14.30),
    (2.0, 0.3): (16.79, 16.60, 16.77, 16.79, 16.79, 16.22, 16.65, 16.65),
    (2.0, 1.0): (13.89, 13.14, 13.53, 13.82, 13.87, 13.65, 13.79, 13.80),
}


@pytest.mark.slow
def test_the_miniature_is_the_table_of_closed_forms():
    rows = {(row["exponent"], row["sigma"]): row for row in miniature((2.0, 3.0))}
    names = ["all pixels", *(f"pixels {w}" for w in (3, 5, 9, 13))]
    names += [f"scales {w}" for w in (1, 3, 5)]
    for key, expected in TABLE.items():
        assert [rows[key][name] for name in names] == pytest.approx(expected, abs=0.02), key


def test_the_exact_error_is_that_of_the_whole_matrix():
    """-10 log10 of tr[(M - 1) C (M - 1)ᵀ + σ² M Mᵀ]/d, by all columns."""
    spectrum, sigma, one = power_law(8, 2.0), 0.4, torch.eye(64, dtype=torch.float64)
    model = WindowedGaussianDenoiser(spectrum, 3)
    units = one.reshape(64, 1, 8, 8)
    M = model(units, sigma).flatten(1).T
    C = torch.fft.ifft2(torch.fft.fft2(units) * spectrum).real.flatten(1)
    error = ((M - one) @ C @ (M - one).T + sigma**2 * M @ M.T).trace() / 64
    found = exact_psnr(model, spectrum, sigma)
    assert found == pytest.approx(float(-10 * error.log10()), abs=1e-9)


def test_spacings_give_the_fields_of_their_names():
    for settings in SETTINGS.values():
        depth = settings.training.depth
        for field in settings.fields:
            net = BFCNN(4, width=2, depth=depth, spacing=spacing(field, depth), outputs=3)
            assert 2 * net.receptive_radius + 1 == field


@pytest.mark.parametrize(
    ("scale", "curves", "drawn"), [("smoke", 1, 2), ("small", 1, 3), ("medium", 2, 2)]
)
def test_the_cascade_that_draws_begins_where_the_largest_factor_does(scale, curves, drawn):
    settings = SETTINGS[scale]
    assert (settings.training.levels, settings.drawn_levels) == (curves, drawn)
    assert 2**drawn == max(settings.sampling.factors)


@pytest.mark.parametrize("scale", ["paper", "imagenet"])
def test_published_curves_are_of_160_pixels_and_two_scales_above_40(scale):
    settings = SETTINGS[scale]
    assert (settings.pictures.side, settings.training.levels) == (160, 2)
    assert max(settings.sampling.factors) == 2**settings.training.levels


def test_the_low_band_alone_is_the_cascade_without_details():
    spectrum = power_law(16, 3.0)
    model = gaussian_cascade(spectrum, "haar", 2)
    law = StationaryGaussianDenoiser(spectrum)
    x = law.sample(40, rng=generator(0))
    found = baselines(x, model)
    y = x[:3]
    *_, low = [found[LOW](y, 0.3)]
    blocks = low.unflatten(-2, (-1, 4)).unflatten(-1, (-1, 4))
    assert float(blocks.var((-3, -1)).max()) < 1e-20
    (coarse, *_) = MultiscaleDenoiser(model).scales(y, torch.full((3,), 0.3).double())
    torch.testing.assert_close(blocks.mean((-3, -1)), coarse / 4)
    rows = psnr_rows(found[WIENER], x, [0, 10], 0)
    assert [len(row) for row in rows] == [40, 40]
    table = table_rows({"filter": rows}, [0, 10])
    assert table[1]["output"] == pytest.approx(np.mean(rows[1]), abs=1e-3)
    assert table[1]["error"] == pytest.approx(np.std(rows[1], ddof=1) / 40**0.5, abs=1e-3)


def test_the_filter_of_all_pixels_is_the_best_linear_one_of_their_law():
    """Of a law that differs from place to place: σ² tr C (C + σ²)^-1/d, where WIENER is worse."""
    spectrum, window = power_law(8, 2.0), torch.tensor([1.0, 1, 3, 6, 6, 3, 1, 1]).double()
    x = window * StationaryGaussianDenoiser(spectrum).sample(9000, rng=generator(0))
    units = torch.eye(64, dtype=torch.float64).reshape(64, 1, 8, 8)
    columns = torch.fft.ifft2(torch.fft.fft2(units * window) * spectrum).real * window
    C = columns.flatten(1)
    optimum = float(torch.linalg.solve(C + torch.eye(64), C).trace() / 64)
    errors = [
        np.mean(10 ** (-np.array(psnr_rows(model, x[8000:], [0], 0)) / 10))
        for model in (filter_of_all(x[:8000]), wiener_filter(x[:8000]))
    ]
    assert errors[0] == pytest.approx(optimum, rel=0.05)
    assert errors[1] > 1.15 * optimum


def test_cascades_differ_in_their_details_alone(tmp_path):
    settings = replace(SETTINGS["smoke"], pictures=Pictures("c_alpha_regular", 16, 40, 10))
    training, steps = replace(settings.training, steps=2, finest=2), Steps(tmp_path, quiet=True)
    write_pictures(tmp_path, load_pictures(settings.pictures, 0))
    low = low_band(training, 5, 16, 0, steps)
    one, two = (cascade(training, field, 16, 0, steps, low)[0] for field in (5, 13))
    y = torch.rand(2, 1, 8, 8, generator=generator(0))
    with torch.no_grad():
        assert torch.equal(one.coarse(y, 0.3), two.coarse(y, 0.3))
    assert isinstance(one.coarse, ToldGuidedDenoiser)
    for field in (5, 13):
        assert "loss/low" not in (tmp_path / f"scales-{field}-of-1" / "log.jsonl").read_text()
    other, _ = cascade(replace(training, levels=2, low="published"), 5, 16, 0, steps)
    assert isinstance(other.coarse.network, BFCNN)


def test_the_mean_over_shifts_is_a_curve_of_its_own():
    spectrum = power_law(16, 3.0)
    law, model = StationaryGaussianDenoiser(spectrum), gaussian_cascade(spectrum, "haar", 1)
    settings = replace(SETTINGS["smoke"], fields=(5,))
    x = law.sample(20, rng=generator(0))
    work = object.__new__(_Run)  # trained by nobody
    work.settings, work.seed, work.place = settings, 0, torch.device("cpu")
    work.train = work.test = x
    work.everything = x.permute(0, 2, 3, 1).numpy()
    work.flat, work.cascades = {5: law}, {5: model}
    work.steps = lambda _, measure: measure()
    curves, plain = _curves(work), MultiscaleDenoiser(model)
    for name, denoiser in (
        (f"scales 5 {OVER_SHIFTS}", ShiftedDenoiser(plain)),
        ("scales 5", plain),
    ):
        assert curves[name] == psnr_rows(denoiser, x, settings.decibels, 0)
    assert curves[f"scales 5 {OVER_SHIFTS}"] != curves["scales 5"]


class Box(Denoiser):
    """The mean of 3x3 pixels, on a torus."""

    blind = True

    def _denoise(self, y, sigma, cond, label):
        return sum(y.roll((i, j), (2, 3)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9


def test_filters_are_rows_of_the_jacobian():
    y, places = torch.zeros(1, 1, 8, 8), [(4, 4), (2, 5)]
    rows = filters_at(Box(), y, 0.1, places)
    expected = torch.zeros(2, 8, 8)
    expected[0, 3:6, 3:6] = expected[1, 1:4, 4:7] = 1 / 9
    torch.testing.assert_close(rows, expected)
    assert far_share(rows, places, 1) == pytest.approx(0, abs=1e-6)
    assert far_share(rows, places, 0) == pytest.approx(8 / 9, abs=1e-6)


def test_power_by_band_is_that_of_the_pictures():
    """Half the amplitude is a quarter of the power in all bands; errors are those of pairs."""
    x = torch.rand(50, 1, 16, 16, generator=generator(0))
    rows = spectrum_rows({DIFFUSION: 0.5 * x, BICUBIC: x}, x, 4)
    assert [row["ratio"] for row in rows] == pytest.approx([0.25] * 4 + [1.0] * 4, abs=1e-4)
    assert max(row["error"] for row in rows) < 1e-4
    assert (rows[0]["from"], rows[3]["to"]) == (2.0, 8.0)
    found = _of_spectra(rows, 4)
    assert found["spectrum 4"].value == pytest.approx(0.75, abs=1e-4)
    assert found["bicubic 4"].value == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", ["far share", "over the low band"])
def test_networks_that_learned_nothing_decide_nothing(name):
    (claim,) = [c for c in claims("small", SETTINGS["small"]) if c.of == name]
    measured = {name: Measured(0.3), LEAD: Measured(-3.0)}
    assert not claim.judge(measured)["holds"]
    assert claim.judge(measured | {LEAD: Measured(0.5)})["holds"]


def test_differences_are_of_pairs():
    small = SETTINGS["small"]
    base = torch.rand(len(small.decibels), 30, generator=generator(0)).tolist()

    def shifted(by):
        return [[value + by for value in row] for row in base]

    curves = {f"{kind} {f}": base for kind in ("flat", "scales") for f in small.fields}
    curves |= {
        "flat 13": shifted(3.0),
        "scales 9": shifted(2.5),
        "scales 5": shifted(-0.4),
        f"scales 9 {OVER_SHIFTS}": shifted(2.75),
        LOW: shifted(2.0),
    }
    found = _of_curves(curves | {WIENER: shifted(-1.0)}, small)
    assert found["lead at strong noise"].value == pytest.approx(2.5)
    assert found["what fields are worth"].value == pytest.approx(3.0 - 0.4)
    assert found["lead at strong noise"].error == pytest.approx(0, abs=1e-9)
    assert found["loss at weak noise"].value == pytest.approx(-2.5)
    assert found["loss of the mean"].value == pytest.approx(-2.75)
    assert found["spread of fields"].value == pytest.approx(0.4)
    assert found["over the low band"].value == pytest.approx(0.5)


def test_parts_of_pictures_have_none_in_common_and_enough():
    wanted = Pictures("c_alpha_regular", 16, 20, 6)
    parts = load_pictures(wanted, 0)
    assert [parts[name].shape for name in ("train", "test")] == [(20, 16, 16, 1), (6, 16, 16, 1)]
    every = np.concatenate([*parts.values()]).reshape(26, -1)
    assert len(np.unique(every, axis=0)) == 26


def test_a_folder_of_pictures_is_cut_into_parts(tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.setenv("SCORELET_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "celeba-hq").mkdir()
    for k in range(6):
        pixels = np.full((20, 20, 3), 10 * k, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "celeba-hq" / f"{k}.png")
    parts = load_pictures(Pictures("celeba-hq", 16, 4, 2), 0)
    assert parts["train"].shape == (4, 16, 16, 1)
    assert parts["test"][:, 0, 0, 0].tolist() == [40, 50]
    with pytest.raises(InputError, match="3 pictures to learn from and 3 others: 9 and 3"):
        load_pictures(Pictures("celeba-hq", 16, 9, 3), 0)


def test_what_is_claimed_at_each_scale_follows_its_settings():
    small = {claim.of for claim in claims("small", SETTINGS["small"])}
    smoke = {claim.of for claim in claims("smoke", SETTINGS["smoke"])}
    assert smoke <= small
    assert {
        "spectrum 4",
        "spectrum 8",
        "memory",
        "against the largest",
        "loss at weak noise",
    } <= small - smoke
    for settings in SETTINGS.values():
        assert settings.sampling.field in settings.fields
        assert {5, 13} <= set(settings.fields)
        assert {-6, 30} <= set(settings.decibels)
    fewer = replace(SETTINGS["small"], sampling=Sampling(9, (4,), 8))
    assert "spectrum 8" not in {claim.of for claim in claims("small", fewer)}
