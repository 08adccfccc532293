"""What real maps need: gaps, borders, logarithms; strange values are said; kills lose nothing."""

import signal
import subprocess
import sys
import time
import warnings
from dataclasses import asdict

import numpy as np
import pytest
import torch

import scorelet as sl
from field_samples import gaussian, smooth_power
from scorelet.analysis.field_statistics import NotPeriodicWarning, power_spectrum
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.data.fields.pointwise import QuantileMatched
from scorelet.data.fields.prewhitening import prewhitening_of
from scorelet.data.fields.source import FieldsInMemory
from scorelet.tasks.field_model.census import FieldWarning, take_census
from scorelet.tasks.field_model.field_powers import powers_of_fields
from scorelet.tasks.field_model.fields import as_fields
from scorelet.tasks.field_model.likeness import unlike_fields
from scorelet.tasks.field_model.preparation import Preparation, choose_preparation
from scorelet.tasks.field_model.prepared import PreparedFields
from scorelet.tasks.field_model.scale import preparation_of
from scorelet.tasks.field_model.survey import survey_fields

pytestmark = pytest.mark.filterwarnings("ignore:.*moments")  # of fits that are small or without


def fields(count=300, size=8, seed=0):
    return ensemble("lattice_ou", mass=1.0, coupling=0.2).sample(count, size, seed)[:, 0]


def small(**options):
    return sl.FieldModel("haar", knots=4, reach=1, steps=20, **options)


@pytest.fixture(scope="module")
def fitted():
    return small().fit(fields())


@pytest.mark.slow
def test_masked_pixels_are_filled_and_said():
    x = fields().numpy()
    x[np.random.default_rng(0).random(x.shape) < 0.1] = np.nan
    model = small().fit(x)
    assert any("masked" in text for text in model.record["field"]["remarks"])
    y = model.sample(300)
    assert float(y.std()) == pytest.approx(float(fields().std()), rel=0.05)
    masked = np.ma.masked_invalid(x)
    assert torch.equal(small().fit(masked).sample(2), model.sample(2))


@pytest.mark.slow
def test_fields_that_were_cut_out_are_continued_by_their_mirror_image():
    x = ensemble("power_law", eta=2.5).sample(200, 32, seed=3)[:, 0, :16, :16]
    model = small().fit(x)
    assert model.record["field"]["border"] == "mirror"
    assert any("mirror" in text for text in model.record["field"]["remarks"])
    with pytest.warns(FieldWarning, match="other mean squares"):  # of so short chains
        y = model.sample(50)
    assert y.shape == (50, 16, 16)
    across, inside = (
        (y[..., 0] - y[..., -1]).square().mean(),
        (y[..., 1:] - y[..., :-1]).square().mean(),
    )
    assert float(across) > 2 * float(inside)
    assert small(border="periodic").fit(x).record["field"]["remarks"] == []
    continued = Preparation("mirror").apply(x)
    one, two = (z.double().sort(1).values for z in (continued.flatten(1), x.flatten(1)))
    assert torch.equal(one, two.repeat_interleave(4, 1))  # every pixel four times


@pytest.mark.slow
def test_the_coarsest_field_of_a_mirrored_one_is_its_pixel():
    """The mirror has one octave more than the fields, whose coarse field there has no pixel."""
    model = small(border="mirror", moments=False).fit(fields())
    assert model.model.levels == 4
    assert model.sample(2, coarse=model.coarsen(fields(2), 3)).shape == (2, 8, 8)
    with pytest.raises(InputError, match="octaves=4: this model has 1 to 3"):
        model.coarsen(fields(2), 4)
    with pytest.raises(InputError, match="have 4x4, 2x2, 1x1 pixels"):
        model.sample(1, coarse=np.zeros((1, 5, 5), np.float32))


@pytest.mark.slow
def test_potentials_are_drawn_over_what_they_are_functions_of():
    x = fields().double()
    for transform, label in (("none", "φ (K)"), ("log", "log of φ (K)")):
        model = small(transform=transform, moments=False).fit(x.exp())
        model.record["field"] |= {"name": "φ", "unit": "K"}
        upper = model.plot().axes[: len(model.potentials())]
        assert {axes.get_xlabel() for axes in upper} == {label}


@pytest.mark.slow
def test_fields_that_were_cut_out_are_measured_with_a_window():
    """A filled strip joins opposite sides of samples; those of the data do not meet."""
    assert [Preparation(b).cut_out for b in ("periodic", "mirror", "window")] == [False, True, True]
    x = ensemble("power_law", eta=3.5).sample(100, 128, seed=3)[:, 0, :32, :32]
    filled, power = Preparation("window").apply(x[50:]), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotPeriodicWarning)
        for window in ("none", "hann"):
            one, two = (power_spectrum(y, window=window).values[0] for y in (x[:50], filled))
            power[window] = float((two / one).log().abs().mean())
    assert power["hann"] < 0.2 < 0.5 < power["none"]


def test_periodic_fields_stay_as_they_are():
    x = fields(size=16)
    census = take_census(FieldsInMemory(x))
    found, said = choose_preparation(x, census, border="auto", transform="none")
    assert (found, said) == (Preparation(), [])


@pytest.mark.slow
@pytest.mark.parametrize(("heavy", "count", "taken"), [(False, 30, 0), (True, 5, 5)])
def test_chance_calls_for_no_transform_of_a_map_with_long_waves(heavy, count, taken):
    """Pixels of one Gaussian map are 0.03 and more from normal in two of three; tails are seen."""
    found = []
    for x in ensemble("power_law", eta=3.0).sample(count, 32, seed=1):
        x = (1.5 * x / x.std()).sinh() if heavy else x
        census = take_census(FieldsInMemory(x))
        prepared, _ = choose_preparation(x, census, border="periodic", transform="auto")
        found.append(prepared.transform.name)
    assert found.count("asinh") == taken


@pytest.mark.slow
def test_the_logarithm_is_undone():
    x = fields().exp()
    model = small(transform="log").fit(x)
    y = model.sample(300, seed=1)
    assert float(y.min()) > 0
    assert float(y.log().std()) == pytest.approx(float(x.log().std()), rel=0.05)
    with pytest.raises(InputError, match="no logarithm"):
        small(transform="log").fit(fields())
    with pytest.raises(InputError, match="none, log, asinh"):
        small(transform="sqrt")


@pytest.mark.slow
def test_the_energy_of_positive_fields_is_that_of_their_own_density():
    """x = exp(y) of a Gaussian y: -log p(x) is the energy of z = T(x) less the sum of log T'(x)."""
    y = fields().double()
    model = sl.FieldModel("haar", knots=4, reach=1, steps=2, transform="log").fit(y.exp())
    transform = preparation_of(model.record["field"]).transform
    assert isinstance(transform, QuantileMatched)
    plain = sl.FieldModel("haar", knots=4, reach=1, steps=2).fit(y)
    x = fields(5, seed=1).double().exp()
    wanted = plain.energy(transform.forward(x)) - transform.log_slope(x).sum((1, 2))
    assert torch.allclose(model.energy(x), wanted, rtol=1e-6)


def test_fields_of_one_sign_are_not_even_however_few():
    """Strengths of four fields are so unequal that their mean is within three errors of 0."""
    x = torch.tensor([0.1, 0.2, 0.1, 5.0])[:, None, None] * fields(4).exp()
    for sign in (1, -1):
        source = FieldsInMemory(sign * x)
        prepared = PreparedFields(source, Preparation(), take_census(source))
        assert not survey_fields(prepared, 4).even
        with pytest.raises(InputError, match=r"even fields, .* take their mean away first"):
            survey_fields(prepared, 4, even=True)


@pytest.mark.parametrize("border", ["mirror", "window"])
def test_a_border_needs_pixels_inside(border):
    """Mirrors of 2 x 8 pixels had samples of twenty times their deviation."""
    x = fields(10)[:, :2]
    with pytest.raises(InputError, match=f"2x8 pixels have no inside: a {border} needs"):
        small(border=border).fit(x)


def test_long_doubles_are_doubles():
    x = fields(3).numpy()
    assert as_fields(x.astype(np.longdouble)).equal(torch.from_numpy(x).double())


@pytest.mark.slow
def test_fields_after_a_beam_have_samples_of_their_power_and_their_energy(tmp_path):
    """Powers fall by 10^14 to the corner; without prewhitening they are 10^5 times too large."""
    w = 2 * torch.pi * torch.fft.fftfreq(16, dtype=torch.float64)
    power = torch.exp(-(1.3**2) * (w[:, None] ** 2 + w**2))
    ring = (w[:, None] ** 2 + w**2).mul(16**2 / (2 * torch.pi) ** 2).sqrt().round()

    def worst(model):
        found = torch.fft.fft2(model.sample(200, seed=1).double()).abs().square().mean(0) / 256
        return max(float((found / power)[ring == r].mean().log().abs()) for r in range(1, 9))

    small = {"knots": 4, "reach": 3, "steps": 150, "moments": False}
    model = sl.FieldModel(**small).fit(gaussian(power, 300))
    assert any("amplified before the fit" in text for text in model.record["field"]["remarks"])
    assert worst(model) < 0.2
    with pytest.warns(FieldWarning, match=r"times for waves of \|k\|"):
        assert worst(sl.FieldModel(**small, prewhiten=False).fit(gaussian(power, 300))) > 2
    new = gaussian(power, 100, seed=1)
    exact = (torch.fft.fft2(new).abs().square() / power).sum((1, 2)) / 512
    both = torch.stack([model.energy(new), exact])
    assert float(torch.corrcoef(both)[0, 1]) > 0.96
    assert float(torch.cov(both)[0, 1] / exact.var()) == pytest.approx(1, abs=0.08)
    model.save(tmp_path / "m.safetensors")
    loaded = sl.FieldModel.load(tmp_path / "m.safetensors")
    assert torch.equal(loaded.sample(2), model.sample(2))
    with pytest.raises(InputError, match=r"prewhitened, .* \(--no-prewhiten\)"):
        loaded.coarsen(new, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # parts jump at their border: nothing can be said of power
        assert loaded.sample(50, size=(8, 8)).shape == (50, 8, 8)
    with pytest.raises(InputError, match="far flatter"):
        loaded.sample(2, size=(16, 20))


@pytest.mark.slow
def test_prewhitened_samples_that_are_continued_by_their_mirror_image_are_not_called_off():
    """Their power is right; where they are cut and mirrored they have edges, as no field has."""
    w = 2 * torch.pi * torch.fft.fftfreq(64, dtype=torch.float64)
    x = gaussian(torch.exp(-(1.3**2) * (w[:, None] ** 2 + w**2)), 100)[:, :16, :16]
    model = sl.FieldModel(knots=4, reach=3, steps=100, moments=False, border="mirror").fit(x)
    assert model.record["field"]["prewhitening"]
    steps = model.record["field"]["powers"]["powers"]["steps from row to row"]
    assert steps["mean"] == pytest.approx(float(x[:95].diff(dim=1).square().mean()))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Samples", FieldWarning)
        y = model.sample(50)
    assert float(y.square().mean() / x.square().mean()) == pytest.approx(1, abs=0.3)


def strengths(count, seed):
    """Of each field one number, with heavy tails: a few fields hold most of the power."""
    return torch.randn(count, 1, 1, generator=torch.Generator().manual_seed(seed)).exp()


@pytest.mark.parametrize("transform", ["none", "log"])
@pytest.mark.parametrize(
    ("stripes", "said"), [(0.0, []), (5.0, ["column to column"]), (30.0, ["mean", "column to"])]
)
def test_prewhitened_samples_that_were_cut_are_compared_before_they_are_amplified(
    transform, stripes, said
):
    """Vertical bars in samples, over fields of unequal strength."""
    power = smooth_power(16, 2.0)
    x, y = (gaussian(power, n, seed) * strengths(n, seed) for n, seed in ((24, 0), (60, 1)))
    step = float(x.diff(dim=2).square().mean().sqrt())
    bars = stripes * step * torch.sin(torch.pi * torch.arange(16) / 4)
    filtered = prewhitening_of(torch.cat([x, x.flip(1)], 1), always=True)
    field = {
        "size": [16, 16],
        "border": "mirror",
        "mean": 0.0,
        "deviation": 1.0,
        "transform": transform,
        "prewhitening": asdict(filtered),
    }
    z = y + bars
    samples = z.exp() if transform == "log" else z
    assert unlike_fields(field, samples) == []  # of a model that was saved before
    found = unlike_fields(field | {"powers": powers_of_fields(x)}, samples)
    assert len(found) == bool(said)
    assert all(word in found[0] for word in said)
    assert not any("row to row" in text for text in found)


@pytest.mark.slow
def test_what_is_said_of_prewhitening_is_true():
    """Nobody is told that power falls who has asked for it where it does not."""
    x = torch.randn(60, 8, 8, generator=torch.Generator().manual_seed(0))
    small = {"knots": 4, "reach": 1, "steps": 5, "moments": False, "prewhiten": True}
    remarks = sl.FieldModel("haar", **small).fit(x).record["field"]["remarks"]
    assert any("amplified before the fit" in text for text in remarks)
    assert not any("falls by orders" in text for text in remarks)


@pytest.mark.slow
def test_the_energy_of_prewhitened_positive_fields_is_that_of_their_own_density():
    """x = exp(g): -log p is g' C^-1 g / 2 + sum g. Kinks of matched quantiles made 10^8 of it."""
    w = 2 * torch.pi * torch.fft.fftfreq(16, dtype=torch.float64)
    power = torch.exp(-(1.3**2) * (w[:, None] ** 2 + w**2))
    model = sl.FieldModel(knots=4, reach=3, steps=10, moments=False, transform="log")
    model.fit(gaussian(power, 300).exp())
    assert model.record["field"]["prewhitening"]
    assert model.record["field"]["quantiles"]
    g = gaussian(power, 100, seed=1)
    exact = (torch.fft.fft2(g).abs().square() / power).sum((1, 2)) / 512 + g.sum((1, 2))
    both = torch.stack([model.energy(g.exp()), exact])
    assert float(torch.corrcoef(both)[0, 1]) > 0.95
    assert float(torch.cov(both)[0, 1] / exact.var()) == pytest.approx(1, abs=0.1)
    windowed = sl.FieldModel(knots=4, reach=3, steps=2, moments=False, border="window")
    windowed.fit(gaussian(power, 100))
    with pytest.raises(InputError, match="border='mirror' for energies"):
        windowed.energy(g)


@pytest.mark.slow
@pytest.mark.parametrize("border", ["periodic", "mirror"])
def test_prewhitened_fields_with_heavy_tails_come_back(border):
    """Through an asinh, the filter, and the quantiles of samples: moments are those of fields."""
    k = torch.fft.fftfreq(16, dtype=torch.float64) * 16
    power = torch.exp(-(k[:, None] ** 2 + k**2) / 8)
    x = torch.sinh(1.5 * gaussian(power / power.mean(), 300))
    model = sl.FieldModel(knots=4, reach=3, steps=60, moments=False, border=border, even=True)
    model.fit(x)
    assert model.record["field"]["transform"] == "asinh"
    assert model.record["field"]["prewhitening"]
    assert model.record["field"]["quantiles"]
    y = model.sample(100, seed=1).double()
    for level in (0.02, 0.2, 0.5, 0.8, 0.98):
        one, two = (torch.quantile(z.flatten()[:100000].asinh(), level) for z in (x, y))
        assert float(one) == pytest.approx(float(two), abs=0.25)
    steps = [(z[:, 1:] - z[:, :-1]).asinh().square().mean() for z in (x, y)]
    assert float(steps[1] / steps[0]) == pytest.approx(1, abs=0.25)


@pytest.mark.slow
def test_heavy_tails_are_fitted_through_an_asinh_and_come_back(tmp_path):
    """x = sinh(1.5 y): its excess kurtosis is in no way that of samples without the transform."""
    x = (1.5 * fields(400)).sinh()
    model = small().fit(x)
    assert model.record["field"]["transform"] == "asinh"
    assert any("asinh((x " in text for text in model.record["field"]["remarks"])
    y = model.sample(400, seed=1)
    for level in (0.02, 0.2, 0.5, 0.8, 0.98):
        one, two = (torch.quantile(z.flatten().asinh(), level) for z in (x, y))
        assert float(one) == pytest.approx(float(two), abs=0.06 * float(x.asinh().std()))
    model.save(tmp_path / "m.safetensors")
    assert torch.equal(sl.FieldModel.load(tmp_path / "m.safetensors").sample(2), model.sample(2))
    for given in (None, x[:2]):
        assert "laws of asinh of the fields" in model.certificate(given).verdict
    plain = small(transform="none", moments=False).fit(x)
    assert plain.record["field"]["transform"] == "none"
    assert small(moments=False).fit(fields()).record["field"]["transform"] == "none"


def _chosen(x):
    return choose_preparation(
        x, take_census(FieldsInMemory(x)), border="periodic", transform="auto"
    )


def test_log_normal_fields_are_fitted_by_their_logarithm():
    x = (2 * fields()).exp()
    found, remarks = _chosen(x)
    assert found.transform.name == "log"
    assert remarks[-1].startswith("The logarithm of the fields is fitted")
    found, _ = _chosen(x - 1)  # no longer positive
    assert found.transform.name == "asinh"


def test_positive_fields_with_two_tails_are_told_that_a_logarithm_keeps_them_so():
    x = (1.5 * fields()).sinh()
    for shift, said in ((0.0, False), (1 - float(x.min()), True)):
        found, remarks = _chosen(x + shift)
        assert found.transform.name == "asinh"
        assert ("--transform log keeps samples positive" in remarks[-1]) == said


def test_an_asinh_of_constant_fields_is_refused_by_their_value():
    with pytest.raises(InputError, match=r"All pixels are 0\.1: expected fields that vary"):
        small(transform="asinh").fit(np.full((20, 8, 8), 0.1))


@pytest.mark.slow
def test_the_energy_with_an_asinh_is_that_of_the_density_of_the_fields():
    """-log p(x) is the energy of z = T(x) less the sum of log T'(x)."""
    x = (1.5 * fields().double()).sinh()
    model = sl.FieldModel("haar", knots=4, reach=1, steps=2, transform="asinh").fit(x)
    transform = preparation_of(model.record["field"]).transform
    assert isinstance(
        transform, QuantileMatched
    )  # asinh, then the line of quantiles with its own slopes
    plain = sl.FieldModel("haar", knots=4, reach=1, steps=2, transform="none")
    plain.fit(transform.inner.forward(x))
    new = (1.5 * fields(5, seed=1).double()).sinh()
    slopes = transform.log_slope(new).sum((1, 2))
    assert torch.allclose(model.energy(new), plain.energy(transform.forward(new)) - slopes)


@pytest.mark.slow
@pytest.mark.parametrize("border", ["mirror", "window"])
def test_the_energy_of_fields_that_were_cut_out_is_nearly_that_of_their_own_density(border):
    """16 x 16 pixels out of 64 x 64 of a Gaussian: -log p has the covariance of the cut pixels."""
    w = 2 * torch.pi * torch.fft.fftfreq(64, dtype=torch.float64)
    power = 1 / (4.3 - 2 * w.cos()[:, None] - 2 * w.cos())
    lags = torch.fft.ifft2(power).real
    a, b = torch.arange(16).repeat_interleave(16), torch.arange(16).repeat(16)
    covariance = lags[a[:, None] - a, b[:, None] - b]
    x = gaussian(power, 500)[:, :16, :16]
    model = sl.FieldModel("db4", knots=6, reach=2, steps=2, moments=False, border=border).fit(x)
    new = gaussian(power, 200, seed=1)[:, :16, :16]
    exact = (new.flatten(1) * torch.linalg.solve(covariance, new.flatten(1).T).T).sum(1) / 2
    found = model.energy(new)
    both = torch.cov(torch.stack([found, exact]))
    assert float(both[0, 1] / both[1, 1]) == pytest.approx(1, abs=0.06)  # four times with mirrors
    assert float(both[0, 1] / both.diagonal().prod().sqrt()) > 0.96
    assert torch.allclose(model.energy(new[7:9]), found[7:9], rtol=1e-12)
    new[0, 3, 4] = torch.nan
    with pytest.raises(InputError, match="gaps"):
        model.energy(new)


@pytest.mark.slow
def test_placeholders_and_far_fields_are_said(fitted, tmp_path):
    x = fields().numpy()
    x[:, 0, 0] = -999
    with pytest.warns(FieldWarning, match="exactly -999"):
        small(border="periodic", moments=False).fit(x)
    with pytest.warns(FieldWarning, match="deviations"):
        fitted.certificate(100 * fields(3))
    fitted.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "far.npy", 100 * fields(3).numpy())
    found = sl.field.certify(tmp_path / "m.safetensors", tmp_path / "far.npy")
    assert "deviations" in found["warnings"][0]


def test_too_many_knots_are_refused():
    with pytest.raises(InputError, match="3 to 64 knots"):
        sl.FieldModel(knots=1000)


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_gives_the_same_samples(fitted, tmp_path):
    fitted.save(tmp_path / "m.safetensors")
    code = (
        "import scorelet.tasks.field_sample as f, time\n"
        "f.BATCH_PIXELS = 256\n"
        "f.sample('m.safetensors', 40, 'again.npy', seed=3, progress=lambda *_: time.sleep(0.2))"
    )
    run = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob(".again*/*.npy"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not (tmp_path / "again.npy").exists()
    sl.field.sample(tmp_path / "m.safetensors", 40, tmp_path / "whole.npy", seed=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scorelet.tasks.field_sample.BATCH_PIXELS", 256)
        sl.field.sample(tmp_path / "m.safetensors", 40, tmp_path / "again.npy", seed=3, resume=True)
    assert np.array_equal(np.load(tmp_path / "whole.npy"), np.load(tmp_path / "again.npy"))


@pytest.mark.slow
def test_samples_of_other_sizes_have_the_correlations_of_the_law():
    """The correlation length of the law is 1 pixel: blocks of 8 are independent."""
    model = sl.FieldModel("haar", knots=4, reach=1, steps=40).fit(fields(600))
    large, other = model.sample(60, size=(16, 24)).double(), fields(200, 24, seed=5).double()
    assert large.shape == (60, 16, 24)
    assert float(large.std() / other.std()) == pytest.approx(1, abs=0.04)
    across, exact = ((z * z.roll(1, -1)).mean() / z.square().mean() for z in (large, other))
    assert float(across) == pytest.approx(float(exact), abs=0.03)
    small_ones = model.sample(5, size=(5, 7))
    assert torch.equal(small_ones, model.sample(5)[:, :5, :7])
    with pytest.raises(InputError, match="at least 1"):
        model.sample(1, size=(0, 4))
