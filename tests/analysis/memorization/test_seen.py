"""Training pictures of two models under noise, and samples of both."""

from dataclasses import replace

import pytest
import torch

from scorelet.analysis.memorization import (
    Pair,
    covariance_filter,
    draw,
    measure_seen,
    psnr_by_level,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator

SIGMAS = (0.5, 0.3, 0.1)
CPU = torch.device("cpu")


@pytest.fixture
def pair():
    """Two linear filters, each of the covariance of its own few pictures."""
    first, second = torch.rand(2, 6, 1, 8, 8, generator=generator(0), dtype=torch.float64)
    return Pair(covariance_filter(first), covariance_filter(second), first, second)


def seen(pair, held_out):
    tests = [psnr_by_level(model, held_out, SIGMAS, seed=1) for model in pair.models]
    return measure_seen(pair, held_out, tests, SIGMAS, seed=1, device=CPU)


def test_models_in_the_other_order_have_the_other_order_of_findings(pair):
    held_out = torch.rand(5, 1, 8, 8, generator=generator(1), dtype=torch.float64)
    found = seen(pair, held_out)
    turned = seen(Pair(pair.b, pair.a, pair.train_b, pair.train_a), held_out)
    for name in ("each", "known", "known_of_other"):
        assert list(getattr(turned, name)) == list(getattr(found, name))[::-1]
    assert turned.both.own.value == pytest.approx(found.both.own.value)
    assert turned.lead.values == pytest.approx(found.lead.values)
    for name in ("own", "others", "unseen"):
        both, each = getattr(found.both, name), [getattr(gaps, name) for gaps in found.each]
        assert both.value == pytest.approx(sum(gap.value for gap in each) / 2)


def test_models_that_know_the_pictures_of_each_other_are_refused(pair):
    held_out = torch.rand(5, 1, 8, 8, generator=generator(1), dtype=torch.float64)
    with pytest.raises(InputError, match="in the other order"):
        seen(replace(pair, a=pair.b, b=pair.a), held_out)
    assert seen(replace(pair, train_a=None), held_out) is None


def test_a_model_and_itself_draw_the_same_samples(pair):
    both = replace(pair, b=pair.a, train_b=pair.train_a)
    clean = pair.train[0]
    found = draw(both, clean, None, 3, seed=0)
    torch.testing.assert_close(found.pairs, torch.ones(3).to(found.pairs))
    assert found.nearest is None
    assert found.copies is None
    assert draw(both, clean, None, 0, seed=0).pairs is None
    beside = torch.zeros(2).double()
    found = draw(both, clean, (beside, beside), 3, seed=0)
    torch.testing.assert_close(found.nearest, found.others)
    assert found.thresholds == (0.95, 0.95)
