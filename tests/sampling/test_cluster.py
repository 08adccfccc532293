"""The cluster sampler: exact moments where integrals can be done, and its invariances."""

import math

import numpy as np
import pytest

from laws.kernel_laws import on_threads
from scorelet.core.errors import InputError
from scorelet.core.philox import Word, exp_minus
from scorelet.sampling import ClusterSampler, ScalarPotential
from scorelet.sampling.cluster_kernel import _label_clusters

CRITICAL = ScalarPotential(0.68, -1.0, 1.0)
SLOW = pytest.mark.slow


def draws(potential, size, chains, steps, *, every=4, burn_in=60, seed=0, widths=None):
    """Fields (steps, chains, L, L) from independent chains."""
    sampler = ClusterSampler(potential, size, chains, seed=seed, widths=widths)
    sampler.advance(burn_in)
    return np.stack([sampler.advance(every).copy() for _ in range(steps)])


def mean_and_error(values):
    """Mean over steps and chains; standard error from the chains, which are independent."""
    by_chain = values.mean(0)
    return by_chain.mean(), by_chain.std(ddof=1) / len(by_chain) ** 0.5


def assert_within(values, expected, sigmas=4):
    mean, error = mean_and_error(values)
    assert abs(mean - expected) < sigmas * error, (mean, expected, error)


@pytest.mark.slow
@pytest.mark.parametrize(
    "widths",
    [pytest.param((1.2,), id="sites"), pytest.param((1.2, 0.8), id="shifts, too", marks=SLOW)],
)
def test_moments_of_four_sites_are_the_integrals(widths):
    """On a 2x2 torus each pair of neighbours has two bonds: a ring of four with coupling 2b.

    The transfer matrix T(x, y) = exp(2b xy - (V(x) + V(y)) / 2) gives every moment, by a
    trapezoidal rule that is exact to 1e-10 for such functions.
    """
    x = np.linspace(-4, 4, 401)
    well = CRITICAL.a * x**2 + CRITICAL.q * x**4
    transfer = np.exp(
        2 * CRITICAL.b * x[:, None] * x[None, :] - (well[:, None] + well[None, :]) / 2
    )
    partition = np.trace(np.linalg.matrix_power(transfer, 4))
    once, rest = transfer @ (x[:, None] * transfer), transfer @ transfer
    neighbours = np.trace((x[:, None] * once) @ rest) / partition
    diagonal = np.trace((x[:, None] * rest) @ (x[:, None] * rest)) / partition
    square, fourth = (np.diag(rest @ rest) @ x**power / partition for power in (2, 4))

    phi = draws(CRITICAL, 2, chains=400, steps=250, widths=widths)
    assert_within((phi**2).mean((2, 3)), square)
    assert_within((phi**4).mean((2, 3)), fourth)
    assert_within((phi * np.roll(phi, 1, -1)).mean((2, 3)), neighbours)
    assert_within((phi * np.roll(phi, (1, 1), (-2, -1))).mean((2, 3)), diagonal)
    assert_within(phi.mean((2, 3)), 0.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "widths",
    [
        pytest.param((1.2,), id="sites", marks=SLOW),
        pytest.param((1.2, 0.6, 1.0, 0.8), id="shifts, too"),
    ],
)
def test_the_gaussian_lattice_has_its_spectrum(widths):
    potential = ScalarPotential(0.4, 0.9, 0.0)  # correlation length 2
    phi = draws(potential, 8, chains=200, steps=100, every=6, widths=widths)
    power = np.abs(np.fft.fft2(phi, norm="ortho")) ** 2
    expected = potential.power(8).numpy()
    mean = power.mean((0, 1))
    error = power.mean(0).std(0, ddof=1) / 200**0.5
    assert (np.abs(mean - expected) < 4.5 * error).all()  # 4.5 over 20 distinct modes: 1 in 7000
    assert np.abs(mean / expected - 1).max() < 0.05  # and the errors are small enough to tell


@pytest.mark.slow
def test_uncoupled_sites_have_the_density_of_one():
    x = np.linspace(-4, 4, 4001)
    density = np.exp(x**2 - x**4)
    phi = draws(ScalarPotential(0.0, -1.0, 1.0), 4, chains=300, steps=40)
    for power in (2, 4, 6):
        assert_within((phi**power).mean((2, 3)), (density @ x**power) / density.sum())


@pytest.mark.slow
@pytest.mark.parametrize("widths", [(1.2,), (1.2, 0.1, 0.5, 0.3)], ids=["sites", "shifts, too"])
def test_schwinger_dyson_identity(widths):
    """E[φ_i dE/dφ_i] = 1 for every potential: integration by parts."""
    phi = draws(CRITICAL, 16, chains=48, steps=40, widths=widths)
    neighbours = sum(np.roll(phi, shift, axis) for shift in (1, -1) for axis in (-1, -2))
    force = -CRITICAL.b * neighbours + 2 * CRITICAL.a * phi + 4 * CRITICAL.q * phi**3
    assert_within((phi * force).mean((2, 3)), 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_start_is_forgotten(sign):
    size, chains = 16, 64
    start = np.full((chains, size, size), sign)
    ordered = ClusterSampler(CRITICAL, size, chains, seed=1, start=start)
    ordered.advance(100)
    magnetization = np.stack([ordered.advance(4).mean((1, 2)) for _ in range(50)])
    assert_within(magnetization, 0.0)
    reference, error = mean_and_error((draws(CRITICAL, size, chains, 50).mean((2, 3))) ** 2)
    mean, other = mean_and_error(magnetization**2)
    assert abs(mean - reference) < 4 * math.hypot(error, other)


@pytest.mark.parametrize("threads", [1, 2])
def test_chains_depend_on_their_number_only(threads):
    def run(chains, calls):
        sampler = ClusterSampler(CRITICAL, 6, np.array(chains), seed=5, widths=(1.2, 0.3, 0.4))
        for sweeps in calls:
            sampler.advance(sweeps)
        return sampler.fields

    with on_threads(threads):
        together = run([0, 1, 2, 9], [12])
    assert np.array_equal(run([9, 1], [5, 7]), together[[3, 1]])
    assert not np.array_equal(together[0], together[1])


def test_members_advance_alone():
    sampler = ClusterSampler(CRITICAL, 4, 3, seed=6)
    before = sampler.fields.copy()
    sampler.advance(2, members=np.array([1]))
    assert np.array_equal(sampler.fields[[0, 2]], before[[0, 2]])
    sampler.advance(2, members=np.array([0, 2]))
    reference = ClusterSampler(CRITICAL, 4, 3, seed=6)
    assert np.array_equal(sampler.fields, reference.advance(2))


def test_labels_are_the_connected_components_of_the_bonds():
    """With strong bonds these are the components of equal sign, which scipy finds, too."""
    ndimage = pytest.importorskip("scipy.ndimage")
    size, rng = 12, np.random.default_rng(0)
    for _ in range(50):
        field = np.where(rng.random((size, size)) < 0.55, 1.0, -1.0)
        roots = np.empty(size * size, np.int32)
        words = np.empty((4, size * size // 4), np.uint32)
        _label_clusters(field, roots, 1e6, words, (Word(0), Word(0)), (Word(1), Word(2)))
        expected = np.zeros((size, size), int)
        for sign in (1, -1):
            # periodic: label a 3x3 tiling, whose middle has every wrapped connection of this size
            labels = _periodic_labels(ndimage, field == sign)
            expected += np.where(field == sign, labels * 2 + (sign > 0), 0)
        pairs = set(zip(roots.tolist(), expected.ravel().tolist(), strict=True))
        assert len(pairs) == len(set(roots.tolist())) == len(np.unique(expected))
        assert all(roots[root] == root <= site for site, root in enumerate(roots))


def _periodic_labels(ndimage, mask):
    """Label components and join labels across both edges until nothing changes."""
    labels, _ = ndimage.label(mask)
    while True:
        joined = labels.copy()
        for one, two in [(labels[0], labels[-1]), (labels[:, 0], labels[:, -1])]:
            for a, b in zip(one, two, strict=True):
                if a and b:
                    joined[(joined == a) | (joined == b)] = min(a, b)
        if np.array_equal(joined, labels):
            return labels
        labels = joined


@pytest.mark.slow
def test_the_exponential_is_one():
    x = np.linspace(0, 20, 999)
    got = np.array([exp_minus(value) for value in x])
    assert np.abs(got / np.exp(-x) - 1).max() < 1e-8
    assert np.abs(got - np.exp(-x)).max() < 1e-12  # what is compared with multiples of 2^-33
    assert exp_minus(1e300) < 2.0**-33


def test_what_cannot_work_is_refused():
    nan = np.full((1, 4, 4), np.nan)
    cases = [
        (lambda: ClusterSampler(ScalarPotential(-0.1, 1.0, 1.0), 4, 1, seed=0), "b >= 0"),
        (lambda: ClusterSampler(CRITICAL, 5, 1, seed=0), "even"),
        (lambda: ClusterSampler(CRITICAL, 4, 1, seed=0, start=nan), "finite"),
        (lambda: ClusterSampler(CRITICAL, 4, 2, seed=0, start=np.ones((1, 4, 4))), r"\(2, 4, 4\)"),
        (lambda: ClusterSampler(CRITICAL, 4, 1, seed=0, widths=(0.0,)), "positive one for sites"),
        (lambda: ClusterSampler(CRITICAL, 4, 1, seed=0, widths=(1.0,) * 4), "at most 2 more"),
    ]
    for call, message in cases:
        with pytest.raises(InputError, match=message):
            call()
