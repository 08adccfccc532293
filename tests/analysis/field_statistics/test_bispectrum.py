"""Bispectrum: a brute-force sum over triangles, independent pixels, Gaussian variance."""

import itertools

import pytest
import torch

from field_samples import gaussian, smooth_power, white
from scorelet.analysis.field_statistics import bispectrum
from scorelet.analysis.field_statistics.bispectrum import LOWEST


def brute_force(x, ring, other):
    """Mean of X(k1) X(k2) X(k3) over closed triangles, k1 in `other`, k2 and k3 in `ring`."""
    side = x.shape[-1]
    spectrum = torch.fft.fft2(x - x.mean(), norm="ortho")
    k = [int(f) for f in torch.fft.fftfreq(side) * side]
    modes = list(itertools.product(k, k))

    def inside(mode, low, high):
        return low <= (mode[0] ** 2 + mode[1] ** 2) ** 0.5 < high

    first = [m for m in modes if inside(m, *other)]
    second = [m for m in modes if inside(m, *ring)]
    total, count = 0, 0
    for p, q in itertools.product(first, second):
        r = tuple((-(a + b) + side // 2) % side - side // 2 for a, b in zip(p, q, strict=True))
        if inside(r, *ring):
            total += (
                spectrum[:, p[0], p[1]] * spectrum[:, q[0], q[1]] * spectrum[:, r[0], r[1]]
            ).real
            count += 1
    power = [
        torch.stack([spectrum[:, m[0], m[1]].abs() ** 2 for m in group]).mean()
        for group in (first, second)
    ]
    return side * total.mean() / count / (power[0].sqrt() * power[1])


def test_it_is_the_sum_over_triangles():
    x = white(2, 16, 16).exp()
    found = bispectrum(x)
    rings = [LOWEST, (LOWEST[1], 16 / 3)]
    assert len(found.axis.x) == 2
    for i, ring in enumerate(rings):
        assert float(found.values[0, i]) == pytest.approx(float(brute_force(x, ring, ring)))
        assert float(found.values[1, i]) == pytest.approx(float(brute_force(x, ring, LOWEST)))


@pytest.mark.slow
@pytest.mark.parametrize("window", ["none", "hann"])
@pytest.mark.parametrize("shape", [(64, 64), (48, 65)])
def test_independent_pixels_have_their_skewness_on_every_triangle(shape, window):
    """Exponential variables have skewness 2, tapered or not."""
    x = torch.empty(400, *shape, dtype=torch.float64)
    x.exponential_(generator=torch.Generator().manual_seed(1))
    found = bispectrum(x, window=window)
    assert ((found.values - 2) / found.errors).abs().max() < 4
    assert found.errors[0, -1] < 0.1  # that is no empty claim


@pytest.mark.slow
def test_gaussian_fields_have_none():
    found = bispectrum(gaussian(smooth_power(64, 0.5), 200, seed=5))
    assert (found.values / found.errors).abs().max() < 4


@pytest.mark.slow
def test_it_has_no_unit():
    x = white(4, 32, 32).exp()
    torch.testing.assert_close(bispectrum(x).values, bispectrum(3 * x + 7).values)
    torch.testing.assert_close(bispectrum(x).values, -bispectrum(-x).values)


def test_small_fields_have_the_lowest_ring_only():
    assert bispectrum(white(2, 8, 8)).values.shape == (2, 1)
