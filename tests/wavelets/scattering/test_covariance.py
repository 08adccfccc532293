"""Scattering covariances: the definition, Gaussian fields, invariances, gradients."""

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.wavelets.morlet.bank import morlet_bank
from scorelet.wavelets.scattering.covariance import ScatteringCovariance, scattering_covariance


def fields(count, side, *, eta=1.0, seed=0):
    """Gaussian fields of spectrum |ω|^-eta, float64."""
    white = torch.randn(
        count, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    axis = torch.fft.fftfreq(side, dtype=torch.float64)
    radius = (axis[:, None] ** 2 + axis**2).sqrt()
    radius[0, 0] = torch.inf
    return torch.fft.ifft2(torch.fft.fft2(white) * radius ** (-eta / 2)).real


def test_moments_are_those_of_the_definition():
    """Every moment by convolutions and means over space, in numpy."""
    x = fields(1, 16)[0].exp()
    statistic = ScatteringCovariance(J=3, L=2)
    waves = [wave for band in morlet_bank((16, 16), 3, 2).bands for wave in band]

    def filtered(u, wave):
        return np.fft.ifft2(np.fft.fft2(u) * wave)

    linear = [filtered(x.numpy(), wave) for wave in waves]
    power = [np.mean(np.abs(w) ** 2) for w in linear]
    for moment, value in zip(statistic.moments((16, 16)), statistic(x), strict=True):
        a, *rest = (2 * j + t for j, t in zip(moment.scales, moment.angles, strict=True))
        if moment.kind == "S1":
            expected = np.mean(np.abs(linear[a])) / np.sqrt(power[a])
        elif moment.kind == "S2":
            expected = power[a]
        else:
            left = linear[a] if len(rest) == 1 else filtered(np.abs(linear[rest[1]]), waves[a])
            right = filtered(np.abs(linear[rest[0]]), waves[a])
            scale = power[rest[0]] * power[a if len(rest) == 1 else rest[1]]
            number = np.mean(left * right.conj()) / np.sqrt(scale)
            expected = number.real if moment.part == "real" else number.imag
        assert float(value) == pytest.approx(expected, abs=1e-10), moment


def test_third_moments_tell_a_gaussian_field_from_an_exponential_of_one():
    """S3 of Gaussian fields is 0 within five errors over fields, of exponentials far from it."""
    x = fields(40, 32)
    statistic = ScatteringCovariance(J=3, L=2)
    third = torch.tensor([moment.kind == "S3" for moment in statistic.moments((32, 32))])

    def surprise(x):
        values = statistic(x)[:, third]
        return (values.mean(0).abs() / (values.std(0) / len(x) ** 0.5 + 1e-12)).max()

    assert surprise(x) < 5
    assert surprise((2 * x / x.std()).exp()) > 10


@pytest.mark.slow
def test_the_first_moment_of_gaussian_fields_is_that_of_a_circular_variable():
    """E|z| / √E|z|² = √π / 2 for circular Gaussian z; those of j = 0 reach Nyquist and are not."""
    statistic = ScatteringCovariance(J=2, L=4)
    first = statistic(fields(30, 64, eta=0))[:, 4:8].mean(0)
    torch.testing.assert_close(first, torch.full_like(first, torch.pi**0.5 / 2), rtol=0, atol=5e-3)


def test_shifts_and_factors_change_nothing_but_the_power():
    statistic, x = ScatteringCovariance(J=3, L=3), fields(2, 24).exp()
    kinds = [moment.kind for moment in statistic.moments((24, 24))]
    factor = torch.tensor([9.0 if kind == "S2" else 1.0 for kind in kinds], dtype=torch.float64)
    moved = statistic(3 * x.roll((5, -7), (-2, -1)))
    torch.testing.assert_close(moved, statistic(x) * factor, rtol=1e-9, atol=1e-12)


def test_the_function_is_the_statistic_with_defaults():
    x = fields(5, 32).reshape(5, 1, 32, 32)
    values = scattering_covariance(x)
    torch.testing.assert_close(values, ScatteringCovariance(J=4, L=4)(x[:, 0]))
    torch.testing.assert_close(values[3:4], scattering_covariance(x[3:4]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("factor", [1, 1000])
def test_moments_are_in_single_precision_at_least(dtype, factor):
    """Those of a field that has been rounded, to the rounding of float32; squares are in range."""
    x = (factor * fields(2, 16)).to(dtype)
    values, exact = (ScatteringCovariance(J=2, L=2)(u) for u in (x, x.double()))
    assert values.dtype == torch.float32
    assert exact.dtype == torch.float64
    eps = torch.finfo(torch.float32).eps
    assert ((values - exact).abs() <= 4 * eps * exact.abs().clamp(min=1)).all()


@pytest.mark.parametrize("factor", [1e-17, 1e15])
def test_dark_and_bright_fields_have_the_moments_of_others(factor):
    """S2 is quadratic, the others know no unit; 1e-34 and 1e30 are float32."""
    statistic, x = ScatteringCovariance(J=2, L=2), fields(2, 16).float()
    kinds = [moment.kind for moment in statistic.moments((16, 16))]
    units = torch.tensor([factor if kind == "S2" else 1.0 for kind in kinds])
    torch.testing.assert_close(
        statistic(factor * x) / units / units, statistic(x), rtol=1e-4, atol=1e-5
    )


def test_gradients_by_finite_differences():
    statistic = ScatteringCovariance(J=2, L=2)
    assert torch.autograd.gradcheck(statistic, fields(1, 8).requires_grad_(), fast_mode=True)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ScatteringCovariance(J=0), "J is 0 and L is 4: J must be at least 1 and L at"),
        (lambda: ScatteringCovariance(J=4)(torch.zeros(8, 64)), "J is 4, but the fields have 8x64"),
        (
            lambda: scattering_covariance(torch.zeros(2, 3, 8, 8)),
            r"\(2, 3, 8, 8\): expected \(n, 1",
        ),
        (lambda: ScatteringCovariance()(torch.full((8, 8), torch.nan)), "NaN or infinite"),
        (lambda: ScatteringCovariance()(torch.zeros(3, 64)), "J is 0, but the fields have 3x64"),
        (lambda: ScatteringCovariance()(torch.zeros(8, 8).long()), "torch.int64"),
        (lambda: ScatteringCovariance()(torch.zeros(8, 8) + 0j), "complex64.*x.real and x.imag"),
        (lambda: ScatteringCovariance()(torch.zeros(0, 8, 8)), r"\(0, 8, 8\).*at least one"),
        (lambda: ScatteringCovariance(J=2, L=0), "J is 2 and L is 0"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()


def test_filters_that_another_thread_replaces_are_used():
    class Replaced(ScatteringCovariance):
        def __setattr__(self, name, value):
            super().__setattr__(name, {} if name == "_kept" else value)

    x = fields(2, 16)
    assert torch.equal(Replaced(2, 2)(x), ScatteringCovariance(2, 2)(x))
