"""Moments of samples made those of the fields, where chains are slow: steep spectra."""

import warnings

import pytest
import torch

import scorelet as sl
from field_energies import white
from scorelet.data.fields.ensembles import ensemble
from scorelet.models.certificates import uniform_bounds
from scorelet.models.field_energy import Band
from scorelet.tasks.field_model import matching
from scorelet.tasks.field_model.census import FieldWarning
from scorelet.tasks.field_model.matching import _Chains, match_band
from scorelet.training.moment_matching import Matched
from scorelet.training.score_matching.fit import Family, fit_band, moments_of

SIDE = 16


def steep(count):
    """Gaussian fields whose power falls by a factor of 50 within the finest octave."""
    k = torch.fft.fftfreq(SIDE, dtype=torch.float64) * SIDE
    radius = (k[:, None].square() + k.square()).sqrt()
    shape = (1 + (radius / 3).pow(4)).rsqrt()
    return torch.fft.ifft2(torch.fft.fft2(white(count, 1, SIDE, SIDE)) * shape).real


def powers(x, band):
    return torch.fft.fft2(band.project(x)).abs().square().mean((0, 1))


@pytest.mark.slow
def test_slow_directions_get_the_power_of_the_fields():
    """An energy of half the strength has twice the power, which 60 plain steps do not show."""
    x, band = steep(120), Band("db4")
    family = Family(knots=4, reach=3, smooth=False)
    moments = moments_of(band, family, x)
    groups = []
    for part in x.split(20):
        moments.add(part)
        groups.append(moments.take())
    fit = fit_band(moments, groups, family)
    weak = fit.moved_to(0.5 * fit.solution.theta)
    fit, found = match_band(weak, x)
    assert torch.equal(fit.solution.theta, found.theta)
    assert found.before > 5
    assert found.after < 2
    fields = _Chains(fit.factor, x, 7).advance(fit.factor)
    ratio = powers(torch.cat(list(fields)), band) / powers(x, band)
    inside = powers(x, band) > 0.01 * powers(x, band).max()
    assert float((ratio[inside].mean() - 1).abs()) < 0.15  # 2 before; 120 fields err by 9 % each


@pytest.mark.slow
def test_samples_of_few_patches_of_unequal_strength_stay_where_the_patches_are():
    """Smoothed by cross-validation alone they are spikes: an excess kurtosis of 50, not 1.15."""
    x = ensemble("power_law", eta=3.0).sample(40, 64, 0)[:, 0, :16, :16].double()
    x = x * (1 + 0.8 * torch.linspace(-1, 1, 40).double())[:, None, None]
    y = sl.FieldModel(steps=100).fit(x).sample(100).double()
    assert 0 < excess_kurtosis(x) < 1.3
    assert abs(excess_kurtosis(y)) < 3
    assert float(y.std() / x.std()) == pytest.approx(1, abs=0.25)


def excess_kurtosis(x):
    return float((x - x.mean()).pow(4).mean() / x.var() ** 2) - 3


def test_a_band_is_made_stiffer_until_its_samples_keep_the_moments(monkeypatch):
    x, theta = steep(40), []
    moments = moments_of(Band("db4"), Family(knots=4, reach=1), x)
    groups = []
    for part in x.split(10):
        moments.add(part)
        groups.append(moments.take())
    fit = fit_band(moments, groups, Family(knots=4, reach=1), smoothing=1e-4)

    def matched(fit, _x, _scale):
        theta.append(fit.solution.theta)
        after = 9.0 - 3 * len(theta)
        return Matched(2 * theta[-1], 1, 0.5, 9.0 - abs(len(theta) - 2), after)

    monkeypatch.setattr(matching, "_match", matched)
    found, result = match_band(fit, x)
    assert found.smoothing == 0.1
    assert result.after == 3
    assert torch.equal(found.solution.theta, 2 * theta[1])
    theta.clear()
    monkeypatch.setattr(matching, "_UNMATCHED", -100.0)
    found, result = match_band(fit, x)  # none keeps them: the last of those that are nearest
    assert len(theta) == 4
    assert found.smoothing == 1e4
    assert (result.rounds, result.gain, result.after) == (0, 0.0, result.before)


@pytest.mark.slow
def test_bands_whose_moments_stay_apart_are_said_and_keep_their_energy_and_plain_chains(
    monkeypatch, tmp_path
):
    x = steep(60)[:, 0]
    options = {"wavelet": "db2", "knots": 4, "reach": 1, "steps": 10}
    with pytest.warns(FieldWarning, match="Moments were not matched"):
        plain = sl.FieldModel(moments=False, **options).fit(x).record
    monkeypatch.setattr(matching, "_UNMATCHED", -1.0)
    with pytest.warns(FieldWarning, match="could not be brought to the moments") as warned:
        model = sl.FieldModel(**options).fit(x)
    found = model.record
    assert any(s["curvature"] for s in plain["chains"]["schedules"])
    assert not any(s["curvature"] for s in found["chains"]["schedules"])
    said = [text for text in found["field"]["remarks"] if "could not be brought" in text]
    assert len(said) == len(found["bands"]) == len(warned)
    with pytest.warns(FieldWarning, match="When this model was fitted .* at 2x2, 4x4, 8x8, 16x16"):
        model.sample(1)
    model.save(tmp_path / "m.safetensors")
    document = sl.field.sample(tmp_path / "m.safetensors", 1, tmp_path / "y.npy")
    assert sum("other moments than the fields at" in text for text in document["warnings"]) == 1
    for one, other in zip(found["bands"], plain["bands"], strict=True):
        assert one["potential"]["v"] == other["potential"]["v"]


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"enforce": True}, {"moments": False}])
@pytest.mark.parametrize("two_wells", [False, True])
def test_moments_that_were_not_to_be_matched_are_measured(options, two_wells):
    """A Gaussian law has them without; one of two levels has a wrong marginal by score matching."""
    x = ensemble("lattice_ou", mass=1.0, coupling=0.2).sample(400, 8, 0)[:, 0].double()
    x = torch.tanh(3 * x) if two_wells else x
    small = {"knots": 6, "reach": 1, "steps": 5, "transform": "none"}
    model = sl.FieldModel("haar", **small, **options)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", FieldWarning)
        bands = model.fit(x).record["bands"]
    assert not any("moments" in band for band in bands)
    assert (bands[-1]["moments_missed"] > 4) == two_wells
    assert [str(w.message).startswith("Moments were not matched") for w in said] == [
        True
    ] * two_wells


@pytest.mark.slow
def test_a_gaussian_law_of_negative_couplings_is_matched_from_the_log_concave_energy():
    """The power of an oblique law jumps where angles do, at half of the sampling frequency."""
    law = ensemble("anisotropic", angle=0.6, stretch=8.0)
    model = sl.FieldModel(knots=4, steps=100).fit(law.sample(400, 16, 1)[:, 0])
    assert model.record["bands"][-1]["moments"]["after"] < 2
    assert model.record["field"]["remarks"] == []
    found = torch.fft.fft2(model.sample(100, seed=2).double(), norm="ortho").abs().square().mean(0)
    assert float((found / law.power(16)).max()) < 6


@pytest.mark.slow
def test_an_energy_that_is_log_concave_has_no_other_projection():
    x = ensemble("lattice_ou", mass=1.0, coupling=0.2).sample(400, 8, 0).double()
    family = Family(knots=4, reach=1)
    moments = moments_of(Band("haar"), family, x)
    moments.add(x)
    assert fit_band(moments, [moments.take()], family).projected() is None
    two_wells = torch.tanh(3 * x)
    moments = moments_of(Band("haar"), family, two_wells)
    moments.add(two_wells)
    fit = fit_band(moments, [moments.take()], family)
    projected = fit.projected()
    assert projected.family == family
    assert projected.paid is None
    assert uniform_bounds(projected.factor, (8, 8))[0] > 0 > uniform_bounds(fit.factor, (8, 8))[0]
