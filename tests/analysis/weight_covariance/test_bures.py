"""Bures-Wasserstein cosines and S, arXiv 2409.19460: checks E5 to E8 of its specification."""

import math

import pytest
import torch

from planted_weights import normal, orthogonal, planted, rng
from scorelet.analysis.weight_covariance import (
    Spectrum,
    agreement,
    bures_cosine,
    bures_distance,
    learned_part,
    redrawn,
    rotated,
    similarity,
    weight_spectrum,
    with_covariance,
)
from scorelet.core.errors import InputError


def root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.mH


def test_e5_commuting_covariances():
    vectors = orthogonal(12)
    first, second = (normal(12, seed=s).square().sort(descending=True).values for s in (1, 2))
    a, b = Spectrum(first, vectors, 20), Spectrum(second, vectors, 20)
    expected = (first * second).sqrt().sum() / (first.sum() * second.sum()).sqrt()
    assert bures_cosine(a, b) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_e5_thin_factors_give_what_dense_roots_give(dtype):
    a, b = (weight_spectrum(normal(7, 12, seed=s, dtype=dtype)) for s in (1, 2))
    dense = torch.linalg.matrix_norm(root(a.matrix()) @ root(b.matrix()), "nuc").real
    cosine = dense / (a.trace * b.trace).sqrt()
    assert bures_cosine(a, b) == pytest.approx(float(cosine), abs=1e-6)
    assert bures_distance(a, b) == pytest.approx(
        float(a.trace + b.trace - 2 * dense) ** 0.5, abs=1e-6
    )


def test_e6_distance_and_invariances():
    a, b = (weight_spectrum(normal(30, 12, seed=s)) for s in (1, 2))
    turn = orthogonal(12, seed=3)
    turned = [Spectrum(s.values, turn @ s.vectors, s.neurons) for s in (a, b)]
    assert bures_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert bures_distance(a, b) > 0.1
    assert bures_cosine(*turned) == pytest.approx(bures_cosine(a, b), abs=1e-6)
    assert bures_cosine(b, a) == pytest.approx(bures_cosine(a, b), abs=1e-6)
    assert bures_cosine(a, Spectrum(3 * a.values, a.vectors, 30)) == pytest.approx(1, abs=1e-6)


@pytest.mark.slow
def test_e7_s_of_the_planted_example():
    first, second, unrelated = planted(1), planted(2), planted(3, directions=1)
    same = agreement(first, second, rng=rng(0), draws=3, resamples=4)
    assert same.mean == pytest.approx(0.92, abs=0.05)
    assert same.forward.floor == pytest.approx(0.09, abs=0.02)
    assert same.forward.ceiling == pytest.approx(0.92, abs=0.02)
    assert 0.0005 < same.deviation < 0.02  # over 12 pairs of networks it was 0.0026
    assert similarity(first, unrelated, rng=rng(0), draws=3).value == pytest.approx(0, abs=0.03)
    assert similarity(first, first, rng=rng(0), draws=3).value == pytest.approx(1.09, abs=0.03)


@pytest.mark.slow
def test_s_goes_both_ways_each_with_its_own_floor_and_ceiling():
    """One network has learned three directions, the other twenty: floors are far apart."""
    few = Spectrum(torch.tensor([40.0, 20, 10]).double(), orthogonal(40, 3, seed=1), 60)
    many = Spectrum(torch.full((20,), 40.0).double(), orthogonal(40, 20, seed=1), 60)
    found = agreement(few, many, rng=rng(0), draws=20, resamples=0)
    cosine, expected = bures_cosine(few, many), []
    for own in (few, many):
        floors = [bures_cosine(own, rotated(own, rng(s))) for s in range(20)]
        ceilings = [bures_cosine(own, redrawn(own, rng(s))) for s in range(20)]
        floor, ceiling = sum(floors) / 20, sum(ceilings) / 20
        expected.append((cosine - floor) / (ceiling - floor))
    assert abs(expected[0] - expected[1]) > 0.3
    assert found.forward.value == pytest.approx(expected[0], abs=0.05)
    assert found.backward.value == pytest.approx(expected[1], abs=0.1)


def test_unrelated_networks_leave_the_numbers_of_callers_as_they_are():
    """Those drawn after S are the ones after floors, ceilings and pairs of networks."""
    pair, ours, theirs = (planted(1), planted(2)), rng(0), rng(0)
    agreement(*pair, rng=ours, draws=1, resamples=2)
    similarity(*pair, rng=theirs, draws=1)
    similarity(*pair[::-1], rng=theirs, draws=1)
    for _ in range(2):
        redrawn(pair[0], theirs), redrawn(pair[1], theirs)
    assert torch.equal(ours.get_state(), theirs.get_state())


@pytest.mark.slow
@pytest.mark.parametrize(
    "strengths", [(90.0,), (60.0, 40.0, 25.0), tuple(range(30, 50, 2)), (6.0,)]
)
def test_chance_is_by_how_much_s_of_unrelated_networks_varies(strengths):
    """Few strong directions of many are near each other by chance, though neurons tell them well.

    Of 60 pairs; the mean of floors has an error of its own, 1/√5 of that.
    """
    found = []
    for seed in range(60):
        pair = []
        for s in (2 * seed, 2 * seed + 1):
            turn = orthogonal(80, len(strengths), seed=s)
            law = Spectrum(torch.tensor(strengths).double(), turn, 64)
            rows = with_covariance(normal(64, 80, seed=500 + s), law)
            pair.append(learned_part(weight_spectrum(rows)))
        if all(len(each.values) for each in pair):
            found.append(agreement(*pair, rng=rng(seed)))
    assert len(found) > 50
    ratios = torch.tensor([each.mean / each.chance for each in found])
    assert 0.7 < float(ratios.square().mean().sqrt()) < 1.6


@pytest.mark.slow
def test_deviations_of_s_are_those_of_networks_of_two_laws():
    """Of 100 pairs: about those of S itself, and not smaller where the laws are one.

    Neurons are drawn from what was found, which is noise twice: deviations come out too large, by
    1.5 here. Ten draws have an error of a quarter; pairs have one of a tenth.
    """
    turns = [orthogonal(30, 3, seed=s) for s in (1, 2)]
    values = torch.tensor([30.0, 20, 9]).double()
    for directions, least, most in (((0, 0), 1.0, 2.2), ((0, 1), 0.7, 1.5)):
        laws = [Spectrum(values, turns[k], 24) for k in directions]
        rows = [with_covariance(normal(24, 30, seed=s), laws[s % 2]) for s in range(200)]
        spectra = [learned_part(weight_spectrum(r)) for r in rows]
        pairs = zip(spectra[::2], spectra[1::2], strict=True)
        found = [agreement(*pair, rng=rng(9), draws=4, resamples=10) for pair in pairs]
        spread = torch.tensor([each.mean for each in found]).std()
        reported = torch.tensor([each.deviation for each in found]).square().mean().sqrt()
        assert least < float(reported / spread) < most


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "least", "most"), [((60.0, 40.0, 25.0), 0.85, 1.0), ((6.0, 4.0, 3.0), 0.5, 0.75)]
)
def test_two_networks_of_one_law_are_less_alike_near_noise(values, least, most):
    """Of 40 pairs: 0.61 with a scatter of 0.19 in the second case, so an error of 0.03.

    There deviations are not too large as they are of strong directions; with 40 pairs the scatter
    has an error of a ninth.
    """
    law = Spectrum(torch.tensor(values).double(), orthogonal(40, 3, seed=1), 24)
    rows = [with_covariance(normal(24, 40, seed=s), law) for s in range(80)]
    spectra = [learned_part(weight_spectrum(r)) for r in rows]
    pairs = zip(spectra[::2], spectra[1::2], strict=True)
    found = [agreement(*pair, rng=rng(9), draws=4, resamples=6) for pair in pairs]
    known = [each for each in found if not math.isnan(each.mean)]
    assert len(known) > 36
    similarities = torch.tensor([each.mean for each in known])
    reported = torch.tensor([each.deviation for each in known]).square().mean().sqrt()
    assert least < float(similarities.mean()) < most
    assert 0.7 < float(reported / similarities.std()) < 2.2


def small(seed, values=(30.0, 20.0, 9.0)):
    return Spectrum(torch.tensor(values).double(), orthogonal(40, len(values), seed=seed), 60)


def test_e8_s_does_not_depend_on_the_scale():
    first, second = small(1), small(2)
    scaled = Spectrum(7 * second.values, second.vectors, second.neurons)
    values = [similarity(first, other, rng=rng(0)).value for other in (second, scaled)]
    assert values[0] == pytest.approx(values[1], abs=1e-6)


def test_a_network_without_a_learned_direction_has_no_s():
    nothing = Spectrum(torch.zeros(0).double(), torch.zeros(40, 0).double(), 60)
    for pair in ((small(1), nothing), (nothing, small(1))):
        found = agreement(*pair, rng=rng(0))
        assert math.isnan(found.mean)
        assert math.isnan(found.deviation)


def faint(seed):
    """One direction so near the edge of noise that of every four redraws one does not show it."""
    law = Spectrum(torch.full((1,), 2.0).double(), orthogonal(64, 1, seed=5), 64)
    return learned_part(weight_spectrum(with_covariance(normal(64, 64, seed=seed), law)))


def test_s_of_a_direction_just_above_noise_is_defined_and_no_lottery():
    """Of a redraw that shows nothing the strongest direction counts."""
    first, second = faint(0), faint(12)
    assert (len(first.values), len(second.values)) == (1, 1)
    drawn = [with_covariance(normal(64, 64, seed=s), first) for s in range(100, 140)]
    assert 5 < sum(not len(learned_part(weight_spectrum(rows)).values) for rows in drawn) < 20
    found = [agreement(first, second, rng=rng(s), draws=20) for s in range(3)]
    assert all(0.4 < each.mean < 1.2 and 0 < each.deviation < 0.5 for each in found)
    own = [similarity(first, first, rng=rng(s), draws=20).value for s in range(3)]
    assert 1 < min(own) < max(own) < 1.8


def test_redraws_of_nothing_learned_show_nothing():
    """A direction is asked for only where there is one: else noise would look learned."""
    nothing = Spectrum(torch.zeros(0).double(), torch.zeros(40, 0).double(), 60)
    assert not len(redrawn(nothing, rng(0)).values)


def test_draws_keep_what_they_should():
    first = small(1)
    turned = rotated(first, rng(0))
    inner = turned.vectors.mH @ turned.vectors
    torch.testing.assert_close(inner, torch.eye(3).double())
    assert torch.equal(turned.values, first.values)
    again = redrawn(first, rng(0))
    assert (again.neurons, again.inputs) == (60, 40)


def test_other_inputs_are_refused():
    with pytest.raises(InputError, match="40 and 39 inputs"):
        similarity(small(1), Spectrum(torch.ones(1).double(), orthogonal(39, 1), 60), rng=rng(0))
    with pytest.raises(InputError, match="at least one"):
        similarity(small(1), small(2), rng=rng(0), draws=0)


def test_unrelated_convolutions_share_what_filters_do_in_space():
    """Channels are turned at random, and 9 weights of each alike: C = turned(u) ⊗ v vᵀ.

    S of such networks is what their mean by chance says, and far above 0.
    """
    taps = normal(9, 1, seed=0)
    taps /= taps.norm()
    found = []
    for seed in range(8):
        first, second = (
            Spectrum(
                torch.tensor([40.0, 30, 20]).double(),
                torch.einsum("ck,s->csk", orthogonal(16, 3, seed=s), taps[:, 0]).flatten(0, 1),
                64,
            )
            for s in (2 * seed, 2 * seed + 1)
        )
        found.append(agreement(first, second, rng=rng(seed), draws=3, taps=9))
    apart = torch.tensor([(each.mean - each.unrelated) / each.chance for each in found])
    assert min(each.unrelated for each in found) > 0.15
    assert float(apart.abs().max()) < 4
    assert abs(float(apart.mean())) < 1
    along = rotated(first, rng(0), 9).vectors.unflatten(0, (16, 9))
    assert float((taps.squeeze() @ along).norm()) == pytest.approx(3**0.5)
