"""Peaks: counted by hand, and as Bond and Efstathiou's law has them."""

import math

import pytest
import torch

from field_samples import gaussian, smooth_power, white
from scorelet.analysis.field_statistics import gaussian_reference, peaks, power_map
from scorelet.analysis.field_statistics.peaks import SMOOTHING
from scorelet.analysis.field_statistics.smoothing import spectral_moments
from scorelet.data.fields.ensembles import ensemble


def counts(statistic, pixels):
    step = statistic.axis.x[1] - statistic.axis.x[0]
    return statistic.values * step * pixels


def test_an_egg_box_has_two_peaks_and_two_minima_per_cell():
    wave = torch.cos(2 * math.pi * 3 * torch.arange(60.0).double() / 60 + 0.3)
    x = (wave[:, None] * wave)[None]
    found = counts(peaks(x), 60 * 60).round()
    assert found.sum(1).tolist() == [2 * 9, 2 * 9]
    # cos cos has the deviation 1/2, so peaks are 2 high; smoothed or not
    high = found[0].nonzero()[:, 0]
    low = found[1].nonzero()[:, 0]
    heights = peaks(x).axis.x
    assert (heights[high] - 2).abs().max() <= 0.25
    assert (heights[low] + 2).abs().max() <= 0.25


def test_they_are_pixels_above_their_eight_neighbours():
    x = white(3, 24, 24)
    found = counts(peaks(x), 24 * 24)
    w = 2 * math.pi * torch.fft.fftfreq(24, dtype=torch.float64)
    kernel = torch.exp(-(SMOOTHING**2) * (w[:, None] ** 2 + w**2) / 2)
    smooth = torch.fft.ifft2(torch.fft.fft2(x) * kernel).real
    around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    shifted = torch.stack([smooth.roll(s, (1, 2)) for s in around])
    expected = [(smooth > shifted).all(0).sum() / 3, (smooth < shifted).all(0).sum() / 3]
    torch.testing.assert_close(found.sum(1), torch.stack(expected).double())


@pytest.mark.slow
def test_gaussian_fields_have_the_law_of_the_continuum():
    power = smooth_power(128, 2.0)
    found = peaks(gaussian(power, 150, seed=2))
    reference = gaussian_reference(power, found)
    often = reference * 150 * 128**2 / 4 > 100  # peaks in the bin
    z = ((found.values - reference) / found.errors)[often]
    assert len(z) > 20
    assert z.abs().max() < 4.5  # and bins of 1/4 deviations bend a little


@pytest.mark.slow
@pytest.mark.parametrize("slope", [0.01, 2])
def test_pixels_have_two_to_five_percent_less_than_the_continuum(slope):
    law = ensemble("power_law", eta=slope)
    x = law.sample(200, 64, seed=1)[:, 0].double()
    found = peaks(x)
    share = found.values.sum(1) / gaussian_reference(power_map(x), found).sum(1)
    assert ((share > 0.94) & (share < 0.98)).all()


def test_the_law_has_the_total_of_the_continuum():
    power = smooth_power(64)
    found = peaks(gaussian(power, 2))
    _, gradient, laplacian = spectral_moments(power, SMOOTHING)
    theta = math.sqrt(2) * gradient / laplacian
    total = gaussian_reference(power, found).sum(1) * 0.25
    expected = 1 / (4 * math.pi * math.sqrt(3) * theta**2)
    torch.testing.assert_close(total, expected.expand(2), atol=0, rtol=1e-4)
