"""Gaps: what is known stays; what is filled has the correlations of the law."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.data.fields.gaps import fill_gaps


def with_gaps(x, share, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return x.masked_fill(torch.rand(x.shape, generator=rng) < share, torch.nan)


def power(x):
    return torch.fft.fft2(x.double(), norm="ortho").abs().square().mean(0)


@pytest.mark.slow
def test_a_gaussian_field_keeps_its_spectrum_and_what_is_known():
    law = ensemble("power_law", eta=2.0)
    x = 3 + law.sample(400, 16, seed=1)[:, 0]
    gapped = with_gaps(x, 0.3)
    filled, known = fill_gaps(gapped), gapped.isfinite()
    assert torch.equal(filled[known], x[known].double())
    ratio = power(filled - 3) / power(x - 3)
    # 400 fields err by 7 % at each frequency, and here both share most pixels
    assert float((ratio - 1).abs().max()) < 0.3
    assert float(ratio.mean()) == pytest.approx(1, abs=0.03)


@pytest.mark.slow
def test_a_single_gap_gets_the_conditional_law():
    """Its variance is 1 / mean(1 / P), given all others; two draws differ by twice that."""
    law = ensemble("power_law", eta=2.0)
    x = law.sample(2000, 16, seed=4)[:, 0].double()
    gapped = x.clone()
    gapped[:, 3, 5] = torch.nan
    error = (fill_gaps(gapped) - x)[:, 3, 5].square().mean()
    expected = 2 / (1 / law.power(16).double()).mean()
    assert float(error / expected) == pytest.approx(1, abs=0.1)  # 2000 draws err by 3 %


def test_smoothing_over_gaps_would_lose_power():
    """The control: gaps at the mean lower the variance by their share."""
    x = ensemble("power_law", eta=2.0).sample(100, 16, seed=2)[:, 0]
    gapped = with_gaps(x, 0.3)
    flat = gapped.nan_to_num(0.0)
    assert float(flat.var() / x.var()) == pytest.approx(0.7, abs=0.05)
    assert float(fill_gaps(gapped).var() / x.var()) == pytest.approx(1, abs=0.05)


def test_no_gaps_change_nothing_and_nothing_known_is_refused():
    x = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(fill_gaps(x), x.double())
    with pytest.raises(InputError, match="All pixels"):
        fill_gaps(torch.full((2, 8, 8), torch.nan))
