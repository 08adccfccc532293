"""Random features, arXiv 2305.18512: checks E8 to E12 and E17 of its specification."""

import pytest
import torch

from planted_weights import normal, orthogonal
from scorelet.analysis.alignment import CrossMoments, procrustes
from scorelet.analysis.random_features import (
    arc_cosine_kernel,
    convergence_slope,
    random_features,
)
from scorelet.analysis.weight_covariance import Spectrum, weight_spectrum
from scorelet.core.errors import InputError

WIDTHS = [64, 128, 256, 512, 1024, 2048]


def inputs(count, seed=0, size=32):
    """x ~ N(0, diag(1/i))."""
    return normal(count, size, seed=seed) / torch.arange(1, size + 1).double().sqrt()


@pytest.mark.slow
def test_e8_kernels_converge_as_one_over_the_width():
    x = inputs(200)
    exact = arc_cosine_kernel(x, x)
    errors = []
    for width in WIDTHS:
        features = [random_features(x, normal(width, 32, seed=1 + k)) for k in range(4)]
        gaps = [(f @ f.mT - exact).square().mean() / exact.square().mean() for f in features]
        errors.append(float(sum(gaps) / 4))
    constants = [error * width for error, width in zip(errors, WIDTHS, strict=True)]
    assert sum(constants) / len(constants) == pytest.approx(7.4, abs=1.5)
    assert -1.15 < convergence_slope(WIDTHS, errors) < -0.85


@pytest.mark.slow
def test_e9_the_arc_cosine_kernel_is_the_limit():
    x = inputs(6)
    root = orthogonal(32, 5, seed=2) * torch.tensor([3.0, 2.0, 1.0, 1.0, 0.5]).double()
    for factor in (None, root):
        weights = normal(100_000, 32 if factor is None else 5)
        z = x if factor is None else x @ factor
        features = random_features(z, weights)
        exact = arc_cosine_kernel(x, x, factor)
        gap = torch.linalg.matrix_norm(features @ features.mT - exact)
        assert float(gap / torch.linalg.matrix_norm(exact)) < 0.01


def fitted(reference, other):
    moments = CrossMoments(reference.shape[1], other.shape[1])
    moments.add(reference, other)
    return procrustes(moments)


def gap(reference, other, rotation):
    moments = CrossMoments(reference.shape[1], other.shape[1])
    moments.add(reference, other)
    return rotation.measure(moments)[1]


@pytest.mark.slow
def test_e10_alignment_to_a_wide_reference_improves_with_the_width():
    x = inputs(2000)
    reference = random_features(x, normal(2048, 32, seed=9))
    published = [0.43, 0.28, 0.19, 0.135, 0.096, 0.075]
    errors = []
    for width in (32, 64, 128, 256, 512, 1024):
        features = random_features(x, normal(width, 32, seed=10))
        rotation = fitted(reference[:1500], features[:1500])
        errors.append(gap(reference[1500:], features[1500:], rotation))
    assert errors == pytest.approx(published, rel=0.15)
    assert errors == sorted(errors, reverse=True)
    assert -0.65 < convergence_slope([32, 64, 128, 256, 512, 1024], errors) < -0.35


@pytest.mark.slow
def test_e11_two_layers_need_the_alignment_between_them():
    x = inputs(2000)
    first = random_features(x, normal(2048, 32, seed=9))
    directions = weight_spectrum(first[:1500]).first(20).vectors
    law = Spectrum(200 * torch.exp(-torch.arange(20.0).double() / 6), directions, 2048)
    factor = law.values.sqrt()[:, None] * law.vectors.mH
    second = random_features(first, normal(2048, 20, seed=11) @ factor)
    for width, published in ((64, 0.087), (256, 0.034)):
        features = random_features(x, normal(width, 32, seed=12))
        rotation = fitted(first[:1500], features[:1500]).matrix
        drawn = normal(width, 20, seed=13) @ factor
        errors = []
        for weights in (drawn @ rotation, drawn[:, :width]):
            deep = random_features(features, weights)
            found = fitted(second[:1500], deep[:1500])
            errors.append(gap(second[1500:], deep[1500:], found))
        assert errors[0] < 0.15 * errors[1]
        assert errors[0] == pytest.approx(published, rel=0.4)  # the spread of one draw


def test_e17_kernels_are_invariant_under_groups_that_commute_with_c():
    """Rotations by 90 degrees of a picture; C is averaged over them."""
    turn = torch.zeros(16, 16).double()
    for k, place in enumerate(torch.arange(16).reshape(4, 4).rot90(1).flatten()):
        turn[k, place] = 1
    part = normal(16, 16)
    powers = [torch.linalg.matrix_power(turn, k) for k in range(4)]
    covariance = sum(p @ part @ part.mT @ p.mT for p in powers)
    root = torch.linalg.cholesky(covariance)
    x = normal(5, 16, seed=1)
    turned = x @ turn.mT
    kernel = arc_cosine_kernel(x, x, root)
    torch.testing.assert_close(arc_cosine_kernel(turned, turned, root), kernel, rtol=0, atol=1e-6)
    other = arc_cosine_kernel(turned, turned, part)
    assert float((other - arc_cosine_kernel(x, x, part)).abs().max()) > 0.1


def test_slopes_of_powers():
    assert convergence_slope([1, 10, 100], [5, 0.5, 0.05]) == pytest.approx(-1)
    with pytest.raises(InputError, match="as many errors"):
        convergence_slope([1, 2], [1])
    with pytest.raises(InputError, match="at least two that differ"):
        convergence_slope([1, 1], [1, 2])


@pytest.mark.parametrize("factor", [None, orthogonal(32, 5, seed=2)])
def test_kernels_of_two_precisions_have_the_wider(factor):
    x = inputs(4)
    found, exact = arc_cosine_kernel(x, x.float(), factor), arc_cosine_kernel(x, x, factor)
    torch.testing.assert_close(found, exact, atol=1e-4, rtol=0)
