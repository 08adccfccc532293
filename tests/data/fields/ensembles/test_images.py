"""Synthetic images: C^alpha images, discs, sinusoids."""

import math

import pytest
import torch
from torch.func import jacrev

from laws.denoiser_laws import assert_close
from laws.ensemble_laws import assert_power, transform_power
from scorelet.core.random import generator
from scorelet.data.fields.ensembles import (
    Disc,
    Discs,
    RegularImages,
    Sinusoids,
    UniformlyRegularImages,
    render_disc,
)
from scorelet.data.fields.ensembles.regular_images import _curve, _region


def haar(x, levels):
    """Coefficients of the orthonormal Haar transform, (n, d)."""
    found = []
    for _ in range(levels):
        low = (x[:, ::2] + x[:, 1::2]) / 2**0.5, (x[:, ::2] - x[:, 1::2]) / 2**0.5
        bands = [(b[..., ::2] + s * b[..., 1::2]) / 2**0.5 for b in low for s in (1, -1)]
        x = bands[0]
        found += [band.flatten(1) for band in bands[1:]]
    return torch.cat([*found, x.flatten(1)], 1)


def oracle_slope(coefficients, low, high):
    """Slope of output against input PSNR, low to high dB, of the gains c^2 / (c^2 + sigma^2)."""
    psnr = torch.arange(low, high + 1, 2.5, dtype=torch.float64)
    variance = 10 ** (-psnr[:, None, None] / 10)
    squares = coefficients.square()
    output = -10 * (variance * squares / (squares + variance)).mean((1, 2)).log10()
    x, y = psnr - psnr.mean(), output
    return float((x * y).sum() / (x * x).sum())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alpha", "window", "slope"),
    [
        (1.0, (0, 15), 0.50),
        (1.0, (10, 25), 0.53),
        (1.0, (20, 35), 0.69),
        (1.0, (30, 45), 0.84),
        (3.0, (0, 15), 0.71),
        (3.0, (10, 25), 0.67),
        (3.0, (20, 35), 0.66),
        (3.0, (30, 45), 0.70),
    ],
)
def test_oracle_slopes_of_regular_images(alpha, window, slope):
    """The values are from another program for the published recipe: 60 images, 3 levels of Haar."""
    x = RegularImages(alpha=alpha).sample(60, 80, 0)[:, 0].double()
    assert oracle_slope(haar(x, 3), *window) == pytest.approx(slope, abs=0.02)


def slope(x, y):
    """Of log y against log x."""
    x, y = x.log() - x.log().mean(), y.log()
    return float((x * y).sum() / (x * x).sum())


EXPONENTS = {
    # fall of the k-th largest square and regularity of the contour, for alpha = beta
    RegularImages: lambda alpha: (alpha, alpha - 0.5),
    UniformlyRegularImages: lambda alpha: (alpha + 1, alpha),
}


@pytest.mark.parametrize("law", EXPONENTS)
@pytest.mark.parametrize("alpha", [1.0, 2.0, 3.0])
def test_coefficients_of_a_region_fall_as_its_class_says(law, alpha):
    """Sorted squares of Fourier coefficients of 20 regions, over two decades of ranks."""
    size, exponent = 64, law(alpha=alpha)._exponents()[1]
    regions = torch.stack([_region(size, exponent, generator(0, k)) for k in range(20)])
    squares = torch.fft.fft2(regions - regions.mean((1, 2), keepdim=True)).abs().square()
    ranked = squares.flatten(1).sort(descending=True).values.log().mean(0).exp()
    ranks = torch.arange(1, size**2 + 1, dtype=torch.float64)
    found = slope(ranks[10:1000], ranked[10:1000])
    # the order of ranks mixes exponential variables with the law: 5 %
    assert found == pytest.approx(-EXPONENTS[law](alpha)[0], rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("law", EXPONENTS)
@pytest.mark.parametrize("alpha", [0.75, 0.9])
def test_increments_of_a_contour_grow_as_its_class_says(law, alpha):
    """E |c(t + h) - c(t)|^2 grows as h^(2 s), s the regularity, for 0 < s < 1; 50 curves."""
    size, exponent = 1 << 14, law(alpha=alpha)._exponents()[0]
    curves = torch.stack([_curve(size, exponent, generator(1, k)) for k in range(50)])
    steps = torch.tensor([2.0, 4.0, 8.0, 16.0, 32.0], dtype=torch.float64)
    moved = [(curves.roll(int(h), 1) - curves).square().mean() for h in steps]
    found = slope(steps, torch.stack(moved)) / 2
    # powers of both ends of the spectrum bend the line: 0.04
    assert found == pytest.approx(EXPONENTS[law](alpha)[1], abs=0.06)


@pytest.mark.slow
def test_regular_images_are_as_often_their_negative():
    """x and 1 - x have one law: image means have the mean 1/2 and no skewness."""
    x = RegularImages().sample(2000, 16, 0).double()
    means = x.flatten(1).mean(1)
    assert float(x.min()) >= 0
    assert float(x.max()) <= 1
    assert abs(float(means.mean()) - 0.5) < 4 * float(means.std()) / 2000**0.5
    cubes = (means - 0.5) ** 3
    assert abs(float(cubes.mean())) < 4 * float(cubes.std()) / 2000**0.5


@pytest.mark.parametrize(
    "law", [RegularImages(alpha=4.0, beta=6.0), UniformlyRegularImages(alpha=3.0)], ids=str
)
def test_only_the_contour_is_rough(law):
    """With a smooth contour and smooth regions, jumps lie in one ribbon of two pixels."""
    x = law.sample(50, 64, 0)[:, 0].double()
    jumps = (x[:, 1:] - x[:, :-1]).abs()
    crossed = jumps > 0.15 * (x.amax((1, 2)) - x.amin((1, 2)))[:, None, None]
    assert float(crossed.sum(1).double().mean()) < 4
    assert float((crossed.sum((1, 2)) > 0).double().mean()) > 0.5


@pytest.mark.slow
def test_regularity_of_the_regions_and_of_the_contour_are_set_apart():
    smooth, rough = RegularImages(alpha=2.0, beta=6.0), RegularImages(alpha=2.0, beta=1.0)
    assert (
        RegularImages(alpha=2.0, beta=2.0)
        .sample(1, 32, 0)
        .equal(RegularImages(alpha=2.0).sample(1, 32, 0))
    )
    details = [e.sample(50, 32, 0)[:, 0].diff(dim=1).abs().median().item() for e in (smooth, rough)]
    assert details[1] > 3 * details[0]


def number(value):
    return torch.tensor(value, dtype=torch.float64)


def test_a_disc_covers_its_area():
    for radius in (3.0, 4.7, 9.2):
        disc = Disc(number(15.3), number(16.8), number(radius), number(1.0), number(0.0))
        area = float(render_disc(disc, 33).sum())
        # a ramp one pixel wide adds the area of the ring, 1/12 of 2 pi in all, and lattice noise
        assert area == pytest.approx(math.pi * (radius**2 + 1 / 12), rel=0.01)


def test_the_tangent_space_has_five_dimensions():
    disc = Disc(*(number(v) for v in (10.2, 13.1, 5.4, 0.8, 0.3)))
    columns = jacrev(lambda u: render_disc(Disc(*u), 24))(torch.stack(disc)).flatten(0, 1)
    assert int(torch.linalg.matrix_rank(columns)) == 5
    step = 1e-6
    for k in range(5):
        moved = torch.stack(disc)
        moved[k] += step
        difference = (render_disc(Disc(*moved), 24) - render_disc(disc, 24)) / step
        # a step can take a pixel over a corner of the ramp
        assert (difference.flatten() - columns[:, k]).abs().median() < 1e-5
    # grey levels: the two tangents are the disc and its complement
    assert_close(columns[:, 3] + columns[:, 4], torch.ones(24 * 24, dtype=torch.float64), 1e-12)


@pytest.mark.slow
def test_discs_have_the_parameters_that_are_reported():
    law, size, n = Discs(smallest=4.0), 32, 500
    discs, x = law.discs(n, size, 3), law.sample(n, size, 3)
    for k in (0, 7, n - 1):
        one = Disc(*(values[k] for values in discs))
        assert torch.equal(render_disc(one, size).float(), x[k, 0])
    assert all(
        torch.equal(values[5:8], part)
        for values, part in zip(discs, law.discs(3, size, 3, start=5), strict=True)
    )
    r = discs.radius
    assert 4 <= float(r.min()) < float(r.max()) <= (size - 3) / 2
    for values, low, high in (
        (r, 4.0, (size - 3) / 2),
        (discs.foreground, 0.0, 1.0),
        (discs.background, 0.0, 1.0),
        ((discs.row - r) / (size - 1 - 2 * r), 0.0, 1.0),
        ((discs.column - r) / (size - 1 - 2 * r), 0.0, 1.0),
    ):
        u = (values - low) / (high - low)
        # the largest gap to the uniform law: 1.95 / sqrt(n) is passed by 1 in 1000
        ordered = u.sort().values
        assert (ordered - (torch.arange(n) + 0.5) / n).abs().max() < 1.95 / n**0.5


@pytest.mark.slow
def test_sinusoids_have_the_spectrum():
    assert_power(Sinusoids(), n=2000, size=16, mean=0.5)
    assert_power(Sinusoids(highest=3.0), n=2000, size=15, mean=0.5)


def test_a_sinusoid_has_one_frequency():
    size = 16
    power = transform_power(Sinusoids().sample(40, size, 0) - 0.5)
    strongest = power.flatten(1).topk(2).values
    assert_close(strongest[:, 0], strongest[:, 1], 1e-6 * float(power.max()))
    rest = power.flatten(1).sum(1) - strongest.sum(1)
    assert (rest < 1e-10 * size**2).all()
