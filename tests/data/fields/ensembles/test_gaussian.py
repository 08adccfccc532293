"""Gaussian fields: formulas against dense normal laws, spectra against samples."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence
from torch.func import grad, hessian

from laws.denoiser_laws import assert_close
from laws.ensemble_laws import assert_power
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.data.fields.ensembles import (
    Anisotropic,
    BandLimited,
    LatticeOrnsteinUhlenbeck,
    Matern,
    PowerLaw,
    gaussian_divergence,
)
from scorelet.models import StationaryGaussianDenoiser

EXACT = 1e-10  # condition numbers below 1e3 in float64
LAWS = [
    PowerLaw(eta=1.3),
    PowerLaw(eta=2.0, length=5.0),
    Matern(length=2.0, exponent=1.5),
    LatticeOrnsteinUhlenbeck(mass=4.5, coupling=-1.0),
    Anisotropic(eta=1.5, stretch=3.0, angle=0.7),
]
IDS = ["power law", "power law, length", "matern", "lattice OU", "anisotropic"]
DEGENERATE = [PowerLaw(mean_zero=True), BandLimited()]


def dense(law, size):
    """The normal law of all pixels, its covariance summed over frequencies one by one."""
    index = torch.arange(size, dtype=torch.float64)
    rows, columns = (axis.flatten() for axis in torch.meshgrid(index, index, indexing="ij"))
    down, right = (axis[:, None] - axis[None, :] for axis in (rows, columns))
    power = law.power(size)
    covariance = sum(
        float(power[i, j]) * torch.cos(2 * math.pi * (i * down + j * right) / size)
        for i in range(size)
        for j in range(size)
    )
    return MultivariateNormal(torch.zeros(size**2, dtype=torch.float64), covariance / size**2)


def fields(size, n=3):
    return torch.randn(n, 1, size, size, generator=generator(1), dtype=torch.float64)


@pytest.mark.parametrize("size", [6, 7])
@pytest.mark.parametrize("law", LAWS, ids=IDS)
def test_density_entropy_and_divergence_are_those_of_a_dense_normal_law(law, size):
    normal, x = dense(law, size), fields(size)
    assert_close(law.log_density(x), normal.log_prob(x.flatten(1)), EXACT)
    assert law.entropy(size) == pytest.approx(float(normal.entropy()), abs=EXACT)
    other = Matern(length=1.0)
    got = gaussian_divergence(law.power(size), other.power(size))
    assert got == pytest.approx(float(kl_divergence(normal, dense(other, size))), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("law", [*LAWS, *DEGENERATE], ids=[*IDS, "no mean", "band"])
def test_the_force_is_the_gradient_of_the_energy_and_so_on(law):
    x, v = fields(8), fields(8).flip(0)

    def energy(field):
        return law.energy(field[None])[0]

    for k in range(3):
        assert_close(law.force(x)[k], grad(energy)(x[k]), EXACT)
        matrix = hessian(energy)(x[k]).reshape(64, 64)
        assert_close(law.hessian_vec(x, v)[k].flatten(), matrix @ v[k].flatten(), EXACT)
    assert_close(law.score(x), -law.force(x), 0)


def test_the_score_is_the_limit_of_that_of_a_noisy_field():
    law, x = PowerLaw(), fields(8)
    noisy = StationaryGaussianDenoiser(law.power(8))
    assert_close(law.score(x), noisy.score(x, 1e-7), EXACT)  # sigma^2 / least P = 1e-12


def test_the_average_density_of_samples_is_minus_the_entropy():
    law, n, size = Matern(), 400, 16
    found = law.log_density(law.sample(n, size, 0).double())
    # U is chi-square with L^2 degrees of freedom, halved: variance L^2 / 2
    assert abs(float(found.mean()) + law.entropy(size)) < 4 * size / (2 * n) ** 0.5


def test_on_its_subspace_a_degenerate_law_is_a_normal_law():
    law, size = BandLimited(), 8
    modes = int((law.power(size) > 0).sum())
    constant = float(law.power(size).max())
    x = law.sample(3, size, 0).double()
    norm = x.square().flatten(1).sum(1)
    expected = -norm / (2 * constant) - modes / 2 * math.log(2 * math.pi * constant)
    assert_close(law.log_density(x), expected, 1e-5)  # float32 samples leave the subspace a little
    assert law.entropy(size) == pytest.approx(modes / 2 * math.log(2 * math.pi * math.e * constant))


def test_divergence_is_zero_for_equal_laws_only_and_infinite_off_the_support():
    p, q = PowerLaw().power(8), PowerLaw(mean_zero=True).power(8)
    assert gaussian_divergence(p, p) == 0
    assert gaussian_divergence(p, q) == gaussian_divergence(q, p) == math.inf
    assert 0 < gaussian_divergence(p, p * 1.001) < 1e-4
    with pytest.raises(InputError, match=r"one shape are compared, got \(8, 8\) and \(4, 4\)"):
        gaussian_divergence(p, PowerLaw().power(4))
    with pytest.raises(InputError, match="second spectrum has values that are negative"):
        gaussian_divergence(p, -p)


@pytest.mark.parametrize(
    ("size", "condition"), [(8, 33), (16, 129), (32, 513), (64, 2049), (128, 8193), (256, 32769)]
)
def test_condition_numbers_of_the_inverse_square_law(size, condition):
    power = PowerLaw(eta=2.0).power(size)
    assert float(power.max() / power.min()) == pytest.approx(condition, rel=1e-12)
    assert float(power.mean()) == pytest.approx(1, abs=1e-12)


def test_the_lattice_energy_counts_each_bond_once():
    mass, coupling, x = 4.3, 0.9, fields(6)
    down, right = x.roll(-1, 2), x.roll(-1, 3)
    sums = mass / 2 * x**2 - coupling * (x * down + x * right)
    law = LatticeOrnsteinUhlenbeck(mass=mass, coupling=coupling)
    assert_close(law.energy(x), sums.flatten(1).sum(1), EXACT)


def test_the_matern_covariance_of_smoothness_1():
    length, size = 32.0, 512
    covariance = torch.fft.ifft2(Matern(length=length, exponent=2.0).power(size)).real[0, :128]
    r = torch.arange(1, 128, dtype=torch.float64) / length
    # C(r) = (r / length) K_1(r / length); frequencies beyond pi hold (pi length)^-2 of the variance
    expected = r * torch.special.modified_bessel_k1(r)
    assert_close(covariance[0], torch.tensor(1.0, dtype=torch.float64), 1e-12)
    assert_close(covariance[1:] / expected, torch.ones(127, dtype=torch.float64), 2e-3)


def test_a_stretched_field():
    size = 32
    assert_close(Anisotropic(stretch=1.0, angle=0.4).power(size), PowerLaw().power(size), EXACT)
    flat = Anisotropic(angle=0.0).power(size)
    assert_close(Anisotropic(angle=math.pi / 2).power(size), flat.T, EXACT)
    assert_close(Anisotropic(angle=math.pi).power(size), flat, EXACT)
    # along its axis a field of ratio s has the frequency k where across it has k s
    wide = Anisotropic(stretch=4.0, angle=0.0).power(size)
    assert_close(wide[0, 2], wide[8, 0], EXACT)
    rising = torch.fft.ifft2(Anisotropic(angle=math.pi / 4).power(size)).real
    assert rising[-4, 4] > 2 * rising[4, 4]  # up and right, in pictures whose rows go down


def test_a_band_is_flat_and_has_its_limits_inside():
    law, size = BandLimited(low=math.pi / 4, high=math.pi / 2), 16
    power = law.power(size)
    assert (power[0, [2, 3, 4]] == power[0, 2]).all()
    assert (power[0, [0, 1, 5, 6, 7, 8]] == 0).all()
    assert float(power.mean()) == pytest.approx(1, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("law", [*LAWS, *DEGENERATE], ids=[*IDS, "no mean", "band"])
@pytest.mark.parametrize("size", [15, 16])
def test_samples_have_the_spectrum(law, size):
    assert_power(law, n=1000, size=size)


def test_samples_are_gaussian():
    x = Matern(length=1.0).sample(500, 32, 0).double()
    # 5e5 pixels, of which about one in 10 counts: the error of the kurtosis is sqrt(24 / 5e4)
    assert float((x**4).mean() / x.square().mean() ** 2) == pytest.approx(3, abs=0.05)


def test_dtype_of_energies_follows_the_field():
    x = fields(8)
    for dtype, tolerance in ((torch.float64, 0), (torch.float32, 1e-5)):
        got = PowerLaw().energy(x.to(dtype))
        assert got.dtype == PowerLaw().force(x.to(dtype)).dtype == dtype
        assert_close(got.double() / PowerLaw().energy(x), torch.ones(3).double(), tolerance)


@pytest.mark.parametrize("law", [*LAWS, *DEGENERATE], ids=[*IDS, "no mean", "band"])
def test_half_precision_is_computed_in_float32(law):
    for half in (torch.float16, torch.bfloat16):
        x = fields(8).to(half)
        for function in (law.energy, law.log_density, law.force, law.score):
            assert torch.equal(function(x), function(x.float()).to(half))
        product = law.hessian_vec(x.float(), x.float().flip(0)).to(half)
        assert torch.equal(law.hessian_vec(x, x.flip(0)), product)


def test_a_power_that_is_changed_does_not_change_the_law():
    law = PowerLaw()
    law.power(8).zero_()
    assert float(law.power(8).mean()) == pytest.approx(1)
