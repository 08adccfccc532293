"""Cosines without means, nearest images, PSNR gaps, samples of twins, verdicts."""

import math
from dataclasses import replace
from statistics import median

import pytest
import torch

from scorelet.analysis.memorization import (
    SCHEDULE,
    Evidence,
    Gap,
    ModelVariance,
    by_gap,
    curve,
    directions,
    mean_pair_cosine,
    median_with_error,
    nearest,
    nearest_in,
    open_signs,
    pair_cosines,
    psnr_by_level,
    psnr_gap,
    quartiles,
    twin_samples,
    verdict,
    verdict_of_two,
    where_it_ends,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import FiniteSetDenoiser, GaussianDenoiser
from scorelet.sampling.ascent import AscentSchedule

QUICK = AscentSchedule(start=1.0, end=0.05, first=0.2, beta=0.5)


def images(count, *, seed=0, shape=(1, 6, 6)):
    return torch.rand(count, *shape, generator=generator(seed), dtype=torch.float64)


def test_neither_brightness_nor_contrast_counts():
    x = images(4, shape=(3, 5, 7))
    y = 0.9 - 0.3 * x
    torch.testing.assert_close(pair_cosines(x, y), -torch.ones(4))
    torch.testing.assert_close(pair_cosines(x, 2 * x + 1), torch.ones(4))
    flat = torch.full_like(x, 0.3)
    assert pair_cosines(x, flat).tolist() == [0] * 4
    u, v = (
        t.flatten(1) - t.flatten(1).mean(1, keepdim=True)
        for t in (x, images(4, seed=1, shape=(3, 5, 7)))
    )
    expected = torch.nn.functional.cosine_similarity(u, v).float()
    torch.testing.assert_close(pair_cosines(x, images(4, seed=1, shape=(3, 5, 7))), expected)


def test_no_cosine_is_beyond_one():
    """Rounding brings that of an image with itself to 1.0000004 here."""
    x = images(200, shape=(1, 40, 40))
    assert float((directions(x) ** 2).sum(1).max()) > 1
    assert float(pair_cosines(x, x).max()) == 1
    assert float(pair_cosines(x, 1 - x).min()) == -1
    assert float(nearest(x, x).cosine.max()) == 1


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_the_nearest_image_whatever_the_blocks(block):
    x, among = images(5), images(40, seed=1)
    among[17] = 0.1 + 0.5 * x[3]
    cosines = directions(x) @ directions(among).mT
    found = nearest(x, among, block=block)
    assert torch.equal(found.index, cosines.argmax(1))
    torch.testing.assert_close(found.cosine, cosines.max(1).values)
    assert int(found.index[3]) == 17
    assert float(found.cosine[3]) == pytest.approx(1, abs=1e-6)


def test_mirror_images_are_found_where_they_count():
    x, among = images(5), images(40, seed=1)
    among[17], among[23] = x[3].flip(-1), x[3]
    own = torch.tensor([0, 1, 2, 23, 4])  # x[3] is among them: it is not compared with itself
    pieces = among.split(7)
    for found in (
        nearest(x, among, block=7, mirrored=True),
        nearest_in(x, pieces, mirrored=True),
        nearest_in(x, pieces, own=own, mirrored=True),
    ):
        assert float(found.cosine[3]) == pytest.approx(1, abs=1e-6)
    assert int(nearest_in(x, pieces, own=own, mirrored=True).index[3]) == 17
    assert float(nearest_in(x, pieces, own=own).cosine[3]) < 0.9
    both = torch.cat([among, among.flip(-1)])
    expected = (directions(x) @ directions(both).mT).max(1)
    found = nearest(x, among, mirrored=True)
    torch.testing.assert_close(found.cosine, expected.values)
    assert torch.equal(found.index, expected.indices % 40)


def test_psnr_of_known_errors():
    """A denoiser of one point has the same error whatever the noise."""
    point = images(1)
    x = torch.cat([point + 0.1, point - 0.01])
    levels = psnr_by_level(FiniteSetDenoiser(point), x, [0.2, 1.0])
    torch.testing.assert_close(levels, torch.tensor([[20.0, 40.0]] * 2).double())
    found = curve(levels)
    assert found.mean == pytest.approx((30, 30))
    assert found.error == pytest.approx((10, 10))
    assert found.of_mean == pytest.approx((-10 * math.log10((0.01 + 0.0001) / 2),) * 2)
    assert math.isnan(curve(levels[:, :1]).error[0])


def test_the_gap_and_its_error():
    train, test = (
        torch.tensor([[10.0, 14.0], [20.0, 20.0]]),
        torch.tensor([[5.0, 5.0, 5.0], [9.0, 7.0, 8.0]]),
    )
    gap = psnr_gap(train.double(), test.double())
    assert gap.value == pytest.approx(16 - 6.5)
    assert gap.error == pytest.approx(math.sqrt(1 + 0.25 / 3))
    with pytest.raises(InputError, match="noise levels"):
        psnr_gap(train, test[:1])


def test_noise_is_a_function_of_the_picture_not_of_the_denoiser():
    x = images(70)
    model = GaussianDenoiser(torch.zeros(1, 6, 6).double(), torch.eye(36).double())
    whole = psnr_by_level(model, x, [0.3], seed=1)
    assert torch.equal(whole[:, :5], psnr_by_level(model, x[:5], [0.3], seed=1))
    assert not torch.equal(whole, psnr_by_level(model, x, [0.3], seed=2))


def test_noise_of_two_levels_is_uncorrelated():
    """f(y) = y / (1 + σ²): of black pictures errors are those of the noise."""
    model = GaussianDenoiser(torch.zeros(1, 6, 6).double(), torch.eye(36).double())
    levels = psnr_by_level(model, 0 * images(200), [0.3, 0.3, 1.0], seed=1)
    correlations = torch.corrcoef(levels) - torch.eye(3)
    assert float(correlations.abs().max()) < 4 / 200**0.5


def test_the_error_of_a_median_is_the_spread_of_medians():
    draws = torch.randn(2000, 101, generator=generator(0), dtype=torch.float64)
    medians, errors = torch.tensor([median_with_error(draw) for draw in draws]).double().T
    assert float(medians.std()) == pytest.approx(float(errors.mean()), rel=0.06)  # 4 errors


def test_twins_that_are_one_model_draw_the_same_images():
    C = torch.eye(36).double() * 0.1
    model = GaussianDenoiser(torch.full((1, 6, 6), 0.5).double(), C)
    mean = torch.full((1, 1, 6, 6), 0.5).double()
    found = twin_samples(model, model, mean, 20, schedule=QUICK)
    assert torch.equal(found.first, found.second)
    assert torch.equal(found.first[:3], twin_samples(model, model, mean, 3, schedule=QUICK).first)
    assert pair_cosines(found.first[:10], found.first[10:]).abs().max() < 0.9


def test_samples_of_finite_sets_are_their_images():
    sets = images(4), images(4, seed=1)
    models = [FiniteSetDenoiser(points) for points in sets]
    told = []
    found = twin_samples(
        *models, torch.full((1, 1, 6, 6), 0.5).double(), 12, progress=lambda *a: told.append(a)
    )
    for samples, points in zip((found.first, found.second), sets, strict=True):
        near = nearest(samples, points)
        torch.testing.assert_close(near.cosine, torch.ones(12), atol=1e-3, rtol=0)
        assert len(set(near.index.tolist())) > 1
    assert pair_cosines(found.first, found.second).median() < 0.6
    assert told[-1] == (2 * len(SCHEDULE.sigmas()), 2 * len(SCHEDULE.sigmas()))
    assert len(SCHEDULE.sigmas()) - 1 == 97
    with pytest.raises(InputError, match="at least one"):
        twin_samples(*models, sets[0][:1], 0)


@pytest.mark.parametrize(
    ("gap", "variance", "pair", "near", "expected"),
    [
        (10.0, 1.5, 0.2, 0.99, "memorises"),
        (2.0, 0.1, 0.8, 0.9, "memorises"),  # samples decide where the gap does not
        (10.0, 0.1, 0.95, 0.5, "contradictory"),  # they say opposite things
        (0.3, 1.5, 0.2, 0.99, "contradictory"),
        (2.0, 0.1, 0.95, 0.5, "in between"),
        (0.3, 0.02, 0.97, 0.7, "generalises"),
        (0.3, 0.5, 0.97, 0.7, "in between"),  # two functions
        (1.4, 0.02, 0.97, 0.7, "in between"),  # 1.4 ± 0.1 may be above 1.5
        (None, 0.02, None, None, "same function"),  # perhaps of one law, perhaps by heart
        (0.3, 0.02, None, None, "same function"),
        (None, 0.02, 0.97, 0.7, "same function"),
        (2.0, 0.02, None, None, "same function"),
        (None, 1.0, None, None, "not known"),
        (0.3, 1.0, None, None, "not known"),
        (9.0, 1.0, None, None, "memorises"),
    ],
)
def test_verdicts(gap, variance, pair, near, expected):
    spread = torch.tensor([-0.02, -0.01, 0.0, 0.01, 0.02])
    evidence = Evidence(
        ModelVariance(0.3, variance, 0.01),
        None if gap is None else Gap(gap, 0.1),
        None if pair is None else pair + spread,
        None if near is None else near + spread,
    )
    assert verdict(evidence) == expected


@pytest.mark.parametrize(
    ("gaps", "near", "expected"),
    [
        ((54.0, 0.0), 0.8, "one memorises"),
        ((0.0, 5.0), 0.8, "one memorises"),  # both together have 2.5
        ((5.0, 2.0), 0.8, "one memorises"),
        ((5.0, 0.0), 0.1, "contradictory"),
        ((5.0, 4.0), 0.8, "memorises"),
        ((2.0, 2.0), 0.8, "memorises"),
        ((0.0, 0.0), 0.1, "generalises"),
    ],
)
def test_of_two_models_one_may_memorise(gaps, near, expected):
    spread = torch.tensor([-0.02, -0.01, 0.0, 0.01, 0.02])
    both = Gap(sum(gaps) / 2, 0.1)
    evidence = Evidence(ModelVariance(0.3, 0.02, 0.01), both, 0.5 + spread, near + spread)
    assert verdict_of_two(evidence, [Gap(gap, 0.1) for gap in gaps]) == expected
    alone = replace(evidence, gap=None)
    assert verdict_of_two(alone, []) == verdict(alone)


def test_gaps_that_chance_tells_apart_do_not_make_one_of_two_memorise():
    spread = torch.tensor([-0.02, -0.01, 0.0, 0.01, 0.02])
    evidence = Evidence(ModelVariance(0.3, 0.02, 0.01), Gap(3.52, 0.14), 0.5 + spread, 0.8 + spread)
    near, apart = ([Gap(3.38, error), Gap(3.66, error)] for error in (0.2, 0.01))
    assert [by_gap(gap) for gap in near] == ["in between", "memorises"]
    assert verdict_of_two(evidence, near) == verdict(evidence) == "memorises"
    below = [Gap(2.8, 0.01), apart[1]]
    assert verdict_of_two(evidence, below) == "one memorises"


@pytest.mark.parametrize(("lead", "expected"), [(-0.6, "undertrained"), (-0.4, "generalises")])
def test_networks_that_know_nothing_agree_and_are_not_judged(lead, expected):
    pair, near = torch.full((4,), 0.9), torch.full((4,), 0.5)
    level = ModelVariance(0.3, 0.01, 0.001)
    evidence = Evidence(level, Gap(0.0, 0.1), pair, near, lead=lead)
    assert verdict(evidence) == expected


@pytest.mark.parametrize(
    ("gap", "near", "lead", "expected"),
    [
        (0.0, 0.5, 1.0, "memorises in part"),
        (2.0, 0.5, 1.0, "memorises in part"),
        (9.0, 0.5, 1.0, "memorises in part"),  # no contradiction: some are, most are not
        (0.0, 0.99, 1.0, "memorises in part"),  # all samples are copies of few pictures
        (0.0, 0.5, -4.0, "memorises in part"),  # a filter is better, and yet there are copies
        (9.0, 0.99, 1.0, "memorises"),
        (None, None, None, "memorises in part"),
    ],
)
def test_a_single_picture_by_heart_is_memory_in_part(gap, near, lead, expected):
    evidence = Evidence(
        ModelVariance(0.3, 0.01, 0.001),
        None if gap is None else Gap(gap, 0.1),
        torch.full((4,), 0.9),
        None if near is None else torch.full((4,), near),
        lead=lead,
        by_heart=1,
    )
    assert verdict(evidence) == expected
    two = [Gap(9.0, 0.1), Gap(0.0, 0.1)]
    assert verdict_of_two(evidence, two) == "one memorises"
    assert where_it_ends({10: "memorises in part", 20: "generalises"}) == (10, 20)


@pytest.mark.parametrize(
    ("lead", "gain", "expected"),
    [
        (-0.4, 9.0, "generalises"),
        (-0.6, 9.0, "undertrained"),
        (-0.4, 0.5, "undertrained"),  # in weak noise the filter gains no more over the identity
        (-0.2, 0.5, "generalises"),
        (-0.1, -0.5, "undertrained"),
    ],
)
def test_half_of_what_a_filter_gains_may_not_be_lost(lead, gain, expected):
    pair, near = torch.full((4,), 0.9), torch.full((4,), 0.5)
    level = ModelVariance(0.3, 0.01, 0.001)
    evidence = Evidence(level, Gap(0.0, 0.1), pair, near, lead=lead, gain=gain)
    assert verdict(evidence) == expected
    assert verdict(replace(evidence, gap=Gap(9.0, 0.1))) == "contradictory"  # signs of memory
    assert verdict(replace(evidence, gap=Gap(9.0, 0.1), pair=near, nearest=pair)) == "memorises"


@pytest.mark.parametrize(
    ("gap", "error", "variance", "near", "expected"),
    [
        (2.6, 1.1, 0.01, 0.5, ["gap"]),
        (0.0, 1.1, 0.5, 0.5, ["gap", "function"]),
        (0.0, 0.1, 0.01, 0.9, ["samples"]),
        (0.0, 0.1, 0.01, 0.5, []),
    ],
)
def test_which_signs_are_open(gap, error, variance, near, expected):
    pair, level = torch.full((4,), 0.9), ModelVariance(0.3, variance, 0.001)
    evidence = Evidence(level, Gap(gap, error), pair, torch.full((4,), near))
    assert open_signs(evidence) == expected
    assert verdict(evidence) == ("in between" if expected else "generalises")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({10: "memorises", 100: "in between", 1000: "generalises"}, (10, 1000)),
        ({10: "memorises", 100: "memorises"}, (100, None)),
        ({10: "generalises", 100: "generalises"}, (None, 10)),
        ({10: "generalises", 100: "memorises", 1000: "generalises"}, (100, 1000)),
    ],
)
def test_where_memorisation_ends(verdicts, expected):
    assert where_it_ends(verdicts) == expected


@pytest.mark.parametrize("values", [[0.3], [0.1, 0.9], [0.1, 0.2, 0.6, 0.9], [0.0, 0.5, 0.7]])
def test_there_is_one_median(values):
    """That of an even number of values is the mean of the two in the middle."""
    found, error = median_with_error(torch.tensor(values))
    assert found == quartiles(torch.tensor(values))[1] == pytest.approx(median(values))
    assert (error > 0) == (len(values) > 1)


def test_nothing_to_judge():
    with pytest.raises(InputError, match="at least one size"):
        where_it_ends({})
    assert quartiles(torch.arange(5.0)) == [1, 2, 3]
    with pytest.raises(InputError, match="one shape"):
        nearest(images(2), images(2, shape=(1, 5, 6)))
    with pytest.raises(InputError, match="at least one"):
        nearest(images(2), images(2)[:0])
    with pytest.raises(InputError, match="as many"):
        pair_cosines(images(2), images(3))


def test_a_set_in_pieces_gives_the_same_and_no_image_is_near_to_itself():
    among = torch.rand(23, 1, 4, 4)
    images = torch.rand(7, 1, 4, 4)
    pieces = [among[:5], among[5:6], among[6:]]
    found, whole = nearest_in(images, pieces), nearest(images, among)
    assert torch.equal(found.index, whole.index)
    torch.testing.assert_close(found.cosine, whole.cosine)
    own = torch.tensor([22, 0, 5, 6])
    found = nearest_in(among[own], pieces, own=own)
    for k, number in enumerate(own.tolist()):
        others = [j for j in range(23) if j != number]
        expected = nearest(among[number : number + 1], among[others])
        assert float(found.cosine[k]) == pytest.approx(float(expected.cosine), abs=1e-6)
        assert int(found.index[k]) == others[int(expected.index)]


@pytest.mark.slow
def test_the_mean_of_all_pairs_and_its_error():
    """Against every pair by itself; the error is the spread over sets that are drawn anew."""
    rng = torch.Generator().manual_seed(0)
    middle = torch.randn(1, 1, 4, 4, generator=rng)
    found = []
    for _ in range(300):
        x = middle + torch.randn(40, 1, 4, 4, generator=rng)
        found.append(mean_pair_cosine([x[:25], x[25:]]))
    rows = directions(x).double()
    pairs = [float(rows[i] @ rows[j]) for i in range(40) for j in range(i)]
    assert found[-1][0] == pytest.approx(sum(pairs) / len(pairs), abs=1e-6)
    values, errors = torch.tensor(found).T
    assert float(errors.mean()) == pytest.approx(float(values.std()), rel=0.15)
