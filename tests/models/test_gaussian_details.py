"""Cascades of spectra that are 0 in places: samples have no energy there, and nothing blows up."""

import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.sampling.reverse import (
    SAMPLERS,
    ReversePlan,
    detail_variances,
    steps_needed,
    whitened_variances,
)

SIDE = 32
K = torch.fft.fftfreq(SIDE, 1 / SIDE, dtype=torch.float64)
RADIUS = (K[:, None] ** 2 + K**2).sqrt()
SPECTRA = {
    "no mean": torch.where(RADIUS > 0, RADIUS.clamp_min(1) ** -2, 0),
    "fine scales only": (RADIUS > 10).double(),
    "a ring": ((RADIUS > 5) & (RADIUS < 10)).double(),
    "coarse scales only": (RADIUS < 8).double(),
}


@pytest.mark.parametrize("wavelet", ["haar", "db2", "sym8"])
@pytest.mark.parametrize(
    ("name", "whiten"),
    [(name, False) for name in SPECTRA]
    + [(name, True) for name in SPECTRA if name != "coarse scales only"],  # nothing is to whiten
)
def test_samples_have_energy_where_the_spectrum_has(name, wavelet, whiten):
    """None where it is 0, and else its power, in the mean over more than 30,000 modes."""
    spectrum = SPECTRA[name]
    model = gaussian_cascade(spectrum, wavelet, 1, whiten=whiten)
    found = sl.sample(model, n=200, size=(SIDE, SIDE), seed=0, steps=24, sampler="dpmpp-2m")
    x = torch.as_tensor(found.images).double()
    power = torch.fft.fft2(x, norm="ortho").abs().square().mean((0, 1))
    assert float(power[spectrum == 0].max()) < 1e-12
    if name != "fine scales only" or whiten:  # else the low band has variances of 0 to 1e-10
        assert float((power / spectrum)[spectrum > 0].mean()) == pytest.approx(1, abs=0.04)


def test_what_the_coarser_band_tells_all_of_takes_no_steps():
    variances = detail_variances(SPECTRA["coarse scales only"], "sym8", 2)
    assert not variances[-1].any()
    assert variances[1].any()
    plan = ReversePlan(1, OrnsteinUhlenbeck(5.0), SAMPLERS["ddim"])
    with pytest.raises(InputError, match="All variances are 0"):
        steps_needed(variances[-1], plan)


@pytest.mark.parametrize("convention", ["scalar", "channel"])
def test_bands_that_are_0_have_variances_of_0(convention):
    rows = (K == 0).double()[:, None] * (1 / (1 + K**2))  # fields that are constant along columns
    details = detail_variances(rows, "haar", 2, convention=convention)[1:]
    assert all(bool(v.isfinite().all()) and float(v.min()) == 0 for v in details)
    only_mean = (RADIUS == 0).double()
    assert not any(v.any() for v in detail_variances(only_mean, "db2", 3)[1:])
    with pytest.raises(InputError, match="The details of level 1 are 0"):
        gaussian_cascade(only_mean, "db2", 3)


def test_what_cannot_be_whitened_is_refused():
    for spectrum in (SPECTRA["coarse scales only"], torch.zeros_like(RADIUS)):
        with pytest.raises(InputError, match="nothing is to whiten"):
            whitened_variances(spectrum, "db2", 1)
    with pytest.raises(InputError, match="nothing is to whiten"):
        gaussian_cascade(SPECTRA["coarse scales only"], "db2", 1, whiten=True)
