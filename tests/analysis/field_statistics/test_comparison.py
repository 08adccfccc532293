"""Comparisons: sets of one law pass, sets of two fail, the threshold means what it says."""

from dataclasses import replace
from functools import cache

import pytest
import torch

from field_samples import gaussian, log_normal, smooth_power, white
from scorelet.analysis.field_statistics import STATISTICS, by_chain, compare_statistics
from scorelet.analysis.field_statistics.comparison import (
    common_length,
    compare_neighbours,
    difference_sizes,
    enough,
    relabelings,
)
from scorelet.analysis.field_statistics.memorisation import nearest_neighbours
from scorelet.analysis.field_statistics.verdicts import neighbour_verdict, word
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.sampling import Phi4

SETS = {
    "gaussian": lambda: gaussian(smooth_power(32, 0.5), 60),
    "log-normal": lambda: ensemble("log_normal").sample(60, 32, seed=1),
    "phi4": lambda: Phi4().sample(60, 32, seed=1),
}


@cache
def drawn(law):
    return SETS[law]()


@pytest.mark.slow
@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("law", SETS)
def test_two_halves_of_a_set_agree(law, name):
    """F12, where a false alarm has a probability of 1 in 1,000 each."""
    x, measure = drawn(law), STATISTICS[name].measure
    first = measure(x[:30])
    found = compare_statistics(first, measure(x[30:], like=first))
    assert found.decidable
    assert not found.differs
    assert found.distance < found.threshold


@pytest.mark.slow
@pytest.mark.parametrize("name", STATISTICS)
def test_two_laws_differ(name):
    """Log-normal fields with another spectrum, mean and variance, seen by everything."""
    measure = STATISTICS[name].measure
    first = measure(gaussian(smooth_power(32, 0.5), 100))
    other = measure(2 * log_normal(smooth_power(32, 1.5), 100, seed=1), like=first)
    found = compare_statistics(first, other)
    assert found.differs
    measure_of_size = next(iter(found.sizes))
    assert found.sizes[measure_of_size] > found.floor[measure_of_size]


@pytest.mark.slow
def test_the_threshold_is_exceeded_by_chance_as_often_as_stated():
    """The rank of the distance among relabelings is uniform: its mean over 100 pairs is 1/2."""
    power, ranks = smooth_power(16), []
    for seed in range(100):
        a = STATISTICS["power"].measure(gaussian(power, 12, 2 * seed))
        b = STATISTICS["power"].measure(gaussian(power, 12, 2 * seed + 1), like=a)
        found = compare_statistics(a, b)
        assert not found.differs
        ranks.append(found.distance / found.threshold)
    assert 0.3 < sum(ranks) / 100 < 0.7


def chains(count, length, seed, *, mean=0.0):
    """Fields of chains that share a small constant, and the chain of each."""
    level = white(count, 1, 1, seed=seed).repeat_interleave(length, 0)
    fields = white(count * length, 8, 8, seed=seed + 1) + 0.02 * level + mean
    return fields, torch.arange(count).repeat_interleave(length)


def compared_chains(first, second):
    a = STATISTICS["quantiles"].measure(first[0])
    b = STATISTICS["quantiles"].measure(second[0], like=a)
    return compare_statistics(by_chain(a, first[1]), by_chain(b, second[1]))


@pytest.mark.slow
def test_long_chains_do_not_differ_from_short_ones():
    """Means over 32 fields vary less than means over 2: dealing them as equals would alarm."""
    for seed in range(0, 20, 2):
        assert not compared_chains(chains(10, 32, seed), chains(10, 2, seed + 1000)).differs
    assert compared_chains(chains(10, 32, 0), chains(10, 2, 1000, mean=4.0)).differs


def test_chains_are_cut_to_the_length_that_keeps_most_fields():
    sizes = torch.tensor([63.0] * 8 + [62.0] * 8)
    assert common_length(sizes, sizes) == 62
    assert common_length(torch.tensor([64.0] * 16 + [1.0] * 6), torch.tensor([60.0] * 16)) == 60
    assert common_length(torch.tensor([32.0] * 16), torch.ones(100)) == 1
    assert common_length(torch.tensor([9.0, 2.0]), torch.tensor([9.0])) == 9  # undecided anyway


def test_the_fields_of_a_chain_may_lie_apart():
    fields, chain = chains(12, 4, 0)
    order = torch.randperm(48, generator=torch.Generator().manual_seed(0))
    order = order[chain[order].argsort(stable=True)].reshape(12, 4).mT.flatten()  # taking turns
    whole = STATISTICS["moments"].measure(fields[order])
    means = whole.sample.contributions.reshape(4, 12, -1)[:2].mean(0)
    assert torch.allclose(by_chain(whole, chain[order]).sample.first(2), means)


def test_rounding_is_no_difference():
    """Without mean there is nothing at k = 0, and what is there is rounding of another size."""
    x, y = (white(20, 32, 32, seed=s).float() for s in (0, 1))
    x, y = (u - u.mean((1, 2), keepdim=True) for u in (x, y))
    y = (y.double() - y.double().mean((1, 2), keepdim=True)) + 1e-7
    first = STATISTICS["power"].measure(x)
    assert not compare_statistics(first, STATISTICS["power"].measure(y, like=first)).differs


def test_sizes_are_without_rounding():
    """Where no set has power, one rounding is a large multiple of another."""
    power = torch.zeros(32, 32, dtype=torch.float64)
    power[1:4, 1:4] = 1
    x, y = (gaussian(power, 20, seed=s) for s in (0, 1))
    found = found_of("power", x, y.float().double())
    assert found.sizes["largest relative difference"] < 3
    assert 0 < found.floor["rms relative difference"] < 3


@pytest.fixture(scope="module")
def bright():
    """Two sets of fields, of which one has 1 % of bright pixels."""
    x, y = (white(60, 16, 16, seed=s).float() for s in (0, 1))
    return x, torch.where(white(60, 16, 16, seed=2) > 2.33, 6 * y, y)


def found_of(name, x, y):
    first = STATISTICS[name].measure(x)
    return compare_statistics(first, STATISTICS[name].measure(y, like=first))


def same(found, expected, *, sizes=True):
    """But for the digits of single precision, in which ordinary units are measured."""
    assert found.differs == expected.differs
    assert found.distance == pytest.approx(expected.distance, rel=1e-5)
    assert found.threshold == pytest.approx(expected.threshold, rel=1e-5)
    assert not sizes or found.sizes == pytest.approx(expected.sizes, rel=1e-5)
    assert not sizes or found.floor == pytest.approx(expected.floor, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [60, -60])
@pytest.mark.parametrize("name", STATISTICS)
def test_the_unit_of_single_precision_makes_no_difference(name, exponent, bright):
    """Powers of what a power of two makes are out of the range of float32."""
    unit = 2.0**exponent
    same(found_of(name, *(unit * u for u in bright)), found_of(name, *bright))


def test_the_unit_makes_no_difference_to_flatness(bright):
    """Squares of fourth powers at 1e-12 and 1e9 are out of the range of float32."""
    expected = found_of("flatness", *bright)
    assert expected.differs
    for unit in (1e-20, 1e-12, 1e9):
        same(found_of("flatness", *(unit * u for u in bright)), expected, sizes=False)


@pytest.mark.parametrize("name", ["structure", "flatness"])
def test_double_precision_near_the_end_of_its_range(name, bright):
    """Sixth powers are numbers at 2^±140, and their squares are not."""
    x, y = (u.double() for u in bright)
    for unit in (2.0**140, 2.0**-140):
        same(found_of(name, unit * x, unit * y), found_of(name, x, y))


@pytest.mark.parametrize("name", ["moments", "critical"])
def test_numbers_of_several_units_are_taken_in_their_own(name, bright):
    x, y = (u.double() + 1 for u in bright)
    expected = found_of(name, x, y)
    for unit in (1e-9, 1e9):
        same(found_of(name, unit * x, unit * y), expected)


@pytest.mark.parametrize("name", ["moments", "quantiles"])
def test_the_zero_of_the_unit_makes_no_difference(name, bright):
    """Kelvin and Celsius: verdicts and sizes are the same."""
    x, y = (u.double() for u in bright)
    same(found_of(name, 1e-3 * x + 270, 1e-3 * y + 270), found_of(name, x, y))


def test_another_level_is_no_other_power_spectrum(bright):
    """Its square is all at k = 0; moments and the two-point function say it."""
    x = bright[0].double()
    y = white(60, 16, 16, seed=4) + 2
    found, alike = found_of("power", x, y), found_of("power", x, y - y.mean() + x.mean())
    assert not found.differs
    assert found.distance == pytest.approx(alike.distance)
    assert found_of("moments", x, y).differs
    assert found_of("two_point", x, y).differs


def test_a_far_level_hides_no_power_spectrum(bright):
    """Its square at k = 0 is no scale of what rounding may be."""
    x, y = bright[0].double(), 1.3 * white(60, 16, 16, seed=4)
    near, far = (found_of("power", x, y + level) for level in (0, 1e5))
    assert far.distance == pytest.approx(near.distance, rel=1e-6)
    assert far.differs


def test_what_does_not_vary_decides_nothing():
    wave = (2 * torch.pi * torch.arange(8).double() / 8).cos()
    x = (wave[:, None] + wave).expand(60, 8, 8)
    found = found_of("power", x[:30], x[30:])
    assert (found.distance, found.threshold) == (0, 0)
    assert word(found) == "undecided"
    near = compare_neighbours(nearest_neighbours(x[:30], x[30:]))
    assert near.undecided
    assert neighbour_verdict(near).startswith("Undecided: distances between fields do not vary")


def test_values_that_are_no_numbers_are_no_agreement(bright):
    constant = torch.ones_like(bright[0])
    with pytest.raises(InputError, match=r"'Flatness of increments', of a set.* is NaN or inf"):
        found_of("flatness", bright[0], constant)
    assert found_of("flatness", bright[0], bright[0]).distance == 0


@pytest.mark.parametrize("name", ["power", "structure"])
def test_bright_fields_that_hide_an_eightfold_difference_decide_nothing(name):
    """A sixth of the other fields is six times as strong, which chance deals to either set."""
    x, y = (gaussian(smooth_power(16, 0.5), 24, seed) for seed in (0, 1))
    y[::6] *= 6
    found = found_of(name, x, y)
    assert next(iter(found.sizes.values())) > 8
    assert found.decidable
    assert not found.differs
    assert found.blur > 3
    assert found.undecided
    assert word(found) == "undecided"
    assert word(replace(found, blur=0.5)) == "agrees"
    assert word(replace(found, distance=2 * found.threshold)) == "differs"


@pytest.mark.parametrize("name", ["power", "structure"])
def test_ten_fields_of_one_law_are_enough_to_agree(name):
    """Of Gaussian ones, of log-normal ones and of ones at a critical point."""
    laws = [ensemble("log_normal"), Phi4()]
    pairs = [[law.sample(10, 32, seed=seed) for seed in (1, 2)] for law in laws]
    pairs.append([gaussian(smooth_power(32, 0.5), 10, seed) for seed in (0, 1)])
    for x, y in pairs:
        assert word(found_of(name, x, y)) == "agrees"


def test_few_fields_decide_nothing():
    assert enough(10, 10)
    assert enough(200, 3)
    assert not enough(8, 8)
    first = STATISTICS["moments"].measure(white(3, 16, 16))
    found = compare_statistics(
        first, STATISTICS["moments"].measure(white(3, 16, 16) ** 3, like=first)
    )
    assert not found.decidable
    assert not found.differs


def test_statistics_that_do_not_belong_together():
    x = white(4, 16, 16)
    power, marginal = (STATISTICS[name].measure for name in ("power", "marginal"))
    for other, words in (
        (marginal(x), "power with 9 points and marginal with 60"),
        (power(white(4, 32, 32)), "expected the same one of fields of one size"),
        (power(x + 1), "give like=, the first statistic"),
    ):
        with pytest.raises(InputError, match=words):
            compare_statistics(power(x), other)


def test_one_field_has_no_errors():
    found = STATISTICS["moments"].measure(white(1, 16, 16))
    assert found.errors.isnan().all()
    assert found.values.isfinite().all()


def test_relabelings_keep_the_sizes_and_are_fair():
    labels = relabelings(30, 10)
    assert (labels.sum(1) == 30).all()
    # 1,000 draws of probability 3/4: deviation 0.0137; 4 of these for the worst of 40
    assert (labels.double().mean(0) - 0.75).abs().max() < 0.055


def test_sizes_of_known_differences():
    a = torch.tensor([[100.0, 4, 2]]).double()
    b = torch.tensor([[100.0, 5, 1]]).double()
    kept = torch.ones(1, 3).bool()
    sizes = difference_sizes("power", a, b, kept)
    assert float(sizes["largest relative difference"]) == pytest.approx(0.5)
    assert float(sizes["rms relative difference"]) == pytest.approx((0.3125 / 2) ** 0.5)
    assert float(sizes["largest difference / largest power"]) == pytest.approx(0.01)
    p, q = torch.tensor([[0.5, 0.5, 0]]), torch.tensor([[0.2, 0.5, 0.3]])
    assert float(difference_sizes("marginal", p, q, kept)["total variation"]) == pytest.approx(0.3)
