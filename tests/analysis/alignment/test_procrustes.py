"""Rotations from moments, arXiv 2305.18512: checks E2 to E5 of its specification."""

import pytest
import torch

from planted_weights import normal, orthogonal
from scorelet.analysis.alignment import (
    CrossMoments,
    newton_schulz,
    polar_factor,
    procrustes,
    similarity_of_means,
)
from scorelet.analysis.alignment.procrustes import identity
from scorelet.core.errors import InputError


def moments(a, b, *, pieces=1):
    found = CrossMoments(a.shape[1], b.shape[1])
    for part in zip(a.chunk(pieces), b.chunk(pieces), strict=True):
        found.add(*part)
    return found


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_e2_a_planted_rotation_is_found(dtype):
    turn, b = orthogonal(64, seed=1, dtype=dtype), normal(2000, 64, dtype=dtype)
    a = b @ turn.mT
    found = procrustes(moments(a, b))
    assert float((found.matrix - turn).norm()) / 128**0.5 < 1e-10
    assert found.similarity == pytest.approx(1, abs=1e-10)
    assert found.error == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize(("size", "expected"), [(64, 0.012), (256, 0.030), (512, 0.046)])
def test_e3_a_planted_rotation_in_noise(size, expected):
    scale = torch.arange(1, size + 1).double() ** -0.5
    turn, b = orthogonal(size, seed=1), normal(2000, size) * scale
    a = b @ turn.mT
    a = a + 0.1 * a.std() * normal(2000, size, seed=2)
    found = procrustes(moments(a, b))
    assert float((found.matrix - turn).norm()) / (2 * size) ** 0.5 == pytest.approx(
        expected, rel=0.3
    )
    assert found.error == pytest.approx(0.009, rel=0.2)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_e4_the_error_is_that_of_the_data(dtype):
    a, b = normal(300, 9, seed=1, dtype=dtype), normal(300, 6, seed=2, dtype=dtype)
    found = procrustes(moments(a, b))
    direct = (a - b @ found.matrix.mT).abs().square().sum() / a.abs().square().sum()
    assert found.error == pytest.approx(float(direct), rel=1e-5)
    other = orthogonal(9, 6, seed=3, dtype=dtype)
    assert float((a - b @ other.mT).abs().square().sum() / a.abs().square().sum()) > found.error


def test_e5_rotations_are_isometries():
    found = procrustes(moments(normal(300, 9, seed=1), normal(300, 6, seed=2)))
    torch.testing.assert_close(found.matrix.mT @ found.matrix, torch.eye(6).double())
    assert found.is_isometry
    lossy = procrustes(moments(normal(300, 6, seed=1), normal(300, 9, seed=2)))
    torch.testing.assert_close(lossy.matrix @ lossy.matrix.mT, torch.eye(6).double())
    assert not lossy.is_isometry


def test_real_weights_get_real_rotations_of_complex_activations():
    """The best real A: that of the real part of the products, not the real part of the best A."""
    turn, b = orthogonal(8, seed=1), normal(500, 8, dtype=torch.complex128)
    a = b @ turn.mT.to(b) + 0.1 * normal(500, 8, seed=2, dtype=torch.complex128)
    found = procrustes(moments(a, b), real=True)
    stacked = procrustes(
        moments(torch.cat([a.real, a.imag]), torch.cat([b.real, b.imag]))  # the same, in real form
    )
    assert not found.matrix.is_complex()
    torch.testing.assert_close(found.matrix, stacked.matrix)
    assert found.error == pytest.approx(stacked.error)


def test_batches_add_up_to_the_whole():
    a, b = normal(300, 9, seed=1, dtype=torch.complex128), normal(300, 6, seed=2)
    whole, parts = moments(a, b), moments(a, b, pieces=7)
    torch.testing.assert_close(parts.products, whole.products)
    torch.testing.assert_close(whole.products, a.mT @ b.to(a).conj())
    assert parts.powers == pytest.approx(whole.powers)
    assert parts.count == whole.count == 300


def test_copies_of_channels_turn_together():
    turn, b = orthogonal(5, seed=1), normal(400, 15)
    whole = torch.kron(turn.contiguous(), torch.eye(3).double())
    a = b @ whole.mT + 0.05 * normal(400, 15, seed=2)
    found = procrustes(moments(a, b), copies=3)
    block = found.matrix.reshape(5, 3, 5, 3)
    torch.testing.assert_close(block[:, 0, :, 0], block[:, 2, :, 2])
    assert not bool(block[:, 0, :, 1].any())
    assert float((found.matrix - whole).norm()) < float(
        (procrustes(moments(a, b)).matrix - whole).norm()
    )
    with pytest.raises(InputError, match="no 4 copies"):
        procrustes(moments(a, b), copies=4)


@pytest.mark.parametrize("shape", [(20, 20), (20, 12), (12, 20)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_newton_schulz_gives_the_polar_factor(shape, dtype):
    matrix = normal(*shape, dtype=dtype)
    found = newton_schulz(matrix)
    torch.testing.assert_close(found, polar_factor(matrix), rtol=0, atol=1e-8)


def test_newton_schulz_says_where_it_fails():
    matrix = normal(6, 6)
    matrix[:, 0] = 0
    assert newton_schulz(matrix) is None
    torch.testing.assert_close(polar_factor(matrix, by="newton-schulz"), polar_factor(matrix))
    with pytest.raises(InputError, match="svd or newton-schulz"):
        polar_factor(matrix, by="qr")


def test_a_rotation_is_measured_on_other_samples():
    turn, b = orthogonal(6, seed=1), normal(600, 6)
    a = b @ turn.mT + 0.3 * normal(600, 6, seed=2)
    found = procrustes(moments(a[:300], b[:300]))
    _, error = found.measure(moments(a[300:], b[300:]))
    rest, image = a[300:], b[300:] @ found.matrix.mT
    direct = (rest - image).square().sum() / rest.square().sum()
    assert error == pytest.approx(float(direct), rel=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (torch.ones(2, 3), torch.ones(3, 3), "2 and 3 samples"),
        (torch.full((2, 3), float("nan")), torch.ones(2, 3), "NaN"),
        (torch.zeros(2, 3), torch.ones(2, 3), "all activations"),
    ],
)
def test_what_cannot_be_aligned(a, b, sentence):
    with pytest.raises(InputError, match=sentence):
        procrustes(moments(a, b))


def test_what_is_not_rotated_needs_the_diagonal_only():
    a, b = (normal(50, 6, seed=s, dtype=torch.complex128) for s in (1, 2))
    found = CrossMoments(6, 6, diagonal=True)
    found.add(a, b)
    torch.testing.assert_close(found.products, moments(a, b).products.diagonal())
    assert identity(found).error == pytest.approx(identity(moments(a, b)).error)
    assert identity(found).measure(found)[1] == pytest.approx(identity(found).error)
    with pytest.raises(InputError, match="must be the same"):
        identity(moments(a, b[:, :5]))


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_means_alone_give_the_similarity_of_signals_that_vary_independently(dtype, real, copies):
    a, b = (s + normal(200, 6, seed=s, dtype=dtype) for s in (1, 2))
    both = moments(a, b, pieces=2)
    independent = moments(a, b)
    independent.products = torch.outer(a.sum(0), b.sum(0).conj()) / 200
    expected = procrustes(independent, real=real, copies=copies).similarity
    assert similarity_of_means(both, real=real, copies=copies) == pytest.approx(expected)
    assert 0 < expected < procrustes(both, real=real, copies=copies).similarity
