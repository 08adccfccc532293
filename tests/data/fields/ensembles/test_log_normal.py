"""Log-normal maps: spectrum and moments by the formulas, and in samples."""

import math

import pytest
import torch

from laws.denoiser_laws import assert_close
from laws.ensemble_laws import assert_power
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import LogNormal

MAPS = LogNormal()


@pytest.mark.parametrize("size", [32, 33, 64])
def test_the_spectrum_is_within_3_percent_of_the_target(size):
    target, power = MAPS.target(size), MAPS.power(size)
    assert target[0, 0] == 0
    ratio = (power / target).flatten()[1:]
    assert (ratio - 1).abs().max() < 0.03
    assert float(power[0, 0]) < 0.1 * float(target.max())


def test_where_no_power_is_cut_the_target_is_met():
    """A field so little rough that the logarithm of its covariance has no negative power."""
    maps, size = LogNormal(shift=1e4), 16  # kappa = g / k0 to first order
    power, target = maps.power(size), maps.target(size)
    # the second order is 1 / (2 k0^2) relatively, and cuts the power at k = 0, which is 0
    assert_close(power / target.clamp(min=1e-3), target / target.clamp(min=1e-3), 1e-6)


@pytest.mark.slow
def test_samples_have_the_spectrum():
    assert_power(MAPS, n=1500, size=32)


def test_moments_follow_from_the_variance_of_g():
    """E (e^(g - s^2/2))^k = exp(k (k - 1) s^2 / 2), expanded with binomials."""
    for size in (16, 64):
        variance = float(MAPS.gaussian_power(size).mean())
        raw = [math.exp(k * (k - 1) / 2 * variance) for k in range(5)]
        central = [
            sum(math.comb(k, j) * raw[j] * (-1) ** (k - j) for j in range(k + 1)) for k in range(5)
        ]
        moments = MAPS.moments(size)
        assert moments.std == pytest.approx(MAPS.shift * central[2] ** 0.5, rel=1e-12)
        assert moments.skewness == pytest.approx(central[3] / central[2] ** 1.5, rel=1e-10)
        assert moments.kurtosis == pytest.approx(central[4] / central[2] ** 2, rel=1e-10)
        assert moments.std**2 == pytest.approx(float(MAPS.power(size).mean()), rel=1e-12)


@pytest.mark.slow
def test_moments_are_those_of_the_uncut_law_and_of_samples_within_5_percent():
    e = 1 + 1 / MAPS.shift**2
    skewness, kurtosis = (e + 2) * math.sqrt(e - 1), e**4 + 2 * e**3 + 3 * e**2 - 3
    moments = MAPS.moments(64)
    assert moments.std == pytest.approx(1, abs=1e-3)
    assert moments.skewness == pytest.approx(skewness, rel=0.05)
    assert moments.kurtosis == pytest.approx(kurtosis, rel=0.05)
    x = MAPS.sample(1000, 64, 0).double()
    assert float(x.mean()) == pytest.approx(0, abs=0.01)
    assert float(x.std()) == pytest.approx(moments.std, rel=0.05)
    assert float((x**3).mean()) == pytest.approx(moments.skewness, rel=0.05)
    assert float((x**4).mean()) == pytest.approx(moments.kurtosis, rel=0.05)
    assert float(x.min()) > -MAPS.shift


@pytest.mark.slow
def test_the_logarithm_is_the_gaussian_field():
    x = MAPS.sample(600, 32, 1).double()
    g = torch.log1p(x / MAPS.shift)
    variance = float(MAPS.gaussian_power(32).mean())
    assert float(g.mean()) == pytest.approx(-variance / 2, abs=0.01)
    centred = g - g.mean()
    kurtosis = float((centred**4).mean() / centred.square().mean() ** 2)
    assert kurtosis == pytest.approx(3, abs=0.1)  # 6e5 pixels, about one in 100 counts


@pytest.mark.parametrize(("size", "share"), [(8, 0.146), (16, 0.101), (64, 0.043), (256, 0.017)])
def test_what_the_wanted_spectrum_lacks_at_zero(size, share):
    """The figures of the page, and that k = 0 is the only exception."""
    power, target = LogNormal().power(size), LogNormal().target(size)
    assert float(power[0, 0] / power[0, 1]) == pytest.approx(share, abs=5e-4)
    assert float((power / target)[target > 0].sub(1).abs().max()) < 3e-3


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_shifts_without_a_gaussian_field_are_refused(size):
    """xi_g = log(1 + xi / k0^2) exists where k0^2 is above the deepest trough of xi."""
    least = math.sqrt(-float(torch.fft.ifft2(MAPS.target(size)).real.min()))
    few = LogNormal(shift=1.01 * least)
    assert few.sample(2, size, seed=0).isfinite().all()
    assert few.power(size).isfinite().all()
    fewer = LogNormal(shift=0.99 * least)
    for call in (
        lambda: fewer.sample(1, size, seed=0),
        lambda: fewer.power(size),
        lambda: fewer.moments(size),
        lambda: fewer.gaussian_power(size),
    ):
        with pytest.raises(
            InputError, match=rf"too small for maps of side {size}.* or more"
        ) as said:
            call()
    advised = float(str(said.value).split()[-3])
    assert LogNormal(shift=advised).power(size).isfinite().all()
