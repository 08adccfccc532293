"""Powers of samples brought nearer to those of fields: closed forms, chance, fitted models."""

import math
import warnings
from dataclasses import replace

import pytest
import torch

import scorelet as sl
from scorelet.analysis.field_statistics import power_spectrum
from scorelet.core.random import generator, randn
from scorelet.data.fields.pointwise import Asinh
from scorelet.data.fields.prewhitening import Prewhitening
from scorelet.data.fields.radial_filter import RadialFilter
from scorelet.tasks.field_model import filtering
from scorelet.tasks.field_model.census import FieldWarning
from scorelet.tasks.field_model.filtering import filter_towards
from scorelet.tasks.field_model.powers import ShapeDifference, shape_difference
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.quantiles import match_quantiles
from scorelet.tasks.field_model.scale import standardised

pytestmark = pytest.mark.filterwarnings("ignore:.*moments")  # of fits that are small or without

LIKE = torch.zeros((), dtype=torch.float64)


def normal(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=LIKE)


def coloured(count, side, slope, *, seed):
    """Gaussian fields (n, h, w) with the power f^slope, f in cycles a pixel, and no mean."""
    rows, columns = (torch.fft.fftfreq(n, dtype=torch.float64) for n in side)
    f = (rows[:, None].square() + columns[: side[1] // 2 + 1].square()).sqrt()
    f[0, 0] = torch.inf
    return torch.fft.irfft2(
        torch.fft.rfft2(normal(count, *side, seed=seed)) * f ** (slope / 2), side
    )


@pytest.mark.parametrize("side", [(32, 32), (24, 32), (32, 25)])
def test_the_difference_of_power_laws_is_their_log_ratio_less_its_mean(side):
    """Fields of f^-1 and samples of f^-1.5: r = log(f) / 2."""
    x, y = coloured(400, side, -1, seed=1), coloured(400, side, -1.5, seed=2)
    found = shape_difference(x, y, cut_out=False)
    f = torch.tensor(found.frequencies, dtype=torch.float64)
    inside = (f > 4 / min(side)) & (f < 0.45)
    expected = f[inside].log() / 2
    apart = found.differences[inside] - found.differences[inside].mean()
    assert torch.allclose(apart, expected - expected.mean(), atol=0.1)
    assert float(found.differences.mean()) == pytest.approx(0, abs=1e-12)
    half = RadialFilter(found.frequencies, tuple((found.differences / 2).tolist()))
    left = shape_difference(x, half.apply(y), cut_out=False).differences
    assert float(left.square().mean()) < 0.02 * float(found.differences.square().mean())


def test_a_factor_of_all_powers_is_left_to_the_quantiles():
    x = coloured(50, (16, 16), -1, seed=1)
    found = shape_difference(x, 1e-6 * x, cut_out=False)
    assert float(found.differences.abs().max()) < 1e-9
    assert found.level == pytest.approx(12 * math.log(10))
    assert found.mean_square == pytest.approx(found.level**2)


def test_frequencies_without_power_are_not_compared():
    """Fields without waves beyond |k| = 5, but for rounding, and samples of twice their slope."""
    x, y = (coloured(50, (16, 16), -1 - k, seed=k) for k in (0, 1))
    wide = RadialFilter((5.4 / 16, 5.6 / 16), (0.0, -35.0))
    found = shape_difference(wide.apply(x), y, cut_out=False)
    assert max(found.frequencies) < 5.6 / 16
    expected = torch.tensor(found.frequencies, dtype=torch.float64).log()
    assert torch.allclose(found.differences, expected - expected.mean(), atol=0.15)


STRENGTH = torch.exp(0.5 * normal(400))[:, None, None]


def one_bright(times):
    """Strengths of 40 fields."""
    return torch.cat([torch.full((1, 1, 1), float(times)), torch.ones(39, 1, 1)]).double()


STRENGTHS = {
    "equal": STRENGTH.new_ones(40, 1, 1),
    "unequal": STRENGTH[:40],
    "bright": one_bright(10),
}


@pytest.mark.parametrize("strengths", STRENGTHS)
def test_of_differences_by_chance_a_third_is_left(strengths):
    """d ~ N(0, e^2): E d^2 max(0, 1 - e^2 / d^2)^2 = e^2 / 3."""
    raw, left, chances = [], [], []
    for seed in range(40):
        x, y = (coloured(40, (16, 16), -2, seed=2 * seed + k) for k in (0, 1))
        found = shape_difference(x * STRENGTHS[strengths], y * STRENGTHS[strengths], cut_out=False)
        raw.append(found.differences)
        left.append(found.shrunk)
        chances.append(found.chance)
    share = float(torch.stack(left).square().mean() / torch.stack(raw).square().mean())
    assert share < 0.45
    if strengths != "bright":  # there errors are too large rather than too small
        assert share > 0.25
    assert sum(chance < 0.01 for chance in chances) <= 4
    assert sum(chance < 0.5 for chance in chances) >= 12


def test_errors_of_a_difference_are_its_spread():
    for name in ("equal", "unequal"):
        found = []
        for seed in range(150):
            x, y = (coloured(40, (8, 8), -2, seed=2 * seed + k) for k in (0, 1))
            x, y = x * STRENGTHS[name], y * STRENGTHS[name]
            found.append(shape_difference(x, y, cut_out=False))
        spread = torch.stack([part.differences for part in found]).var(0)
        mean = torch.stack([part.variances for part in found]).mean(0)
        assert torch.allclose(mean / spread, torch.ones_like(mean), atol=0.4)


@pytest.mark.parametrize("rings", [3, 8, 20])
def test_chance_is_uniform_where_all_is_chance(rings):
    """d = x - mean x of normal x has the variance (m - 1) / m; one in a hundred is below 1 %."""
    x = normal(4000, rings)
    places = tuple(k / 50 for k in range(rings))
    variances = torch.full((rings,), (rings - 1) / rings, dtype=torch.float64)
    chances = torch.tensor(
        [ShapeDifference(places, d, variances, 0.0).chance for d in x - x.mean(1, keepdim=True)]
    )
    for level, error in ((0.01, 0.0016), (0.1, 0.005), (0.5, 0.008)):
        assert float((chances < level).double().mean()) == pytest.approx(level, abs=4 * error)


def test_one_frequency_has_no_shape():
    one = ShapeDifference((0.1,), torch.zeros(1).double(), torch.zeros(1).double(), 0.3)
    assert one.chance == 1


def test_of_one_field_no_error_is_known_and_nothing_is_left():
    x, y = (coloured(1, (16, 16), -2, seed=k) for k in (0, 1))
    found = shape_difference(x, y, cut_out=False)
    assert not found.shrunk.any()
    assert found.chance == 1


def test_fields_of_unequal_strength_hide_no_difference_of_shape():
    """What bright fields do to all powers is no error of their ratios to each other."""
    x, y = coloured(50, (16, 16), -2, seed=1), coloured(50, (16, 16), -2.4, seed=2)
    found = shape_difference(x * STRENGTH[:50], y * STRENGTH[200:250], cut_out=False)
    expected = 0.4 * torch.tensor(found.frequencies, dtype=torch.float64).log()
    assert torch.allclose(found.shrunk, expected - expected.mean(), atol=0.15)


def test_cut_fields_are_seen_through_a_window_without_a_word():
    x, y = (coloured(90, (48, 48), slope, seed=1)[:, :24, :24] for slope in (-3, -2.4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = shape_difference(x, y, cut_out=True)
        shape_difference(x, x, cut_out=False)
    assert min(found.frequencies) > 1.5 / 24
    inside = torch.tensor(found.frequencies, dtype=torch.float64) > 0.15  # windows leak below
    expected = -0.6 * torch.tensor(found.frequencies, dtype=torch.float64)[inside].log()
    apart = found.differences[inside] - found.differences[inside].mean()
    assert torch.allclose(apart, expected - expected.mean(), atol=0.1)


def scaled(z, drawn):
    return z / z.std(), 0.3 * drawn / z.std()


def off(found, z, drawn):
    """Return the largest difference of log powers in the unit of the data, from ring 1 on."""
    y = found.transform.inverse(found.filtered(drawn, z.shape[1:]))
    window = "hann" if found.cut_out else "none"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        power = [power_spectrum(u, window=window).values[0] for u in (z.sinh(), y)]
    r = (power[0] / power[1]).log()[2:]
    return float((r - r.mean()).abs().max())


@pytest.mark.parametrize("slopes", [(-2, -2.5), (-2, -1.5), (-3, -1)])
def test_powers_in_units_are_nearer_whatever_the_transform_makes_of_a_step(slopes):
    """Fields sinh(z), beside samples of other slopes, with less variance: in one to three steps."""
    z, drawn = (coloured(600, (32, 32), s, seed=k) for k, s in enumerate(slopes))
    z, drawn = scaled(z, drawn)
    before = match_quantiles(Preparation("periodic", Asinh(0.0, 1.0)), z, drawn, even=False)
    after = filter_towards(before, z, drawn, even=False)
    assert off(before, z, drawn) > 0.3
    assert off(after, z, drawn) < 0.12
    assert before.transform != after.transform  # quantiles of filtered samples are others


def test_a_step_that_does_not_lead_nearer_is_not_taken(monkeypatch):
    z, drawn = scaled(*(coloured(100, (16, 16), s, seed=k) for k, s in enumerate((-2, -1))))
    before = match_quantiles(Preparation("periodic", Asinh(0.0, 1.0)), z, drawn, even=False)
    assert filter_towards(before, z, drawn, even=False).samples_filter
    monkeypatch.setattr(filtering, "_filtered", lambda found, off, drawn: away(found, off))
    assert filter_towards(before, z, drawn, even=False) is before


def away(found, off):
    gains = tuple((-0.2 * off.shrunk).tolist())
    return replace(found, samples_filter=RadialFilter(off.frequencies, gains))


def test_samples_of_the_law_of_the_fields_get_no_filter():
    transform = Preparation("periodic", Asinh(0.0, 1.0))
    kept = 0
    for seed in range(10):
        z, drawn = (coloured(60, (16, 16), -2, seed=2 * seed + k) for k in (0, 1))
        before = match_quantiles(transform, z / z.std(), drawn / z.std(), even=False)
        kept += filter_towards(before, z / z.std(), drawn / z.std(), even=False) is before
    assert kept >= 8


def test_samples_on_the_grid_of_mirrored_fields_are_cut_to_their_size():
    z = coloured(300, (48, 48), -2, seed=1)[:, :24, :24]
    z, drawn = scaled(z, coloured(300, (48, 48), -1.5, seed=2))
    before = match_quantiles(Preparation("mirror", Asinh(0.0, 1.0)), z, drawn, even=False)
    after = filter_towards(before, z, drawn, even=False)
    assert off(after, z, drawn) < 0.5 * off(before, z, drawn)


def test_a_filter_keeps_the_variance_about_means_which_it_does_not_touch():
    """Tails beyond the last quantile are as wide as before, however means of samples differ."""
    z, drawn = (coloured(200, (32, 32), s, seed=k) for k, s in enumerate((-2, -1.5)))
    z, drawn = scaled(z + 2 * z.std() * normal(200, 1, 1), drawn)
    drawn = drawn + 2 * drawn.std() * normal(200, 1, 1, seed=5)
    before = match_quantiles(Preparation("periodic", Asinh(0.0, 1.0)), z, drawn, even=False)
    after = filter_towards(before, z, drawn, even=False)
    assert after.samples_filter
    y = after.samples_filter.apply(drawn)
    for one, other in ((y, drawn), (without_means(y), without_means(drawn))):
        assert float(one.std()) == pytest.approx(float(other.std()), rel=1e-9)


def without_means(x):
    return x - x.mean((1, 2), keepdim=True)


def test_a_small_signal_on_a_large_level_is_compared():
    z, drawn = scaled(*(coloured(100, (16, 16), s, seed=k) for k, s in enumerate((-2, -1.5))))
    gains = []
    for transform in (Asinh(0.0, 1.0), Asinh(1e9, 1e-4)):
        before = match_quantiles(Preparation("periodic", transform), z, drawn, even=False)
        gains.append(filter_towards(before, z, drawn, even=False).samples_filter.log_gains)
    assert gains[0]
    assert gains[1] == pytest.approx(gains[0], abs=0.02)


def test_what_is_beyond_all_numbers_gets_no_filter():
    z, drawn = scaled(*(coloured(100, (16, 16), s, seed=k) for k, s in enumerate((-2, -1.5))))
    drawn[0, 0, 0] = 1e3
    before = match_quantiles(Preparation("periodic", Asinh(0.0, 1.0)), z, drawn, even=False)
    assert filter_towards(before, z, drawn, even=False) is before


def test_what_undo_makes_comes_back_and_energies_are_of_the_law_before_corrections():
    z, drawn = (coloured(100, (16, 16), s, seed=k) for k, s in enumerate((-2, -1.5)))
    z, drawn = scaled(z, drawn)
    plain = Preparation(
        "periodic",
        Asinh(0.0, 1.0),
        Prewhitening.of(RadialFilter((0.1, 0.4), (0.0, 1.0)).gains_of(16, 16)),
    )
    found = filter_towards(match_quantiles(plain, z, drawn, even=False), z, drawn, even=False)
    assert found.samples_filter
    y = found.undo(drawn, (16, 16))
    assert torch.allclose(found.drawn_from(y), drawn, atol=1e-9)
    assert found.of_energies == plain
    assert plain.of_energies is plain


@pytest.fixture(scope="module")
def fitted():
    """Bright patches after a beam, and their model."""
    bright = 1 + 1.5 * (torch.arange(200) % 4 == 0)[:, None, None]
    f = torch.fft.fftfreq(16, dtype=torch.float64)
    beam = torch.exp(-20 * (f[:, None].square() + f[:9].square()))
    smooth = torch.fft.irfft2(torch.fft.rfft2(bright * normal(200, 16, 16)) * beam, (16, 16))
    x = (3 * smooth).sinh()
    return x, sl.FieldModel("haar", knots=4, reach=1, steps=60, transform="asinh").fit(x)


@pytest.mark.slow
def test_samples_of_a_fit_have_nearer_powers_and_energies_stay_those_of_the_fit(fitted):
    x, model = fitted
    field = model.record["field"]
    assert field["prewhitening"]
    assert field["samples_filter"]
    assert any("they pass an isotropic filter" in text for text in field["remarks"])
    energies, y = model.energy(x[:20]), model.sample(400, seed=3).double()
    powers = field.pop("samples_filter")
    with pytest.warns(FieldWarning, match="other mean squares"):
        unfiltered = model.sample(400, seed=3).double()
    one = power_spectrum(x).values[0]
    off, without = (
        float((power_spectrum(u).values[0] / one).log()[1:].var()) for u in (y, unfiltered)
    )
    assert torch.equal(model.energy(x[:20]), energies)
    field["samples_filter"] = powers
    assert off < 0.5 * without
    pairs = zip(model.certificate().bands, model.certificate(x[-10:]).bands, strict=True)
    for band, other in pairs:  # the last ten were held out
        assert band["least_min"] == pytest.approx(other["least_min"], rel=1e-6)
    assert float(standardised(field, x).std()) == pytest.approx(1, abs=0.1)


@pytest.mark.slow
def test_a_model_with_a_filter_comes_back_from_its_file(fitted, tmp_path):
    _, model = fitted
    model.save(tmp_path / "model.safetensors")
    back = sl.FieldModel.load(tmp_path / "model.safetensors")
    assert torch.equal(back.sample(2, seed=1), model.sample(2, seed=1))


@pytest.mark.slow
def test_energies_do_not_depend_on_the_unit_of_positive_fields(fitted):
    x = (fitted[0].asinh()).exp()
    options = {"knots": 4, "reach": 1, "steps": 5, "moments": False}
    options |= {"transform": "log", "prewhiten": True}
    one, two = (sl.FieldModel("haar", **options).fit(scale * x) for scale in (1.0, 1e-6))
    assert one.record["field"]["prewhitening"]
    a, b = one.energy(x[:30]), two.energy(1e-6 * x[:30])
    assert float(torch.corrcoef(torch.stack([a, b]))[0, 1]) > 0.99
    assert float(b.std() / a.std()) == pytest.approx(1, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("side", [(4, 16), (6, 8)])
def test_small_fields_are_fitted_without_a_filter(side):
    x = coloured(60, side, -6, seed=1)
    x = (x / x.std()).exp()
    options = {"transform": "log", "prewhiten": True, "border": "periodic"}
    model = sl.FieldModel("haar", knots=4, reach=1, steps=30, **options).fit(x)
    assert "samples_filter" not in model.record["field"]
    assert "quantiles" in model.record["field"]


@pytest.mark.slow
def test_points_on_a_smooth_ground_do_not_become_grain():
    """One bright pixel of each second field: no filter spreads its power over all pixels."""
    x = coloured(100, (16, 16), -6, seed=1)
    x = 0.3 * (x / x.std() + normal(100, 1, 1))
    x[::2, 3, 5] += 3
    options = {"transform": "log", "prewhiten": True, "border": "periodic"}
    model = sl.FieldModel("haar", knots=4, reach=1, steps=30, **options).fit(x.exp())
    assert "samples_filter" not in model.record["field"]
