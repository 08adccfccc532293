"""Fisher ratios: closed forms of Gaussian classes, invariance, streaming, and the floor.

Checks named E2 to E15 are those of the notes on Zarka, Guth, Mallat 2021.
"""

import math

import numpy as np
import pytest
import torch

from scorelet.analysis.fisher import finite_sample_floor, fisher_ratio, separation_by_kind
from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn


def moments_of(x, y, *, batch=None, parts=1, diagonal=False):
    counts = torch.bincount(y).tolist()
    moments = ClassMoments(counts, x.shape[1], parts=parts, diagonal=diagonal)
    for start in range(0, len(x), batch or len(x)):
        stop = start + (batch or len(x))
        moments.update(x[start:stop], y[start:stop])
    return moments


def ratio_of(x, y, **options):
    return fisher_ratio(moments_of(x, y, **options)).ratio


def gaussian_classes(count, means, root, *, seed=0):
    """`count` samples of each class around its mean, with covariance root root^T."""
    classes, dimension = means.shape
    rng = generator(seed)
    noise = torch.randn(classes * count, dimension, generator=rng, dtype=torch.float64)
    y = torch.arange(classes).repeat(count)
    return means[y] + noise @ root.mT, y


@pytest.fixture
def case():
    rng = generator(3)
    means = torch.randn(4, 6, generator=rng, dtype=torch.float64)
    root = torch.randn(6, 6, generator=rng, dtype=torch.float64) + 2 * torch.eye(6)
    return gaussian_classes(50, means, root)


def test_moments_are_those_of_numpy(case):
    x, y = case
    moments = moments_of(x, y, batch=7)
    groups = [x[y == c].numpy() for c in range(4)]
    assert np.allclose(moments.means(), [g.mean(0) for g in groups], atol=1e-12)
    expected = np.mean([np.cov(g.T) for g in groups], 0)
    assert np.allclose(moments.within, expected, atol=1e-12)
    variances = moments_of(x, y, batch=11, diagonal=True)
    assert np.allclose(variances.within, np.diag(expected), atol=1e-12)


def test_classes_count_alike_whatever_their_numbers():
    rng = generator(1)
    x = torch.randn(90, 3, generator=rng, dtype=torch.float64)
    y = torch.tensor([0] * 60 + [1] * 20 + [2] * 10)
    x += y[:, None] * torch.tensor([1.0, 0.5, 2.0])
    groups = [x[y == c].numpy() for c in range(3)]
    means = np.array([g.mean(0) for g in groups])
    between = np.cov(means.T, bias=True)
    within = np.mean([np.cov(g.T) for g in groups], 0)
    expected = np.trace(np.linalg.solve(within, between)) / 3
    assert ratio_of(x, y, batch=13) == pytest.approx(expected, rel=1e-10)


def test_halves_are_every_second_sample_of_a_class(case):
    x, y = case
    moments = moments_of(x, y, batch=9, parts=2)
    for c in range(4):
        mine = x[y == c]
        assert torch.allclose(moments.means(0)[c], mine[::2].mean(0), atol=1e-12)
        assert torch.allclose(moments.means(1)[c], mine[1::2].mean(0), atol=1e-12)
        assert torch.allclose(moments.means()[c], mine.mean(0), atol=1e-12)


def test_a_large_mean_costs_no_digits(case):
    x, y = case
    # 1e6 of 2^53 leaves 1e-10 of a feature of size 1
    assert ratio_of(x + 1e6, y, batch=7) == pytest.approx(ratio_of(x, y), rel=1e-8)


def test_closed_form_of_gaussian_classes():
    """Σ_W = R R^T, so FR = K⁻² Σ_c ‖R⁻¹ (μ_c - μ)‖², here reached exactly by whitened noise."""
    rng = generator(5)
    means = torch.randn(5, 4, generator=rng, dtype=torch.float64)
    root = torch.tensor([[2.0, 0, 0, 0], [1, 3, 0, 0], [0, 1, 1, 0], [1, 1, 1, 0.5]]).double()
    noise = torch.randn(5, 40, 4, generator=rng, dtype=torch.float64)
    noise -= noise.mean(1, keepdim=True)
    factor = torch.linalg.cholesky(noise.mT @ noise / 39)
    white = torch.linalg.solve_triangular(factor, noise.mT, upper=False).mT
    x = (means[:, None] + white @ root.mT).reshape(-1, 4)
    y = torch.arange(5).repeat_interleave(40)
    shifts = torch.linalg.solve(root, (means - means.mean(0)).mT)
    expected = float(shifts.square().sum()) / 25
    found = fisher_ratio(moments_of(x, y))
    assert found.ratio == pytest.approx(expected, rel=1e-10)
    assert found.trace == pytest.approx(5 * expected, rel=1e-10)
    assert (found.rank, found.dimension, found.classes) == (4, 4, 5)


def test_invariant_under_invertible_maps(case):  # E2
    x, y = case
    for seed in range(5):
        rng = generator(seed)
        matrix = torch.randn(6, 6, generator=rng, dtype=torch.float64)
        scales = 10 ** torch.linspace(-6, 6, 6).double()  # units do not matter either
        mapped = (x @ matrix.mT + 3) * scales
        assert ratio_of(mapped, y) == pytest.approx(ratio_of(x, y), rel=1e-8)


def test_a_linear_map_never_raises_it(case):
    x, y = case
    for seed in range(20):
        rng = generator(10 + seed)
        matrix = torch.randn(6, 3, generator=rng, dtype=torch.float64)
        assert ratio_of(x @ matrix, y) <= ratio_of(x, y) + 1e-9


def frame(atoms, dimension, seed):
    """A tight frame: F^T F = Id."""
    rng = generator(seed)
    matrix = torch.randn(atoms, dimension, generator=rng, dtype=torch.float64)
    return torch.linalg.qr(matrix).Q


def test_rectified_pairs_carry_what_values_and_moduli_carry():  # E3, and the rank of trap (i)
    rng = generator(0)
    means = randn((2, 16), rng=rng).double()
    means *= 3 / means.norm(dim=1, keepdim=True)
    x, y = gaussian_classes(2000, means, torch.eye(16).double())
    x *= (torch.rand(len(x), 1, generator=rng) < 0.5) * 2.0 - 1  # classes without a mean
    for atoms in (16, 64):
        u = x @ frame(atoms, 16, 1).mT
        rectified = fisher_ratio(moments_of(torch.cat([u.relu(), (-u).relu()], 1), y))
        both = ratio_of(torch.cat([u, u.abs()], 1), y)
        assert rectified.ratio == pytest.approx(both, rel=1e-6)
        assert rectified.rank == 16 + atoms  # values have rank 16, moduli their number
        assert rectified.ratio > 100 * max(0, fisher_ratio(moments_of(x, y)).corrected)


@pytest.mark.parametrize("data", ["means", "signs", "widths"])
def test_rectified_frames_never_lower_it(data, case):  # E4
    x, y = case
    x = x - x.mean(0)
    if data == "signs":  # every class has the mean 0
        x = x * (torch.randint(2, (len(x), 1), generator=generator(1)) * 2 - 1)
    if data == "widths":  # classes differ by their spread only
        x = randn((len(x), 6), rng=generator(2)).double() * (1 + y[:, None])
    before = ratio_of(x, y)
    for seed in range(20):
        u = x @ frame(9, 6, seed).mT
        assert ratio_of(torch.cat([u.relu(), (-u).relu()], 1), y) >= before - 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dimension", "count", "classes"), [(128, 1000, 10), (256, 5000, 10), (512, 3000, 2)]
)
def test_the_floor_of_large_sets(dimension, count, classes):  # E15
    x = torch.randn(count, dimension, generator=generator(0), dtype=torch.float64)
    y = torch.arange(count) % classes
    found = fisher_ratio(moments_of(x, y))
    assert found.floor == pytest.approx(found.ratio, rel=0.1)
    # the approximation (K - 1)/K (D/N) / (1 - D/N) of the notes
    share = dimension / count
    assert found.floor == pytest.approx((1 - 1 / classes) * share / (1 - share), rel=0.02)


@pytest.mark.slow
def test_estimates_have_no_bias_and_the_floor_is_exact():
    """Means over 250 small sets, each within four of their own standard errors."""
    means = torch.tensor([[0.6, 0, 0, 0, 0], [0, 0.9, 0, 0, 0], [0, 0, 0, 0, -0.5]]).double()
    root = torch.eye(5).double() + 0.3
    shifts = torch.linalg.solve(root, (means - means.mean(0)).mT)
    true = float(shifts.square().sum()) / 9
    far, equal, held = [], [], []
    for seed in range(250):
        x, y = gaussian_classes(8, means, root, seed=seed)
        found = fisher_ratio(moments_of(x, y, parts=2))
        far.append(found.corrected)
        held.append(found.held_out)
        floor = fisher_ratio(moments_of(x - means[y], y))
        equal.append(floor.ratio - floor.floor)
    for values, expected in ((far, true), (held, true), (equal, 0.0)):
        error = np.std(values) / math.sqrt(len(values))
        assert np.mean(values) == pytest.approx(expected, abs=4 * error)
        assert error < 0.15 * true  # so that the test can fail


@pytest.mark.slow
@pytest.mark.parametrize("counts", [(8, 16, 60), (4, 60, 60)])
def test_classes_of_different_sizes_leave_no_bias(counts):
    """250 sets of equal and of different means, each mean within four of its standard errors."""
    y = torch.repeat_interleave(torch.arange(3), torch.tensor(counts))
    means = 2 * torch.eye(3, 12, dtype=torch.float64)
    true = float((means - means.mean(0)).square().sum()) / 9
    equal, far, held = [], [], []
    for seed in range(250):
        noise = torch.randn(len(y), 12, generator=generator(seed), dtype=torch.float64)
        equal.append(fisher_ratio(moments_of(noise, y, parts=2)).corrected)
        found = fisher_ratio(moments_of(noise + means[y], y, parts=2))
        far.append(found.corrected)
        held.append(found.held_out)
    for values, expected in ((equal, 0.0), (far, true), (held, true)):
        error = np.std(values) / math.sqrt(len(values))
        assert np.mean(values) == pytest.approx(expected, abs=4 * error)


def test_too_few_samples_have_no_floor():
    assert finite_sample_floor(97, [50, 50]) is None
    x = torch.randn(20, 40, generator=generator(0), dtype=torch.float64)
    found = fisher_ratio(moments_of(x, torch.arange(20) % 2))
    assert found.floor is found.corrected is None
    assert found.rank == 18


def test_means_that_differ_where_nothing_varies_are_outside():
    rng = generator(0)
    x = torch.randn(60, 3, generator=rng, dtype=torch.float64)
    y = torch.arange(60) % 2
    x[:, 1] = y * 1.0
    found = fisher_ratio(moments_of(x, y))
    assert found.rank == 2
    assert found.outside > 0.9
    with pytest.raises(InputError, match="constant within every class"):
        fisher_ratio(moments_of(y[:, None] + 0.1, y, batch=7))  # sums of 1.1 are rounded


def test_separation_by_kind_in_closed_form():
    """Channels of unit noise: K⁻¹ Σ_c (μ_c - μ)² of each, averaged over those of a kind."""
    rng = generator(2)
    y = torch.arange(40_000) % 2
    x = torch.randn(40_000, 3, 2, generator=rng, dtype=torch.float64)
    x[:, 1] += torch.tensor([[-1.0], [1.0]])[y]  # variance of the means 1
    x[:, 2, 0] += torch.tensor([-2.0, 2.0])[y]  # 4, and 0 for its neighbour
    moments = moments_of(x.flatten(1) * 5, y, diagonal=True)
    none, mean, wave = separation_by_kind(moments, ["none", "mean", "wave"])
    assert (none.kind, none.channels) == ("none", 1)
    # errors of the means: 2 √(4/40000), relative to the shift of 2
    assert none.value == pytest.approx(0, abs=2e-4)
    assert mean.value == pytest.approx(1, rel=0.03)
    assert wave.value == pytest.approx(2, rel=0.03)
    (joined,) = separation_by_kind(moments, ["all"] * 3)
    assert joined.value == pytest.approx((none.value + mean.value + wave.value) / 3, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ClassMoments([5], 2), "have 1 class"),
        (lambda: ClassMoments([5, 2], 2, parts=2), "Class 1 has 2 samples: at least 3"),
        (lambda: ClassMoments([2, 2], 3).within, "Only 0 of 4"),
        (lambda: moments_of(torch.full((4, 1), math.nan), torch.tensor([0, 0, 1, 1])), "NaN"),
        (
            lambda: ClassMoments([2, 2], 3).update(torch.zeros(1, 2), torch.tensor([0])),
            "expected 3",
        ),
        (
            lambda: ClassMoments([2, 2], 1).update(torch.zeros(3, 1), torch.tensor([0, 0, 0])),
            "announced",
        ),
    ],
)
def test_what_cannot_be_measured_is_said(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()


@pytest.mark.slow
def test_the_trace_ratio_has_a_closed_form_and_no_bias():
    """tr Σ_B = 1 + 4, tr Σ_W = 9 + 1 + 1; equal means give 0, where tr Σ_B alone would not."""
    y = torch.arange(20_000) % 2
    noise = torch.randn(len(y), 3, generator=generator(8), dtype=torch.float64)
    x = noise * torch.tensor([3.0, 1, 1]) + torch.tensor([[1.0, 2, 0], [-1, -2, 0]])[y]
    assert fisher_ratio(moments_of(x, y)).trace_ratio == pytest.approx(5 / 11, rel=0.03)
    few = [
        fisher_ratio(moments_of(noise[k : k + 20], y[:20])).trace_ratio for k in range(0, 9000, 20)
    ]
    assert np.mean(few) == pytest.approx(0, abs=4 * np.std(few) / len(few) ** 0.5)
    assert np.std(few) / len(few) ** 0.5 < 0.005  # tr Σ_B / tr Σ_W is 0.05
