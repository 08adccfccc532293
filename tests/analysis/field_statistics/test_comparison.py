"""Comparisons: sets of one law pass, sets of two fail, the threshold means what it says."""

import pytest
import torch

from field_samples import gaussian, log_normal, smooth_power, white
from scorelet.analysis.field_statistics import STATISTICS, compare_statistics
from scorelet.analysis.field_statistics.comparison import difference_sizes, enough, relabelings
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.sampling import Phi4

SETS = {
    "gaussian": lambda: gaussian(smooth_power(32, 0.5), 60),
    "log-normal": lambda: ensemble("log_normal").sample(60, 32, seed=1),
    "phi4": lambda: Phi4().sample(60, 32, seed=1),
}


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("law", SETS)
def test_two_halves_of_a_set_agree(law, name):
    """F12, where a false alarm has a probability of 1 in 1,000 each."""
    x, measure = SETS[law](), STATISTICS[name].measure
    first = measure(x[:30])
    found = compare_statistics(first, measure(x[30:], like=first))
    assert found.decidable
    assert not found.differs
    assert found.distance < found.threshold


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


def test_rounding_is_no_difference():
    """Without mean there is nothing at k = 0, and what is there is rounding of another size."""
    x, y = (white(20, 32, 32, seed=s).float() for s in (0, 1))
    x, y = (u - u.mean((1, 2), keepdim=True) for u in (x, y))
    y = (y.double() - y.double().mean((1, 2), keepdim=True)) + 1e-7
    first = STATISTICS["power"].measure(x)
    assert not compare_statistics(first, STATISTICS["power"].measure(y, like=first)).differs


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
    sizes = difference_sizes("power", a, b)
    assert float(sizes["largest relative difference"]) == pytest.approx(0.5)
    assert float(sizes["rms relative difference"]) == pytest.approx((0.3125 / 2) ** 0.5)
    assert float(sizes["largest difference / largest power"]) == pytest.approx(0.01)
    p, q = torch.tensor([[0.5, 0.5, 0]]), torch.tensor([[0.2, 0.5, 0.3]])
    assert float(difference_sizes("marginal", p, q)["total variation"]) == pytest.approx(0.3)
