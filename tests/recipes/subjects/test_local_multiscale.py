"""The recipe local_multiscale: its controls are closed forms, its parts do what they say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from scorelet.analysis.memorization import wiener_filter
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import Denoiser, StationaryGaussianDenoiser
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.guided import ToldGuidedDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.shifted import ShiftedDenoiser
from scorelet.models.windowed import WindowedGaussianDenoiser
from scorelet.networks import BFCNN
from scorelet.recipes.claims import Measured
from scorelet.recipes.power_laws import power_law
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.local_multiscale import _curves, _of_curves, _of_spectra, _Run
from scorelet.recipes.subjects.local_multiscale.claims import claims, learned
from scorelet.recipes.subjects.local_multiscale.curves import (
    ALL_PIXELS,
    GUIDED,
    LOW,
    OVER_SHIFTS,
    WIENER,
    baselines,
    filter_of_all,
    level_shown,
    linear,
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
    enlarge,
    memory,
    nearer_than_most,
    off_by,
    spectrum_rows,
)
from scorelet.recipes.subjects.local_multiscale.settings import (
    SETTINGS,
    Pictures,
    Sampling,
    spacing,
)
from scorelet.recipes.subjects.local_multiscale.told_details import (
    linear_estimate,
    linear_filters,
    told_share,
)
from scorelet.recipes.subjects.local_multiscale.windows import WindowFilter
from scorelet.training.multiscale import Part
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan
from scorelet.wavelets.orthogonal.packets import WaveletPacket

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
    found = baselines(x, model, [])
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
    work.flat, work.cascades, work.controls = {5: law}, {5: model}, {}
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


def test_the_worst_band_decides_and_its_error_counts():
    """What is 0.1 off and hardly known is worse than what is 0.2 off and known."""
    far = {"method": DIFFUSION, "ratio": 0.8, "error": 0.0}
    unsure = {"method": DIFFUSION, "ratio": 1.1, "error": 0.2}
    cubic = [{"method": BICUBIC, "ratio": ratio, "error": 0.0} for ratio in (0.16, 0.01)]
    found = _of_spectra([far, unsure, *cubic], 4)
    assert (found["spectrum 4"].value, found["spectrum 4"].error) == (pytest.approx(0.1), 0.2)
    assert found["bicubic 4"].value == 0.16


def test_flat_networks_that_learned_less_than_a_linear_filter_decide_nothing():
    known = learned(9, -6)
    (claim,) = [c for c in claims("small", SETTINGS["small"]) if c.of == "lead at strong noise"]
    measured = {claim.of: Measured(2.3), known: Measured(-0.2)}
    assert not claim.judge(measured)["holds"]
    assert claim.judge(measured | {known: Measured(0.5)})["holds"]


def test_details_of_nothing_have_no_receptive_field():
    for name, value in (("spread of fields", 0.0), ("over the low band", 0.0)):
        (claim,) = [c for c in claims("small", SETTINGS["small"]) if c.of == name]
        assert not claim.judge({name: Measured(value), "details": Measured(0.0)})["holds"]
        assert claim.judge({name: Measured(value), "details": Measured(1.5)})["holds"]


def test_differences_are_of_pairs_at_the_levels_of_their_claims():
    """Curves differ by the number of their level, 0 to 7, times what is theirs."""
    small = SETTINGS["small"]
    base = torch.rand(len(small.decibels), 30, generator=generator(0)).tolist()

    def shifted(by):
        """Add `by` at all levels, and a hundredth of the square of the level's number."""
        return [[value + by + k * k / 100 for value in row] for k, row in enumerate(base)]

    curves = {f"{kind} {f}": base for kind in ("flat", "scales") for f in small.fields}
    curves |= {linear(f): base for f in small.fields}
    curves |= {
        "flat 13": shifted(3.0),
        linear(5): shifted(1.0),
        "scales 9": shifted(2.5),
        "scales 5": shifted(-0.4),
        f"scales 9 {OVER_SHIFTS}": shifted(2.75),
        LOW: [[value + 1.0 - k / 10 for value in row] for k, row in enumerate(base)],
        level_shown(9): shifted(0.5),
        GUIDED: shifted(0.25),
        ALL_PIXELS: shifted(0.75),
    }
    found = _of_curves(curves, small)
    assert found["lead at strong noise"].value == pytest.approx(2.5)  # level 0
    assert found["lead at strong noise"].error == pytest.approx(0, abs=1e-9)
    assert found["against the largest"].value == pytest.approx(2.5)
    assert found["against level"].value == pytest.approx(2.0)
    assert found["against guided"].value == pytest.approx(2.25)
    assert found["against linear"].value == pytest.approx(1.75)
    # of 5 pixels the linear filter is better than the flat network
    assert found["what fields are worth"].value == pytest.approx(3.0 - 1.0 - 0.4)
    assert found["loss at weak noise"].value == pytest.approx(-2.5 - 0.49)  # level 7
    assert found["loss of the mean"].value == pytest.approx(-2.75 - 0.49)
    assert found["spread of fields"].value == pytest.approx(0.4 - 0.01)  # levels 1 to 5
    assert found["over the low band"].value == pytest.approx(1.5)  # level 0 of 0 and 1
    assert found["details"].value == pytest.approx(2.5 + 0.25 - 1.0 + 0.5)  # level 5
    assert found[learned(9, -6)].value == pytest.approx(0)
    assert found[learned(43, 30)].value == pytest.approx(0)


def test_what_can_be_trained_beside_depends_on_the_size():
    small = SETTINGS["small"]
    assert small.has_controls
    assert small.linear_of_all
    assert not SETTINGS["medium"].linear_of_all
    assert not SETTINGS["paper"].has_controls
    blind = replace(small, training=replace(small.training, form="residual"))
    assert not blind.has_controls


def test_window_filters_are_the_best_linear_ones_of_a_law():
    """Far from the border: error σ² k(0), with C k = c, of white noise that is seen through 3x3."""
    law, sigma = StationaryGaussianDenoiser(power_law(64, 2.0)), 0.7
    x = 0.5 + law.sample(400, rng=generator(0))
    model = WindowFilter(x, 3)
    noise = sigma * torch.randn(x.shape, generator=generator(1), dtype=x.dtype)
    error = (model(x + noise, sigma) - x)[..., 4:-4, 4:-4].square().mean()
    C = torch.fft.ifft2(power_law(64, 2.0)).real
    places = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    apart = places[:, None] - places
    kernel = torch.linalg.solve(
        C[apart[..., 0], apart[..., 1]] + sigma**2 * torch.eye(9),
        C[places[:, 0] - 1, places[:, 1] - 1],
    )
    assert float(error) == pytest.approx(sigma**2 * float(kernel[4]), rel=0.02)


def test_window_filters_see_their_window_and_nothing_beyond_the_border():
    x = torch.rand(50, 1, 8, 8, generator=generator(0), dtype=torch.float64)
    model, y = WindowFilter(x, 3), torch.rand(1, 1, 8, 8, generator=generator(1)).double()
    other = y.clone()
    other[..., 5:] += 1.0
    torch.testing.assert_close(model(y, 0.5)[..., :4], model(other, 0.5)[..., :4])
    assert not torch.allclose(model(y, 0.5)[..., 4], model(other, 0.5)[..., 4])
    mean = torch.full((1, 1, 8, 8), model.mean, dtype=torch.float64)
    torch.testing.assert_close(model(mean, 0.5), mean)


class FromLow(Denoiser):
    """Twice the low band for each of three details; a clean picture is never seen."""

    conditional = True

    def _denoise(self, y, sigma, cond, label):
        return 2 * cond.expand_as(y)


class Details(Denoiser):
    """A low band, as it is."""

    blind = True

    def _denoise(self, y, sigma, cond, label):
        return y


def test_what_is_told_of_details():
    """Details that are half noise of their own, half the low band: half is known at most."""
    transform = WaveletPacket("haar", PacketPlan.wavelet(1))
    rng = generator(0)
    low = torch.randn(60, 1, 8, 8, generator=rng)
    own = torch.randn(60, 3, 8, 8, generator=rng)
    x = transform.synthesize((low, ((2 * low + 2 * own)[:, None],)))
    model = Multiscale(transform, Details(), [FromLow()], record={"sigma": [[0.1, 1], [0.1, 1e-3]]})
    found = told_share(model, x[:40], x[40:], 1, 0)
    assert found["told"] == pytest.approx(0.5, abs=0.03)
    assert found["not told"] == pytest.approx(0.0, abs=1e-6)
    assert found["linear"] == pytest.approx(1.0, abs=0.01)  # hardly any noise: it sees details
    model.record["sigma"][1][1] = 1e3
    found = told_share(model, x[:40], x[40:], 1, 0)
    assert found["linear"] == pytest.approx(0.5, abs=0.03)  # as much as the low band tells


def test_linear_estimates_see_their_window():
    """Details are the low band of the place to the right: a window of 1 knows nothing of it."""
    low = torch.randn(80, 1, 6, 6, generator=generator(0))
    details = F.pad(low, (0, 1))[..., 1:].expand(-1, 3, -1, -1)
    part = Part(Details(), details, low)
    for window, known in ((1, 0.0), (3, 1.0)):
        filters = linear_filters([part], 1e3, window)
        found = linear_estimate(filters, torch.zeros_like(details), low, window)
        share = 1 - float((found - details).square().sum() / details.square().sum())
        assert share == pytest.approx(known, abs=0.03)


def test_memory_counts_copies_and_their_mirror_images():
    train = torch.rand(30, 1, 8, 8, generator=generator(0))
    test = torch.rand(40, 1, 8, 8, generator=generator(1))
    new = torch.rand(400, 1, 8, 8, generator=generator(2))
    for samples, least, largest in (
        (train.flip(-1), 1.0, 1.0),
        (train, 1.0, 1.0),
        (new, 0.0, 0.15),
    ):
        cosines, _ = memory(samples, train, test)
        found = nearer_than_most(cosines)
        assert least <= found.value <= largest
    assert found.error == pytest.approx((found.value * (1 - found.value) / 400) ** 0.5)


def test_block_means_are_compared_block_by_block():
    x = torch.rand(3, 1, 8, 8, generator=generator(0))
    other = x.clone()
    other[1, 0, 2, 3] += 0.16
    assert off_by(other, x, 4) == pytest.approx(0.01)
    assert off_by(other.roll(1, 0), x, 4) > 0.01


def test_enlarged_pictures_have_the_block_means_given_and_their_power():
    """Of Gaussian fields, whose cascade is exact: block means are given, power is theirs."""
    spectrum = power_law(16, 2.0)
    law, model = StationaryGaussianDenoiser(spectrum), gaussian_cascade(spectrum, "haar", 2)
    model.record["sigma"] = [[0.01, 30.0]] * 3
    x = law.sample(200, rng=generator(0))
    found = enlarge(model, x, 4, Sampling(5, (4,), 200, steps=40), 0)
    assert off_by(found[DIFFUSION], x, 4) < 1e-10
    rows = [r for r in spectrum_rows(found, x, 4) if r["method"] == DIFFUSION]
    assert [row["ratio"] for row in rows] == pytest.approx([1.0] * 4, abs=0.1)


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
