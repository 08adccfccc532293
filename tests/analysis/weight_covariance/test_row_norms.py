"""Directions of neurons with unequal norms: edge of noise, what is seen beyond it, and power."""

import pytest
import torch

from scorelet.analysis.weight_covariance import (
    Spectrum,
    bulk_variance,
    edge_of_norms,
    learned_part,
    mostly_norms,
    seen_beyond_norms,
    weight_spectrum,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def counts(rows, noise):
    """How many directions are learned, and how many of them beyond norms."""
    found = weight_spectrum(rows)
    if noise == "bulk":
        found = Spectrum(found.values / bulk_variance(found), found.vectors, found.neurons)
    kept = len(learned_part(found).values)
    return kept, seen_beyond_norms(rows, found, kept, known=noise == "init")


def test_the_edge_of_equal_norms_is_that_of_marchenko_and_pastur():
    assert edge_of_norms(torch.full((300,), 7.0), 200) == pytest.approx(1, rel=1e-3)
    assert edge_of_norms(torch.randn(300, 200, generator=generator()).square().sum(1), 200) < 1.03


@pytest.mark.parametrize(("neurons", "inputs"), [(600, 400), (300, 1200)])
def test_the_edge_of_two_norms_is_where_large_random_matrices_end(neurons, inputs):
    """Half of the rows are twice as long as the others: the largest eigenvalue within 3 %."""
    scales = torch.ones(neurons, 1, dtype=torch.float64)
    scales[::2] = 2
    rows = scales * torch.randn(neurons, inputs, generator=generator(), dtype=torch.float64)
    rows /= scales.square().mean().sqrt()
    squares = rows.square().sum(1)
    expected = edge_of_norms(squares, inputs) * (1 + (inputs / neurons) ** 0.5) ** 2
    assert float(weight_spectrum(rows).values[0]) == pytest.approx(expected, rel=0.03)
    assert edge_of_norms(squares, inputs) > 1.05


@pytest.mark.parametrize("noise", ["init", "bulk"])
@pytest.mark.parametrize("shape", [(128, 128), (256, 64), (32, 27)])
def test_random_neurons_of_unequal_norms_show_nothing_beyond_them(shape, noise):
    """At most 2 false alarms in 40 layers, whose norms differ by a third or are 0."""
    rng = generator(1)
    shown, beyond = 0, 0
    for draw in range(40):
        norms = (0.3 * torch.randn(shape[0], 1, generator=rng) - 0.09).exp()
        if draw % 2:
            norms = (torch.rand(shape[0], 1, generator=rng) > 0.4).float()
        kept, rest = counts(norms * torch.randn(shape, generator=rng), noise)
        shown, beyond = shown + (kept > 0), beyond + (rest > 0)
    assert beyond <= 2
    assert shown >= 5


@pytest.mark.parametrize("noise", ["init", "bulk"])
def test_directions_that_were_learned_are_beyond_norms(noise):
    """Five planted ones, from 2.5 to 20 times the smallest that can be seen; all or all but one."""
    rng = generator(2)
    for neurons, inputs in ((128, 128), (64, 576), (256, 64)):
        root = (inputs / neurons) ** 0.5
        basis = torch.linalg.qr(torch.randn(inputs, 5, generator=rng))[0]
        stretch = torch.tensor([20.0, 10.0, 6.0, 4.0, 3.0]).mul(root).sqrt()
        learned = (torch.randn(neurons, 5, generator=rng) * stretch) @ basis.T
        kept, rest = counts(torch.randn(neurons, inputs, generator=rng) + learned, noise)
        assert kept >= 4
        assert rest == kept


def test_a_learned_direction_is_seen_beside_neurons_of_unequal_norms():
    rng = generator(3)
    norms = (0.3 * torch.randn(128, 1, generator=rng) - 0.09).exp()
    learned = torch.randn(128, 1, generator=rng) * torch.randn(1, 128, generator=rng)
    kept, rest = counts(norms * torch.randn(128, 128, generator=rng) + 0.6 * learned, "bulk")
    assert kept > 4
    assert rest == 1


@pytest.mark.parametrize(
    ("kept", "rest", "most"),
    [(1, 0, True), (5, 4, False), (10, 8, True), (11, 9, False), (0, 0, False), (3, 3, False)],
)
def test_directions_that_go_with_the_norms_are_most_if_they_are_all_or_a_fifth(kept, rest, most):
    assert mostly_norms(kept, rest) is most
