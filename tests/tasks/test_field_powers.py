"""Powers of samples brought nearer to those of fields: closed forms, chance, fitted models."""

import warnings

import pytest
import torch

import scorelet as sl
from scorelet.analysis.field_statistics import power_spectrum
from scorelet.core.random import generator, randn
from scorelet.data.fields.pointwise import Asinh
from scorelet.data.fields.radial_filter import RadialFilter
from scorelet.tasks.field_model.correcting import _line, _nearer, _ratios
from scorelet.tasks.field_model.powers import power_ratios
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.scale import standardised

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
def test_a_filter_of_half_the_logarithm_of_the_ratio_gives_samples_the_powers_of_the_fields(side):
    """Fields of f^-1 and samples of f^-1.5: g(f) = log(f) / 4, less its mean."""
    x, y = coloured(400, side, -1, seed=1), coloured(400, side, -1.5, seed=2)
    found = power_ratios(x, y, cut_out=False)
    f = torch.tensor(found.frequencies, dtype=torch.float64)
    inside = (f > 4 / min(side)) & (f < 0.45)
    gains = torch.tensor(found.added_to(RadialFilter()).gains, dtype=torch.float64)
    expected = f[inside].log() / 4
    apart = gains[inside] - gains[inside].mean()
    assert torch.allclose(apart, expected - expected.mean(), atol=0.05)
    assert float(gains.mean()) == pytest.approx(0, abs=0.02)
    filtered = found.added_to(RadialFilter()).apply(y)
    assert power_ratios(x, filtered, cut_out=False).off < 0.02 * found.off


def test_gains_are_added_and_one_step_is_bounded():
    x, y = coloured(50, (16, 16), -1, seed=1), coloured(50, (16, 16), -9, seed=2)
    found = power_ratios(x, y, cut_out=False)
    once = found.added_to(RadialFilter())
    assert (min(once.gains), max(once.gains)) == pytest.approx((-0.75, 0.75))
    expected = [1.5 * gain for gain in once.gains]
    assert found.added_to(once, 0.5).gains == pytest.approx(expected)


def test_a_factor_of_all_powers_is_left_to_the_quantiles():
    x = coloured(50, (16, 16), -1, seed=1)
    assert power_ratios(x, 1e-6 * x, cut_out=False).off < 1e-20


STRENGTH = torch.exp(0.5 * normal(400))[:, None, None]


def test_of_one_law_hardly_anything_is_left():
    """Differences by chance are left out, those of few fields of unequal strength, too."""
    for unequal in (False, True):
        logs = []
        for seed in range(20):
            x, y = (coloured(50, (16, 16), -2, seed=2 * seed + k) for k in (0, 1))
            if unequal:
                x, y = x * STRENGTH[seed : seed + 50], y * STRENGTH[seed + 200 : seed + 250]
            logs.append(power_ratios(x, y, cut_out=False).logs)
        assert float(torch.stack(logs).square().mean().sqrt()) < (0.12 if unequal else 0.08)


def test_fields_of_unequal_strength_hide_no_difference_of_shape():
    """What bright fields do to all powers is no error of their ratios to each other."""
    x, y = coloured(50, (16, 16), -2, seed=1), coloured(50, (16, 16), -2.4, seed=2)
    found = power_ratios(x * STRENGTH[:50], y * STRENGTH[200:250], cut_out=False)
    expected = 0.4 * torch.tensor(found.frequencies, dtype=torch.float64).log()
    assert torch.allclose(found.logs, expected - expected.mean(), atol=0.12)


def test_cut_fields_are_seen_through_a_window_without_a_word():
    x, y = (coloured(90, (48, 48), slope, seed=1)[:, :24, :24] for slope in (-3, -2.4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = power_ratios(x, y, cut_out=True)
        power_ratios(x, x, cut_out=False)
    assert min(found.frequencies) > 1.5 / 24
    inside = torch.tensor(found.frequencies, dtype=torch.float64) > 0.15  # windows leak below
    expected = -0.6 * torch.tensor(found.frequencies, dtype=torch.float64)[inside].log()
    apart = found.logs[inside] - found.logs[inside].mean()
    assert torch.allclose(apart, expected - expected.mean(), atol=0.1)


@pytest.mark.parametrize("slope", [-2.5, -1.5])
def test_powers_in_units_are_nearer_whatever_the_transform_makes_of_a_step(slope):
    """Fields sinh(z), z of f^-2, beside samples of other slopes, with less variance."""
    side = (32, 32)
    z, drawn = coloured(600, side, -2, seed=1), 0.3 * coloured(600, side, slope, seed=2)
    z, drawn = z / z.std(), drawn / z.std()
    preparation = Preparation("periodic", Asinh(0.0, 1.0))
    before = Preparation("periodic", _line(preparation, z, drawn, even=False))
    after = _nearer(before, z, drawn, even=False)
    one = power_spectrum(z.sinh()).values[0]

    def off(found):
        y = found.transform.inverse(found.powers.apply(drawn))
        return float((power_spectrum(y).values[0] / one).log()[1:].abs().max())

    assert off(before) > 0.5
    assert off(after) < 0.2
    assert _ratios(after, z, drawn).off < 0.05 * _ratios(before, z, drawn).off


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
    assert field["powers"]
    assert any("Samples are filtered" in text for text in field["remarks"])
    energies, y = model.energy(x[:20]), model.sample(400, seed=3).double()
    powers = field.pop("powers")
    one = power_spectrum(x).values[0]
    off, without = (
        float((power_spectrum(u).values[0] / one).log()[1:].var())
        for u in (y, model.sample(400, seed=3).double())
    )
    assert torch.equal(model.energy(x[:20]), energies)
    field["powers"] = powers
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
    options = {"knots": 4, "reach": 1, "steps": 60, "transform": "log", "prewhiten": True}
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
    assert "powers" not in model.record["field"]
    assert "quantiles" in model.record["field"]


@pytest.mark.slow
def test_points_on_a_smooth_ground_do_not_become_grain():
    """One bright pixel of each second field: no filter spreads its power over all pixels."""
    x = coloured(100, (16, 16), -6, seed=1)
    x = 0.3 * (x / x.std() + normal(100, 1, 1))
    x[::2, 3, 5] += 3
    options = {"transform": "log", "prewhiten": True, "border": "periodic"}
    model = sl.FieldModel("haar", knots=4, reach=1, steps=30, **options).fit(x.exp())
    assert "powers" not in model.record["field"]
