"""Spectra of layers in units of noise."""

import pytest
import torch
from torch import nn

from planted_weights import normal
from scorelet.analysis.alignment.layers import LinearLayer
from scorelet.analysis.layer_spectrum import NOISES, in_units_of, layer_spectrum, noise_of
from scorelet.core.errors import InputError


def linear(rows):
    """A layer with these rows in units of its initial deviation."""
    module = nn.Linear(rows.shape[1], len(rows), bias=False).double()
    with torch.no_grad():
        module.weight[:] = rows / (3 * rows.shape[1]) ** 0.5
    return LinearLayer("0", module)


def test_the_bulk_is_a_unit_that_does_not_depend_on_the_scale_of_weights():
    rows = normal(80, 60) + 2 * normal(80, 1, seed=1) @ normal(1, 60, seed=2)
    one, other = (layer_spectrum(linear(scale * rows), "init") for scale in (1, 3))
    torch.testing.assert_close(other.spectrum.values, 9 * one.spectrum.values)
    assert other.bulk == pytest.approx(9 * one.bulk)
    by_bulk = [in_units_of("bulk", found) for found in (one, other)]
    torch.testing.assert_close(by_bulk[0].learned.values, by_bulk[1].learned.values)
    torch.testing.assert_close(by_bulk[0].spectrum.values, one.spectrum.values / one.bulk)
    assert [found.noise for found in by_bulk] == ["bulk", "bulk"]


def test_without_a_bulk_the_unit_stays():
    found = layer_spectrum(linear(normal(40, 1) @ normal(1, 40, seed=1)), "bulk")
    assert (found.bulk, found.noise) == (0, "init")


def test_most_layers_that_tell_say_which_noise_it_is():
    """Small layers have no say; two of four are not most."""
    off, small, usual = (
        layer_spectrum(linear(scale * normal(side, side)), "init")
        for side, scale in ((70, 2), (20, 2), (70, 1))
    )
    assert [found.tells for found in (off, small, usual)] == [True, False, True]
    assert noise_of([off, small, small]) == noise_of([off, off, usual]) == "bulk"
    assert noise_of([small]) == noise_of([off, usual, off, usual]) == noise_of([]) == "init"


def test_another_noise_is_refused():
    with pytest.raises(InputError, match=f"must be {' or '.join(NOISES)}"):
        layer_spectrum(linear(normal(4, 4)), "bulks")
