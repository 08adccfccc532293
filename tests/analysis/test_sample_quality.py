"""Distances between sets of pictures: of a set to itself none, of known changes what is known."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from scorelet.analysis.sample_quality import (
    kernel_distance,
    octave_ratios,
    power_ratios,
    scattering_features,
    split_distances,
    usual_scales,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn


def white(count, side=32, seed=0):
    return 0.5 + 0.1 * randn((count, 1, side, side), rng=generator(seed))


@pytest.mark.slow
def test_contrast_is_seen_in_every_octave():
    x = white(20)
    torch.testing.assert_close(
        octave_ratios(x, 3 * x), torch.full((5,), 9.0).double(), rtol=1e-6, atol=0
    )
    assert bool((octave_ratios(x, white(2000, seed=1)) - 1).abs().max() < 0.15)


def test_a_blur_takes_power_from_fine_octaves_only():
    x = white(50)
    k = torch.fft.fftfreq(32, 1 / 32)
    low = (k[:, None].square() + k.square()).sqrt() < 8
    y = torch.fft.ifft2(torch.fft.fft2(x) * low).real
    ratios = octave_ratios(x, y)
    assert float(ratios[-1]) < 0.02
    assert bool((ratios[:2] - 1).abs().max() < 0.05)


@pytest.mark.slow
def test_the_kernel_distance_of_gaussians_is_exact():
    """For a cubic kernel and N(0, 1) against N(m, 1) in one dimension, by its moments."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 4000, 1))
    a, m = (a - a.mean()) / a.std(ddof=1), 1.0
    x, y = torch.from_numpy(a), torch.from_numpy(b + m)
    # E (uv + 1)³ = E[u³]E[v³] + 3 E[u²]E[v²] + 3 E[u]E[v] + 1; moments 0, 1, 0 and m, 1+m², m³+3m
    one, two = np.array([0, 1, 0]), np.array([m, 1 + m**2, m**3 + 3 * m])
    weight = np.array([3, 3, 1])
    exact = float((weight * (one - two) ** 2).sum())
    assert kernel_distance(x, y) == pytest.approx(exact, rel=0.1)
    assert abs(kernel_distance(x, torch.from_numpy(rng.standard_normal((4000, 1))))) < 0.05


def test_brute_force_and_no_pair_with_itself():
    x, y = (randn((5, 3), rng=generator(k)).double() for k in (0, 1))
    mean, deviation = x.mean(0), x.std(0)
    a, b = (x - mean) / deviation, (y - mean) / deviation

    def kernel(u, v):
        return (float(u @ v) / 3 + 1) ** 3

    def own(rows, *, same):
        pairs = [kernel(rows[i], rows[j]) for i in range(5) for j in range(5) if same or i != j]
        return sum(pairs) / len(pairs)

    across = sum(kernel(u, v) for u in a for v in b) / 25
    for biased in (False, True):
        inside = own(a, same=biased) + own(b, same=biased)
        found = kernel_distance(x, y, biased=biased)
        assert found == pytest.approx(inside - 2 * across, rel=1e-9)


def test_the_biased_distance_is_never_negative_and_none_to_itself():
    """It is |mean of ψ(a) - mean of ψ(b)|², ψ the features of the kernel."""
    sets = [randn((6, 3), rng=generator(k)) for k in range(40)]
    found = [kernel_distance(a, b, biased=True) for a, b in pairwise(sets)]
    assert min(found) > 0 > min(kernel_distance(a, b) for a, b in pairwise(sets))
    assert kernel_distance(sets[0], sets[0], biased=True) == pytest.approx(0, abs=1e-12)


def test_features_tell_textures_apart_and_not_their_places():
    x = white(6)
    rolled = x.roll((5, 9), (-2, -1))
    features = scattering_features(x, scales=2, angles=4)
    moved = scattering_features(rolled, scales=2, angles=4)
    assert features.shape == (6, 1 + 2 * 4 + 16)
    assert float((features - moved).norm() / features.norm()) < 0.02


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="expected one shape"):
        octave_ratios(white(2), white(2, side=16))
    with pytest.raises(InputError, match="two of each"):
        kernel_distance(torch.ones(1, 3), torch.ones(5, 3))


@pytest.mark.slow
def test_the_error_of_a_ratio_is_its_spread():
    """Powers of exponential laws: v is 1, so the error is r sqrt(1/n + 1/m) to first order."""
    rng = generator(3)
    ratios = []
    for _ in range(400):
        x, y = (-torch.rand(count, 1, generator=rng).double().log() for count in (50, 200))
        ratios.append([float(each) for each in power_ratios(x, 2 * y)])
    values, errors = torch.tensor(ratios).T
    exact = 2 * (1 / 50 + 1 / 200) ** 0.5
    assert float(errors.mean()) == pytest.approx(exact, rel=0.05)
    assert float(values.std()) == pytest.approx(exact, rel=0.15)
    assert bool(power_ratios(x[:1], y)[1].isnan())


@pytest.mark.slow
def test_split_distances_are_those_of_halves():
    """Without bias 0 in the mean for one law; for N(m, 1) beside N(0, 1) 3 m² + 3 m⁴ + (m³+3m)²."""
    data, same = (randn((2000, 1), rng=generator(k)) for k in (0, 1))
    found, _ = split_distances(data, same[:500])
    assert found.pictures == 500
    assert abs(found.halves) < found.halves_spread
    assert abs(found.samples) < 3 * found.halves_spread
    m = 0.5
    exact = 3 * m**2 + 3 * m**4 + (m**3 + 3 * m) ** 2
    both = split_distances(data, same + m, splits=5)
    assert both[0].samples == pytest.approx(exact, rel=0.25)
    assert 0 < both[1].halves < 0.1
    assert both[1].pictures == 1000
    assert split_distances(data, same + m, splits=5) == both


def test_halves_need_two_pictures_each():
    for data, samples in ((3, 9), (9, 1)):
        with pytest.raises(InputError, match="two of each are needed"):
            split_distances(torch.rand(data, 2), torch.rand(samples, 2))
    with pytest.raises(InputError, match="splits is 1"):
        split_distances(torch.rand(9, 2), torch.rand(9, 2), splits=1)


def test_scales_fit_into_pictures():
    assert [usual_scales(side, 100) for side in (8, 15, 16, 32, 80, 200)] == [1, 1, 2, 3, 4, 4]
