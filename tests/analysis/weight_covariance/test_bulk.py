"""The variance of the bulk, and whether weights began with that of an initialisation."""

import math

import pytest
import torch

from planted_weights import normal
from scorelet.analysis.weight_covariance import (
    Spectrum,
    bulk_variance,
    is_other_start,
    tells_its_start,
    weight_spectrum,
)


def test_the_variance_of_the_bulk_is_measured():
    """Of noise of variance 0.3, with more and with fewer neurons than inputs."""
    for shape in ((400, 160), (160, 400)):
        rows = 0.3**0.5 * normal(*shape)
        assert bulk_variance(weight_spectrum(rows)) == pytest.approx(0.3, rel=0.05)


def test_the_median_of_an_even_number_lies_between_both_in_the_middle():
    """So the bulk has one variance in squares of 3 and of 4, whose law of noise is the same."""
    found = [
        bulk_variance(Spectrum(torch.tensor(values).double(), torch.eye(n).double(), n))
        for n, values in ((3, (9, 3, 1)), (4, (9, 4, 2, 1)))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    half = Spectrum(torch.tensor([9.0, 4, 0, 0]).double(), torch.eye(4).double(), 4)
    assert bulk_variance(half) == 0


@pytest.mark.parametrize("shape", [(8, 8), (24, 60), (64, 64)])
def test_by_chance_no_bulk_is_off(shape):
    """Of 100 random layers none, at any size."""
    spectra = [weight_spectrum(normal(*shape, seed=seed)) for seed in range(100)]
    assert not any(is_other_start(bulk_variance(spectrum), *shape) for spectrum in spectra)


def test_a_bulk_is_off_by_a_quarter_or_in_small_layers_by_three_errors_more():
    """The bound is the same for v and 1/v, and a bulk of 0 is not known."""
    for shape, bound in (((64, 64), math.log(1.25)), ((9, 9), math.log(1.25) + 1)):
        assert tells_its_start(*shape) == (shape == (64, 64))
        for sign in (1, -1):
            assert is_other_start(math.exp(sign * 1.001 * bound), *shape)
            assert not is_other_start(math.exp(sign * 0.999 * bound), *shape)
        assert not is_other_start(0.0, *shape)
    assert not tells_its_start(29, 1000)
    assert not tells_its_start(60, 60)
