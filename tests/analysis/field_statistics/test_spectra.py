"""Power spectrum, two-point function, random phases: identities and known spectra."""

import math

import pytest
import torch

from field_samples import gaussian, log_normal, smooth_power, white
from scorelet.analysis.field_statistics import (
    STATISTICS,
    covariance_spectrum,
    phase_randomized,
    power_map,
    power_spectrum,
    two_point,
)
from scorelet.core.random import generator
from scorelet.data.fields.ensembles import ensemble
from scorelet.wavelets import ScatteringCovariance


def test_a_plane_wave_is_one_ring():
    """A cosine of amplitude a has |X|^2 = a^2 N / 4 at two frequencies."""
    rows, columns = torch.meshgrid(
        torch.arange(24.0).double(), torch.arange(32.0).double(), indexing="ij"
    )
    x = 3 * torch.cos(2 * math.pi * (2 * rows / 24 + 4 * columns / 32))[None]
    found = power_map(x)
    expected = torch.zeros(24, 32, dtype=torch.float64)
    expected[2, 4] = expected[-2, -4] = 9 * 24 * 32 / 4
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-12)
    # 2 cycles per 24 pixels, and 4 per 32, which are 3 per 24
    assert power_spectrum(x).values[0].argmax() == round(math.hypot(2, 3))


@pytest.mark.parametrize("shape", [(16, 16), (17, 12), (12, 17), (15, 15)])
def test_the_mean_of_the_power_is_the_variance(shape):
    x = white(3, *shape) + 5
    power = power_map(x)
    torch.testing.assert_close(power.mean(), x.var(correction=0), atol=0, rtol=1e-12)
    full = torch.fft.fft2(x - x.mean(), norm="ortho").abs().square().mean(0)
    torch.testing.assert_close(power, full, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("shape", [(32, 32), (48, 64), (33, 31)])
def test_rings_are_means_over_rounded_radii(shape):
    x, side = white(2, *shape), min(shape)
    k = [torch.fft.fftfreq(n, dtype=torch.float64) * side for n in shape]
    radius = (k[0][:, None] ** 2 + k[1] ** 2).sqrt()
    found = power_spectrum(x)
    for ring in range(min(side // 2, 16) + 1):
        inside = (radius >= ring - 0.5) & (radius < ring + 0.5)
        expected = power_map(x)[inside].mean()
        torch.testing.assert_close(found.values[0, ring], expected, atol=0, rtol=1e-10)
        assert found.axis.x[ring] == pytest.approx(float(radius[inside].mean()))


def test_wide_rings_hold_every_frequency_up_to_half_a_side():
    found = power_spectrum(white(1, 128, 128))
    assert (found.axis.x.diff() > 0).all()
    assert found.axis.x[-1] == pytest.approx(62, abs=3)
    assert found.values.isfinite().all()


@pytest.mark.parametrize("name", ["power_law", "matern"])
def test_gaussian_ensembles_have_their_power(name):
    """F1: within 3 sigma each; 4 for the worst of 16 rings."""
    law = ensemble(name)
    x = law.sample(64, 64, seed=3)
    found, exact = power_spectrum(x), law.power(64)
    k = 64 * torch.fft.fftfreq(64, dtype=torch.float64)
    radius = (k[:, None] ** 2 + k**2).sqrt()
    for ring in range(1, 17):
        inside = (radius >= ring - 0.5) & (radius < ring + 0.5)
        gap = found.values[0, ring] - exact[inside].mean()
        assert abs(gap) < 4 * found.errors[0, ring]


@pytest.mark.slow
def test_errors_are_the_deviation_over_sets():
    power = smooth_power(32)
    sets = [power_spectrum(gaussian(power, 50, seed)) for seed in range(40)]
    spread = torch.stack([s.values[0, 1:8] for s in sets]).std(0)
    claimed = torch.stack([s.errors[0, 1:8] for s in sets]).mean(0)
    # a deviation over 40 sets is known to 1 / sqrt(80) = 11 %; 3 of these
    torch.testing.assert_close(claimed, spread, atol=0, rtol=0.35)


def test_tapering_keeps_the_power_of_white_noise():
    found = power_spectrum(white(64, 64, 64), window="hann")
    # the taper correlates neighbours, so errors are taken from the bootstrap; k = 0 and 1 leak
    assert ((found.values - 1).abs() / found.errors)[0, 2:].max() < 4


def test_tapering_stops_the_leak_of_steep_spectra():
    """A ramp has a power of 1/k^2 by its jump; tapered, it has next to nothing beyond k = 3."""
    ramp = torch.arange(64.0).double().expand(1, 64, 64)
    with pytest.warns(UserWarning, match="window='hann'"):
        jumping = power_spectrum(ramp)
    tapered = power_spectrum(ramp, window="hann")
    assert tapered.values[0, 10] < 1e-4 * jumping.values[0, 10]


@pytest.mark.parametrize("shape", [(16, 16), (12, 17)])
def test_two_point_is_the_mean_product_at_a_distance(shape):
    x = white(2, *shape) + 3
    found, centred = two_point(x), x - x.mean()
    sums = torch.zeros(len(found.axis.x), dtype=torch.float64)
    counts = torch.zeros_like(sums)
    for i in range(shape[0]):
        for j in range(shape[1]):
            short = math.hypot(min(i, shape[0] - i), min(j, shape[1] - j))
            ring = math.floor(short + 0.5)
            if ring < len(sums):
                sums[ring] += (centred * centred.roll((i, j), (1, 2))).mean()
                counts[ring] += 1
    torch.testing.assert_close(found.values[0], sums / counts, atol=1e-12, rtol=1e-9)


def test_two_point_of_cut_fields_does_not_wrap():
    """White noise has C(r > 0) = 0; a piece of a smooth field has the C of the whole."""
    x = white(200, 16, 16)
    found = two_point(x, window="hann")
    z = found.values[0] / found.errors[0]
    assert found.values[0, 0] == pytest.approx(1, abs=0.05)
    assert z[1:].abs().max() < 4
    field = gaussian(smooth_power(64, 1.0), 100)[:, :32, :32]
    whole = two_point(gaussian(smooth_power(64, 1.0), 100, seed=1))
    cut = two_point(field, window="hann")
    gap = (cut.values[0] - whole.values[0, :17])[:12]
    error = (cut.errors[0].square() + whole.errors[0, :17].square()).sqrt()[:12]
    assert (gap / error).abs().max() < 4


@pytest.mark.parametrize("shape", [(8, 8), (9, 12)])
def test_the_covariance_of_cut_fields_is_that_of_pairs_inside(shape):
    x = white(2, *shape).cumsum(1) + 3
    found = torch.fft.ifft2(covariance_spectrum(x, window="hann")).real
    for i in range((shape[0] + 1) // 2):
        for j in range((shape[1] + 1) // 2):
            step = x[:, i:, j:] - x[:, : shape[0] - i, : shape[1] - j]
            expected = x.var(correction=0) - step.square().mean() / 2
            torch.testing.assert_close(found[i, j], expected, atol=1e-12, rtol=1e-9)
    whole = white(2, *shape)
    assert torch.equal(covariance_spectrum(whole), power_map(whole))


def test_random_phases_keep_power_and_mean():
    """F10: P to 1e-6 in float32, field by field; and another stream gives other fields."""
    x = log_normal(smooth_power(32), 4).float()
    y = phase_randomized(x, rng=generator(1))
    before, after = (torch.fft.fft2(u).abs().square() for u in (x, y))
    assert ((after - before).abs() / before.amax((1, 2), keepdim=True)).max() < 1e-6
    torch.testing.assert_close(y.mean((1, 2)), x.mean((1, 2)), atol=1e-6, rtol=1e-6)
    assert not torch.equal(y, phase_randomized(x, rng=generator(2)))
    torch.testing.assert_close(y[:2], phase_randomized(x[:2], rng=generator(1)))


@pytest.mark.slow
def test_random_phases_destroy_third_and_fourth_scattering_moments():
    """F10 for S3 and S4: more than 5 sigma on log-normal maps, below it on Gaussian ones."""
    kinds = [moment.kind for moment in ScatteringCovariance().moments((32, 32))]
    surprises = {}
    for law in ("log_normal", "power_law"):
        x = ensemble(law).sample(100, 32, seed=3)
        before = STATISTICS["scattering"].measure(x)
        after = STATISTICS["scattering"].measure(phase_randomized(x, rng=generator(0)), like=before)
        error = (before.errors.square() + after.errors.square()).sqrt()
        gap = ((before.values - after.values).abs() / error)[0]
        for kind in ("S3", "S4"):
            chosen = torch.tensor([k == kind for k in kinds]) & gap.isfinite()
            surprises[law, kind] = float(gap[chosen].max())
    assert min(surprises["log_normal", kind] for kind in ("S3", "S4")) > 5
    # the worst of thousands of correlated numbers
    assert max(surprises["power_law", kind] for kind in ("S3", "S4")) < 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["structure", "bispectrum", "minkowski", "marginal", "moments"])
def test_random_phases_destroy_what_is_not_gaussian(name):
    """F10: more than 5 sigma on log-normal fields."""
    x = log_normal(smooth_power(64, 1.0), 100)
    before = STATISTICS[name].measure(x)
    after = STATISTICS[name].measure(phase_randomized(x, rng=generator(0)), like=before)
    error = (before.errors.square() + after.errors.square()).sqrt()
    gap = (before.values - after.values).abs() / error
    assert gap[gap.isfinite()].max() > 5
