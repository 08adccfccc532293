"""Weak frequencies are amplified as the formula says, and fields come back."""

from dataclasses import asdict

import pytest
import torch

from scorelet.data.fields.prewhitening import (
    FEW,
    SLACK,
    SLOPE,
    WORTH,
    Prewhitening,
    prewhitening_of,
)

SIZES = (16, 16), (12, 18), (15, 9)


def radius(height, width):
    rows = torch.fft.fftfreq(height, dtype=torch.float64)
    columns = torch.fft.rfftfreq(width, dtype=torch.float64)
    return (rows[:, None] ** 2 + columns**2).sqrt()


def fields_of(power, width, count=50):
    """Fields in each of which frequencies have these very powers, and phases of chance."""
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(count, len(power), width, generator=rng, dtype=torch.float64)
    spectrum = torch.fft.rfft2(noise)
    return torch.fft.irfft2(spectrum / spectrum.abs() * power.sqrt(), s=(len(power), width))


def beam(height, width):
    return torch.exp(-60 * radius(height, width) ** 2)


@pytest.mark.parametrize("size", SIZES)
def test_powers_are_raised_to_those_of_the_envelope(size):
    power, f = beam(*size), radius(*size)
    found = prewhitening_of(fields_of(power, size[1]))
    raised = power * (2 * found.gains).exp()
    ring = (f * max(size)).round().long()
    medians = {int(r): float(power[ring == r].median()) for r in ring.unique() if r > 0}
    slack = SLACK * (1 + FEW / 50)
    for r in medians:
        envelope = max(p * (e / r) ** SLOPE for e, p in medians.items() if e <= r)
        expected = power[ring == r].clamp_min(envelope / slack)
        assert torch.allclose(raised[ring == r], expected, rtol=0.02)  # steps of 0.01
    assert raised[0, 0] == power[0, 0]


@pytest.mark.parametrize("size", SIZES)
def test_fields_come_back(size):
    x = fields_of(beam(*size), size[1])
    found = prewhitening_of(x)
    y = found.apply(x)
    assert float((y - x).norm() / x.norm()) > 1e-3
    assert torch.allclose(found.undo(y), x, atol=1e-10 * float(x.std()))
    assert torch.allclose(found.apply(x.roll((3, 2), (1, 2))), y.roll((3, 2), (1, 2)))
    assert Prewhitening(**asdict(found)).undo(y).equal(found.undo(y))


def test_fields_whose_power_falls_no_faster_stay():
    f = radius(16, 16).clamp_min(1 / 16)
    x = fields_of(f**-3.0, 16)
    assert not prewhitening_of(x)
    assert Prewhitening().apply(x) is x
    assert prewhitening_of(x, always=True)
    assert prewhitening_of(fields_of(beam(16, 16), 16))


def test_what_simulations_cut_away_is_found_by_frequency():
    """Alive and dead frequencies of one ring: only the dead ones are raised."""
    f = radius(16, 16).clamp_min(1 / 16)
    dead = torch.fft.fftfreq(16).abs()[:, None].expand(f.shape) > 0.3
    power = f**-2.0 * torch.where(dead, 1e-15, 1.0)
    gains = prewhitening_of(fields_of(power, 16)).gains
    assert float((2 * gains[dead]).exp().min()) > WORTH
    assert float(gains[~dead].max()) == 0


def test_stripes_and_mirrors_are_no_fall():
    """A line of power does not raise what is beyond it, nor are zeros raised that mirrors have."""
    line = torch.where(radius(16, 16) == 0.25, 1e4, 1.0)
    assert not prewhitening_of(fields_of(line, 16))
    x = fields_of(torch.ones(16, 9).double(), 16)
    x = torch.cat([x, x.flip(1)], 1)
    x = torch.cat([x, x.flip(2)], 2)
    assert not any(prewhitening_of(x + mean) for mean in (0.0, 1000.0))


@pytest.mark.parametrize("mean", [0.0, 1000.0])
@pytest.mark.parametrize("side", [16, 32])
def test_what_falls_to_rounding_leaves_no_cliff(side, mean):
    """Beams of 2 and 3 pixels: beyond some ring there is but rounding, or none of the mean's."""
    w = 2 * torch.pi * torch.fft.fftfreq(side, dtype=torch.float64)
    for width in (2.0, 3.0):
        beam = torch.exp(-(w[:, None].square() + w.square()) * width**2 / 2)
        noise = torch.randn(100, side, side, generator=torch.Generator().manual_seed(2))
        x = torch.fft.ifft2(torch.fft.fft2(noise.double()) * beam).real + mean
        raised = torch.fft.rfft2(prewhitening_of(x).apply(x)).abs().square().mean(0)
        assert float(raised.flatten()[1:].min() / raised.flatten()[1:].max()) > 1e-9


def test_powers_of_few_fields_differ_by_chance():
    rng = torch.Generator().manual_seed(1)
    assert not any(
        prewhitening_of(torch.randn(n, 32, 32, generator=rng)) for n in (2, 3, 5, 10, 100)
    )


def test_fields_of_another_size_have_the_same_gains_at_the_same_frequencies():
    found = prewhitening_of(fields_of(beam(16, 16), 16))
    larger = found.gains_of(32, 48)
    assert torch.allclose(larger[::2, ::3], found.gains, atol=1e-9)
    assert torch.allclose(found.gains_of(8, 8)[:4], found.gains[:8:2, ::2], atol=1e-9)
    x = torch.randn(2, 32, 48, dtype=torch.float64)
    assert torch.allclose(found.undo(found.apply(x)), x, atol=1e-6)
