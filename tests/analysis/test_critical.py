"""The order parameter of fields, with errors over fields and over Markov chains."""

import math

import numpy as np
import pytest
import torch

from scorelet.analysis.field_statistics import by_chain, critical
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.sampling import Phi4, ScalarPotential
from scorelet.sampling.phi4 import place

BINDER, LENGTH = 2, 3  # points of `critical`


def flat(values):
    """Fields of 8 x 8 pixels that are constant."""
    return values.reshape(-1, 1, 1).expand(-1, 8, 8)


def test_the_binder_ratio_of_a_gaussian_is_three():
    count = 20_000
    got = critical(flat(0.3 * randn((count,), rng=generator(0)).double()))
    error = (24 / count) ** 0.5  # of the kurtosis of n normal numbers
    assert float(got.values[0, BINDER]) == pytest.approx(3, abs=4 * error)
    assert float(got.errors[0, BINDER]) == pytest.approx(error, rel=0.25)  # 200 resamples: 5 %


def test_two_values_have_ratio_one_and_no_error():
    got = critical(flat(torch.tensor([0.7, -0.7, -0.7, 0.7, 0.7])))
    assert float(got.values[0, BINDER]) == pytest.approx(1, abs=1e-6)
    assert float(got.errors[0, BINDER]) < 1e-6


def test_the_length_of_the_gaussian_lattice():
    """P(w) = 1 / (2a - 4b + b (-Lap)(w)), so xi^2 = b / (2a - 4b), for every L.

    The L^2 fields L C^(1/2) e_i have the covariance C exactly.
    """
    potential, size = ScalarPotential(0.5, 1.02, 0.0), 8
    kernel = torch.fft.ifft2(size * potential.power(size).sqrt()).real
    shifts = [kernel.roll((i, j), (0, 1)) for i in range(size) for j in range(size)]
    got = critical(torch.stack(shifts)[:, None])
    assert float(got.values[0, LENGTH]) == pytest.approx(math.sqrt(0.5 / 0.04), abs=1e-6)
    assert float(got.values[0, 1]) == pytest.approx(1 / 0.04, rel=1e-6)


def test_errors_over_chains_see_that_fields_repeat():
    m = randn((200,), rng=generator(1)).double()
    by_field = critical(flat(m.repeat_interleave(50)))  # chains that never move
    over_chains = by_chain(by_field, torch.arange(200).repeat_interleave(50))
    assert torch.equal(over_chains.values, by_field.values)
    once = critical(flat(m)).errors[0, BINDER]  # 200 fields, each once
    assert float(over_chains.errors[0, BINDER]) == pytest.approx(float(once), rel=1e-6)
    assert over_chains.errors[0, BINDER] > 5 * by_field.errors[0, BINDER]


@pytest.mark.slow
def test_fields_of_the_cluster_sampler_are_nearly_independent():
    """Errors over chains are those over fields, as far as 16 chains can tell."""
    fields = critical(Phi4().sample(1024, 16, 0))
    chains = by_chain(fields, torch.from_numpy(place(np.arange(1024))[0]))
    ratio = chains.errors[0, :2] / fields.errors[0, :2]
    assert ((ratio > 0.5) & (ratio < 1.6)).all()  # an error from 16 chains is known to 18 %


def test_chains_that_cannot_be_averaged_are_refused():
    got = critical(flat(torch.arange(4.0)))
    with pytest.raises(InputError, match="chains of 3 fields for a statistic of 4"):
        by_chain(got, torch.zeros(3))
