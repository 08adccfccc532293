"""Samples beside data: laws in closed form, copies, floors, units, and what is refused."""

import json

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.random import generator, randn

SIDE = 32


def spectrum(power=None, side=SIDE):
    """1 / (1 + |k|²) without a mean, times `power(|k|)`."""
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    radius = torch.hypot(k[:, None], k)
    found = 1 / (1 + radius.square())
    found[0, 0] = 0
    return found if power is None else found * power(radius)


def fields(count, seed, power=None, *, side=SIDE, channels=1):
    """Gaussian fields of that spectrum around 1/2, within [0, 1]."""
    z = randn((count, channels, side, side), rng=generator(seed)).double()
    x = torch.fft.ifft2(torch.fft.fft2(z) * spectrum(power, side).sqrt()).real
    return (0.5 + 0.5 * x).float()


def through_window(law):
    """E |F(w x)|² for fields x of that spectrum, w a Hann window: a convolution with |F w|²."""
    line = torch.hann_window(SIDE, periodic=False, dtype=torch.float64)
    window = torch.fft.fft2(torch.outer(line, line)).abs().square()
    return torch.fft.ifft2(torch.fft.fft2(law) * torch.fft.fft2(window)).real


def measured(samples, data, **options):
    return sl.evaluate(samples=samples, data=data, **options)


def row_of(document, measure):
    (row,) = (row for row in document["rows"] if row["measure"].startswith(measure))
    return row


@pytest.fixture(scope="module")
def data():
    return fields(400, 0)


@pytest.mark.slow
def test_halves_of_the_data_are_at_the_floor(data):
    found = measured(data[:200], data[200:])
    for row in found["rows"]:
        if "data_error" in row:
            chance = 4 * np.hypot(row["samples_error"], row["data_error"])
            assert abs(row["samples"] - row["data"]) < chance, row
    assert found["copies"] == 0
    assert found["verdict"].startswith("As far as 100 of them show, the samples are as near to")
    assert found["verdict"].endswith("None of the 200 samples is a copy of a picture of the data.")
    assert found["warnings"] == []
    json.dumps(found)


@pytest.mark.slow
def test_ratios_are_those_of_the_spectra(data):
    def power(k):
        return torch.where(k >= 8, 2.5, 1.0).double()

    found = measured(fields(400, 1, power), data)
    rows = [row for row in found["rows"] if row["measure"].startswith("power")]
    k = torch.fft.fftfreq(SIDE, 1 / SIDE, dtype=torch.float64)
    radius = torch.hypot(k[:, None], k)
    laws = through_window(spectrum(power)), through_window(spectrum())
    for octave, row in enumerate(rows):
        low, high = 2**octave, 2 ** (octave + 1)
        assert row["measure"] == f"power, {low} to {high} cycles a side"
        inside = (radius >= low) & (radius < high)
        exact = float(laws[0][inside].mean() / laws[1][inside].mean())
        assert row["samples"] == pytest.approx(exact, abs=4 * row["samples_error"])
        assert row["samples_error"] < 0.07 * exact
        assert row["data"] == pytest.approx(1, abs=4 * row["data_error"])
    assert len(rows) == 5
    assert 2.4 < exact < 2.5
    assert "times the power of the data (1 more octave is off)." in found["verdict"]
