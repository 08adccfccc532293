"""Powers of samples made those of fields: closed forms, and a model whose samples are known."""

import pytest
import torch

import scorelet as sl
from scorelet.analysis.field_statistics import power_spectrum
from scorelet.core.random import generator, randn
from scorelet.data.fields.pointwise import Asinh, QuantileMatched, Unchanged
from scorelet.data.fields.prewhitening import Prewhitening
from scorelet.tasks.field_model.powers import match_powers
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.quantiles import paired_quantiles

LIKE = torch.zeros((), dtype=torch.float64)
EQUAL = (-1.0, 1.0), (-1.0, 1.0)


def normal(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=LIKE)


def coloured(count, side, slope, *, seed):
    """Gaussian fields (n, h, w) with the power f^slope, f in cycles a pixel, and no mean."""
    rows, columns = (torch.fft.fftfreq(n, dtype=torch.float64) for n in side)
    f = (rows[:, None].square() + columns[: side[1] // 2 + 1].square()).sqrt()
    f[0, 0] = torch.inf if slope < 0 else 0.0
    return torch.fft.irfft2(
        torch.fft.rfft2(normal(count, *side, seed=seed)) * f ** (slope / 2), side
    )


def prepared(side, transform=None):
    gains = torch.full((side[0], side[1] // 2 + 1), 0.3, dtype=torch.float64)
    line = QuantileMatched(transform or Unchanged(), *EQUAL)
    return Preparation("periodic", line, Prewhitening.of(gains))


@pytest.mark.parametrize("side", [(32, 32), (24, 32), (32, 24)])
def test_what_is_added_is_half_the_logarithm_of_the_ratio_of_powers(side):
    """Fields f^-1, samples f^-2 under a filter of 0.3: g = 0.3 + log(f^-1) / 2 + a constant."""
    found = match_powers(
        prepared(side), coloured(400, side, -1, seed=1), coloured(400, side, -2, seed=2)
    )
    rows = torch.fft.fftfreq(side[0], dtype=torch.float64)
    f = (rows[:, None].square() + torch.fft.rfftfreq(side[1], dtype=torch.float64).square()).sqrt()
    inside = (f > 4 / min(side)) & (f < 0.4)
    added = found.prewhitening.gains - 0.3
    assert found.transform == prepared(side).transform
    # samples come out damped by exp(-0.3), so that their power is exp(-0.6) times what was drawn
    expected = (f.pow(-1)).log() / 2 - 0.3
    assert torch.allclose(added[inside], expected[inside], atol=0.08)


def test_samples_have_the_powers_of_the_fields_afterwards_in_their_units():
    """Fields sinh(z), z of f^-2, beside samples whose z falls like f^-2.5, with less power."""
    side = (32, 32)
    z, drawn = coloured(600, side, -2, seed=1), 0.3 * coloured(600, side, -2.5, seed=2)
    z, drawn = z / z.std(), drawn / z.std()

    def matched(filtered):
        pairs = paired_quantiles(z.flatten(), filtered.undo(drawn).flatten())
        line = QuantileMatched(Asinh(0.0, 1.0), tuple(pairs["fields"]), tuple(pairs["drawn"]))
        return Preparation("periodic", line, filtered)

    def off(preparation):
        one, two = (power_spectrum(x).values[0] for x in (z.sinh(), preparation.undo(drawn, side)))
        return float((two / one).log()[1:].abs().max())

    before = matched(Prewhitening.of(torch.zeros(32, 17)))
    after = matched(match_powers(before, z, drawn).prewhitening)
    assert off(before) > 0.5
    assert off(after) < 0.1


def test_no_ratio_moves_a_power_by_more_than_its_bound():
    side = (16, 16)
    before = prepared(side)
    found = match_powers(before, normal(50, *side), 1e-6 * normal(50, *side, seed=1))
    assert torch.allclose(found.prewhitening.gains, before.prewhitening.gains - 0.75, atol=0.011)


@pytest.mark.slow
def test_a_fit_keeps_energies_and_samples_one_law():
    """Bright patches after a beam: powers are right, and energies see the filter of samples."""
    bright = 1 + 1.5 * (torch.arange(200) % 4 == 0)[:, None, None]
    f = torch.fft.fftfreq(16, dtype=torch.float64)
    beam = torch.exp(-20 * (f[:, None].square() + f[:9].square()))
    smooth = torch.fft.irfft2(torch.fft.rfft2(bright * normal(200, 16, 16)) * beam, (16, 16))
    x = (3 * smooth).sinh()
    model = sl.FieldModel("haar", knots=4, reach=1, steps=60, transform="asinh").fit(x)
    field = model.record["field"]
    assert field["prewhitening"]
    assert any("powers of the fields by a filter" in text for text in field["remarks"])
    y = model.sample(400, seed=3).double()
    ratio = power_spectrum(y).values[0] / power_spectrum(x).values[0]
    assert float(ratio[1:].log().abs().max()) < 0.4
    others, bands = model.certificate(x[-10:]).bands, model.certificate().bands
    for band, other in zip(bands, others, strict=True):
        assert band["least_min"] == pytest.approx(other["least_min"], rel=1e-6)
