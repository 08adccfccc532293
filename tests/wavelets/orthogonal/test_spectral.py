"""Exact Gaussian algebra against transforms of fields, Monte Carlo and the published table."""

import math

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.wavelets import (
    Normalization,
    OrthogonalWavelet,
    cross_spectra,
    gaussian_levels,
    polyphase_matrix,
)

DOUBLE = torch.zeros((), dtype=torch.float64)
EXACT = 1e-12
CASES = [
    ("haar", "pywavelets"),
    ("db4", "pywavelets"),
    ("db4", "centred"),
    ("db10", "pywavelets"),
    ("shannon", "pywavelets"),
]


def power_law(height: int, width: int, exponent: float) -> torch.Tensor:
    """P(w) = c (xi^eta + |w|^eta)^-1 with xi = 2 pi / L and unit pixel variance."""
    rows, columns = (
        2 * math.pi * torch.fft.fftfreq(n, dtype=torch.float64) for n in (height, width)
    )
    radius = (rows[:, None].square() + columns.square()).sqrt()
    power = 1 / ((2 * math.pi / max(height, width)) ** exponent + radius**exponent)
    return power / power.mean()


def fields(spectrum: torch.Tensor, count: int, seed: int = 0) -> torch.Tensor:
    noise = randn((count, *spectrum.shape), rng=generator(seed), like=spectrum)
    return torch.fft.ifft2(spectrum.sqrt() * torch.fft.fft2(noise)).real


def bands(name: str, align: str, x: torch.Tensor) -> torch.Tensor:
    low, (details,) = OrthogonalWavelet(name, 1, align=align).analyze(x)
    return torch.cat([low.unsqueeze(-3), details], -3)


@pytest.mark.parametrize(("name", "align"), CASES)
def test_the_polyphase_matrix_is_unitary_and_gives_the_bands(name, align):
    x = randn((3, 8, 12), rng=generator(0), like=DOUBLE)
    unitary = polyphase_matrix(name, 8, 12, like=x, align=align)
    assert (unitary @ unitary.mH - torch.eye(4)).abs().max() < EXACT
    parts = torch.fft.fft2(x, norm="ortho").unflatten(-2, (2, -1)).unflatten(-1, (2, -1))
    aliases = parts.permute(0, 2, 4, 3, 1).flatten(3)
    expected = torch.fft.fft2(bands(name, align, x), norm="ortho")
    assert (torch.einsum("yxap,nyxp->nayx", unitary, aliases) - expected).abs().max() < EXACT


@pytest.mark.parametrize(("name", "align"), CASES)
def test_cross_spectra_are_those_of_the_dense_covariance(name, align):
    side = 8
    spectrum = power_law(side, side, 2)
    units = torch.eye(side**2, dtype=torch.float64).reshape(-1, side, side)
    root = torch.fft.ifft2(spectrum.sqrt() * torch.fft.fft2(units)).real
    pieces = torch.fft.fft2(bands(name, align, root), norm="ortho")  # (column of root, band, y, x)
    dense = torch.einsum("nayx,nbyx->yxab", pieces, pieces.conj())
    assert (dense - cross_spectra(spectrum, name, align=align)).abs().max() < 1e-10


def test_monte_carlo_covariances_are_within_three_deviations():
    """W5: the mean of |z|^2-like products over n fields deviates by about their size / sqrt(n)."""
    count, spectrum = 4000, power_law(8, 8, 2)
    pieces = torch.fft.fft2(bands("db4", "pywavelets", fields(spectrum, count)), norm="ortho")
    measured = torch.einsum("nayx,nbyx->yxab", pieces, pieces.conj()) / count
    expected = cross_spectra(spectrum, "db4")
    power = expected.diagonal(dim1=-2, dim2=-1).real
    # real modes have twice the variance of complex ones; 512 numbers: 4.5 deviations are expected
    deviation = (2 * power[..., :, None] * power[..., None, :] / count).sqrt()
    excess = (measured - expected).abs() / deviation
    assert excess.square().mean().sqrt() < 1.1
    assert (excess < 3).double().mean() > 0.99
    assert excess.max() < 5


@pytest.mark.parametrize("name", ["haar", "db4"])
@pytest.mark.parametrize(
    ("exponent", "published"),
    [(1, (2.2, 2.5, 2.6, 2.8)), (2, (6.6, 7.6, 7.9, 8.0)), (3, (20.2, 22.3, 22.6, 22.6))],
)
def test_conditional_condition_numbers_are_the_published_ones(name, exponent, published):
    sides = (8, 16, 32, 256)
    found = [
        gaussian_levels(power_law(side, side, exponent), name, 1)[0].condition_number()
        for side in sides
    ]
    assert found == pytest.approx(published, abs=0.051)  # printed to one decimal


@pytest.mark.parametrize(
    ("exponent", "name", "published"),
    [
        (1, "haar", 2.9),
        (2, "haar", 14),
        (2, "db2", 7.3),
        (2, "db4", 4.9),
        (3, "db4", 13),
        (3, "haar", 94),
    ],
)
def test_normalised_covariances_have_the_published_condition_numbers(exponent, name, published):
    """The whole covariance at L = 16, from its square root; every band has deviation one."""
    side = 16
    units = torch.eye(side**2, dtype=torch.float64).reshape(-1, 1, side, side)
    root = torch.fft.ifft2(power_law(side, side, exponent).sqrt() * torch.fft.fft2(units)).real
    wavelet, both = OrthogonalWavelet(name, 4), torch.cat([root, -root])
    normal = Normalization.fit("channel", wavelet, both).normalize(wavelet.analyze(both))
    rows = torch.cat([band.flatten(1) for band in (normal.low, *normal.details)], 1)
    values = torch.linalg.eigvalsh(rows.T @ rows)
    assert float(values[-1] / values[0]) == pytest.approx(published, rel=0.02)


def test_conditional_law_is_that_of_the_dense_schur_complement():
    side, spectrum = 4, power_law(4, 4, 3)
    units = torch.eye(side**2, dtype=torch.float64).reshape(-1, side, side)
    root = torch.fft.ifft2(spectrum.sqrt() * torch.fft.fft2(units)).real
    wavelet = OrthogonalWavelet("db2", 1)
    low, (details,) = wavelet.analyze(root)
    a, d = low.flatten(1), details.flatten(1)
    gain = torch.linalg.solve(a.T @ a, a.T @ d).T
    level = gaussian_levels(spectrum, "db2", 1)[0]
    probe = torch.eye(4, dtype=torch.float64).reshape(-1, 2, 2)
    assert (level.conditional_mean(probe).flatten(1).T - gain).abs().max() < 1e-10
    schur = d.T @ d - gain @ a.T @ d
    values = torch.linalg.eigvalsh(level.conditional).flatten().sort().values
    assert (values - torch.linalg.eigvalsh(schur)).abs().max() < 1e-10


@pytest.mark.slow
def test_fields_that_are_sampled_scale_by_scale_have_the_spectrum():
    """The coarsest band and conditional details, three levels: each mode within 4.5 deviations."""
    count, spectrum, rng = 4000, power_law(16, 16, 2), generator(5)
    levels = gaussian_levels(spectrum, "db2", 3)
    x = fields(levels[-1].low_spectrum, count, seed=1)
    step = OrthogonalWavelet("db2", 1)
    for level in reversed(levels):
        x = step.synthesize((x, (level.sample_details(x, rng=rng),)))
    measured = torch.fft.fft2(x, norm="ortho").abs().square().mean(0)
    assert ((measured / spectrum - 1).abs() < 4.5 * math.sqrt(2 / count)).all()


def test_spectra_that_no_real_field_has_are_refused():
    even = power_law(8, 8, 2)
    with pytest.raises(InputError, match=r"S\(k\) must equal S\(-k\)"):
        gaussian_levels(even + torch.arange(8) / 8, "haar", 1)
    with pytest.raises(InputError, match=r"expected \(height, width\)"):
        gaussian_levels(even[None], "haar", 1)
    with pytest.raises(InputError, match="8 x 8 cannot be halved 4 times"):
        gaussian_levels(even, "haar", 4)
    with pytest.raises(InputError, match="not negative"):
        gaussian_levels(-even, "haar", 1)


@pytest.mark.parametrize(
    ("spectrum", "text"),
    [
        (torch.ones(7, 8), "7 x 8 cannot be halved once: pad to 8 x 8"),
        (torch.ones(8, 8).long(), r"spectrum is int64.*as x\.float\(\) is"),
        (torch.ones(8, 8) + 0j, r"spectrum is complex64"),
        (torch.full((8, 8), torch.nan), "NaN or infinite"),
        (torch.ones(8, 8) / 0, "NaN or infinite"),
        (torch.ones(0, 8), r"shape \(0, 8\).*not empty"),
        (torch.ones(2, 8, 8), r"expected \(height, width\)"),
        (torch.arange(8.0).expand(8, 8), r"S\(k\) must equal"),
    ],
)
@pytest.mark.parametrize("function", [cross_spectra, lambda p, name: gaussian_levels(p, name, 1)])
def test_what_is_no_spectrum_is_refused(function, spectrum, text):
    with pytest.raises(InputError, match=text):
        function(spectrum, "db2")


@pytest.mark.parametrize(
    ("low", "text"),
    [
        (torch.zeros(4, 4), r"shape \(4, 4\): expected finite numbers, \(\.\.\., 8, 8\)"),
        (torch.full((8, 8), torch.nan), "expected finite numbers"),
        (torch.zeros(8, 8).int(), "low band is int32"),
        (torch.zeros(0, 8, 8), "not empty"),
    ],
)
def test_low_bands_that_do_not_fit_are_refused(low, text):
    level = gaussian_levels(power_law(16, 16, 2), "db2", 1)[0]
    with pytest.raises(InputError, match=text):
        level.conditional_mean(low)
    with pytest.raises(InputError, match=text):
        level.sample_details(low, rng=generator(0))


def test_other_arguments_that_cannot_be_used_are_refused():
    with pytest.raises(InputError, match="levels=0: use a whole number of levels"):
        gaussian_levels(power_law(8, 8, 2), "db2", 0)
    with pytest.raises(InputError, match="no wavelet 'nope'"):
        gaussian_levels(power_law(8, 8, 2), "nope", 1)
    for height, text in ((0, "even numbers of at least 2"), (7, "7 x 8 cannot be halved once")):
        with pytest.raises(InputError, match=text):
            polyphase_matrix("db2", height, 8, like=DOUBLE)


def test_a_field_without_some_frequencies_has_an_infinite_condition_number():
    even = torch.zeros(8, 8, dtype=torch.float64)
    even[0, 0] = 1
    assert gaussian_levels(even, "haar", 1)[0].condition_number() == math.inf
