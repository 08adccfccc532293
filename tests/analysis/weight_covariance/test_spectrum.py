"""Spectra, clipping, Gaussianity, dynamics, filters: arXiv 2305.18512, checks E13 to E16 of its
specification, and E12 of that of arXiv 2409.19460."""

import pytest
import torch

from planted_weights import normal, orthogonal
from scorelet.analysis.weight_covariance import (
    Spectrum,
    clipped,
    eigenvector_cosines,
    marginal_tests,
    mean_spatial_covariance,
    movement,
    share_outside_bulk,
    spatial_covariance,
    spatial_eigenvectors,
    universal_filters,
    weight_spectrum,
    whitened,
    with_covariance,
    without_covariance,
)
from scorelet.core.errors import InputError


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("shape", [(8, 20), (20, 8)])
def test_rainbow_e13_both_estimators_agree(shape, dtype):
    rows = normal(*shape, dtype=dtype)
    ways = ("rows", "gram", *(("neurons",) if shape[0] <= shape[1] else ()))
    found = [weight_spectrum(rows, variance=0.5, by=by) for by in ways]
    direct = rows.mH @ rows / (0.5 * shape[0])
    for spectrum in found:
        torch.testing.assert_close(spectrum.matrix(), direct, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found[0].values, found[1].values[:8], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_neurons_give_the_spectrum_where_they_are_far_from_dependent(monkeypatch, dtype):
    rows = normal(20, 80, dtype=dtype)
    slow, dependent = weight_spectrum(rows), rows[[*range(19), 0]]
    slowest = weight_spectrum(dependent)
    fast = weight_spectrum(dependent, by="fast")  # two neurons are one
    torch.testing.assert_close(fast.vectors, slowest.vectors)
    monkeypatch.delattr(torch.linalg, "svd")  # takes seven times as long for 512 x 4608
    fast = weight_spectrum(rows, by="fast")
    torch.testing.assert_close(fast.values, slow.values, rtol=1e-12, atol=0)
    torch.testing.assert_close(fast.matrix(), slow.matrix(), rtol=0, atol=1e-12)
    torch.testing.assert_close(
        fast.vectors.mH @ fast.vectors, torch.eye(20, dtype=dtype), rtol=0, atol=1e-12
    )


def test_rainbow_e14_pure_stretching():
    before = normal(400, 30)
    law = Spectrum(torch.tensor([9.0, 4.0, 1.0]).double(), orthogonal(30, 3, seed=1), 400)
    after = with_covariance(before, law)  # W_t = G (1 + C)^½
    start = movement(before, before, law.vectors)
    torch.testing.assert_close(start.amplification, torch.ones(3).double())
    torch.testing.assert_close(start.cosine, torch.ones(3).double())
    found = movement(before, after, law.vectors)
    torch.testing.assert_close(found.cosine, torch.ones(3).double(), rtol=0, atol=1e-4)
    torch.testing.assert_close(found.amplification.square(), 1 + law.values, rtol=1e-4, atol=0)
    with pytest.raises(InputError, match="same neurons"):
        movement(before, after[1:], law.vectors)


def test_rainbow_e15_clipping():
    rows = normal(8, 20)
    torch.testing.assert_close(clipped(rows, orthogonal(20)), rows)
    assert not bool(clipped(rows, torch.zeros(20, 0).double()).any())
    first = weight_spectrum(rows).first(3)
    kept = clipped(rows, first.vectors)
    assert int(torch.linalg.matrix_rank(kept)) == 3
    torch.testing.assert_close(clipped(kept, first.vectors), kept)


@pytest.mark.slow
def test_rainbow_e16_whitened_gaussian_weights_are_noise():
    law = Spectrum(60 * torch.exp(-torch.arange(40.0).double() / 10), orthogonal(320, 40), 1280)
    rows = with_covariance(normal(1280, 320), law)
    whole = Spectrum(torch.ones(320).double(), torch.eye(320).double(), 1280)
    vectors = torch.linalg.svd(law.vectors, full_matrices=True)[0]
    vectors[:, :40] = law.vectors
    values = torch.cat([1 + law.values, torch.ones(280).double()])
    known = Spectrum(values, vectors, 1280)
    assert share_outside_bulk(whitened(rows, known)) < 0.01
    assert share_outside_bulk(whitened(rows, whole)) > 0.05
    tests = marginal_tests(whitened(rows, known))
    assert [test.rank for test in tests] == [0, 9, 99]
    assert min(test.p_value for test in tests) > 0.01


def test_what_stretches_rows_is_undone():
    law = Spectrum(torch.tensor([60.0, 4.0, 0.5]).double(), orthogonal(30, 3, seed=1), 400)
    rows = normal(40, 30)
    torch.testing.assert_close(without_covariance(with_covariance(rows, law), law), rows)


def test_marginals_that_are_not_gaussian_are_seen():
    signs = normal(400, 3).sign()
    (test,) = marginal_tests(signs, ranks=(0, 5))
    assert test.p_value < 1e-6
    complex_noise = normal(400, 2, dtype=torch.complex128)
    assert marginal_tests(complex_noise, ranks=(0,))[0].p_value > 0.01


@pytest.mark.slow
def test_marginals_say_nothing_of_the_law_of_single_weights_and_little_of_own_covariances():
    """Of 120 tests 6 ± 2.4 should have p < 0.05, and half p < 0.5 (± 5 %)."""

    def p_values(change, law=None):
        found = []
        for seed in range(60):
            rows = change(normal(128, 64, seed=seed))
            white = whitened(rows, law or weight_spectrum(rows))
            found += [test.p_value for test in marginal_tests(white, ranks=(0, 20))]
        return torch.tensor(found)

    turned = Spectrum(torch.ones(64).double(), orthogonal(64), 128)
    signs, known, own = (
        p_values(*given) for given in ((torch.sign, turned), (lambda w: w, turned), (lambda w: w,))
    )
    assert int((signs < 0.05).sum()) < 14
    assert 0.4 < float((known < 0.5).double().mean()) < 0.6
    assert float((own < 0.5).double().mean()) < 0.42


def test_nothing_is_whitened_along_nothing():
    with pytest.raises(InputError, match="eigenvalues are 0"):
        whitened(normal(4, 3), Spectrum(torch.zeros(1).double(), orthogonal(3, 1), 4))


def test_neural_encodings_e12_spatial_covariance():
    weight = normal(6, 5, 3, 3)
    found = spatial_covariance(weight)
    power = weight.square().sum((2, 3)).mean()
    assert float(found.trace()) == pytest.approx(float(power), abs=1e-6)
    assert float(torch.linalg.eigvalsh(found).min()) > -1e-6
    shuffled = weight[torch.randperm(6)][:, torch.randperm(5)]
    torch.testing.assert_close(spatial_covariance(shuffled), found, rtol=0, atol=1e-6)
    with pytest.raises(InputError, match="expected"):
        spatial_covariance(normal(6, 5))


def filters_of(vectors, powers, outputs=400, inputs=5):
    """Convolutions whose filters have the given spatial covariance."""
    coefficients = normal(outputs, inputs, len(powers), seed=7) * torch.tensor(powers).sqrt()
    net = torch.nn.Conv2d(inputs, outputs, int(len(vectors) ** 0.5), bias=False).double()
    net.weight.data = (coefficients @ vectors.mT).reshape(net.weight.shape)
    return net


def test_universal_filters_are_the_ones_that_layers_share():
    """Of three layers with the same eigenvectors and other powers; the first has others."""
    vectors = orthogonal(9, 3, seed=1)
    layers = [filters_of(orthogonal(9, 3, seed=2), [9.0, 4.0, 1.0])]
    layers += [filters_of(scale * vectors, [9.0, 4.0, 1.0]) for scale in (1, 30, 0.2)]
    net = torch.nn.Sequential(*layers)
    found = universal_filters(net, count=3)
    assert found.shape == (3, 3, 3)
    cosines = (found.flatten(1) @ vectors).abs()
    torch.testing.assert_close(cosines, torch.eye(3).double(), rtol=0, atol=0.03)
    assert (found.flatten(1).abs().max(1).values == found.flatten(1).max(1).values).all()
    values, basis = spatial_eigenvectors(spatial_covariance(layers[1].weight))
    assert values.tolist()[:3] == pytest.approx([9, 4, 1], rel=0.1)
    torch.testing.assert_close(basis @ basis.mT, torch.eye(9).double())
    again = universal_filters([net, net], count=3)
    torch.testing.assert_close(again, found)
    first = universal_filters(net, count=3, layers=(1, 1)).flatten(1)
    assert float((first @ vectors).abs().max()) < 0.9


def flat(sides):
    return torch.nn.Conv2d(3, 3, sides)


def test_what_shares_no_filters():
    one = torch.nn.Conv2d(2, 3, 3)
    for net, options, sentence in (
        (torch.nn.Linear(2, 2), {}, "No network has a convolution 2 that is not grouped"),
        (one, {}, r"has a convolution 2 .* give layers=\(1, 1\)"),
        (torch.nn.Sequential(one, torch.nn.Conv2d(3, 3, 3), torch.nn.Conv2d(3, 3, 5)), {}, "3x3 a"),
        (torch.nn.Sequential(one, *map(flat, ((1, 7), (7, 1)))), {}, "1x7 and 7x1"),
        (torch.nn.Sequential(one, one), {"count": 10, "layers": (1, 1)}, "10 filters"),
        (one, {"layers": (0, 3)}, "from 1 on"),
    ):
        with pytest.raises(InputError, match=sentence):
            universal_filters(net, **options)
    with pytest.raises(InputError, match="all 0"):
        mean_spatial_covariance([torch.zeros(2, 2, 3, 3)])


def test_cosines_of_eigenvectors():
    a = weight_spectrum(normal(30, 8))
    torch.testing.assert_close(eigenvector_cosines(a, a), torch.eye(8).double())
    flipped = Spectrum(a.values, -a.vectors.flip(1), 30)
    torch.testing.assert_close(eigenvector_cosines(a, flipped), torch.eye(8).double().flip(0))
    with pytest.raises(InputError, match="8 and 7 entries"):
        eigenvector_cosines(a, weight_spectrum(normal(30, 7)))


@pytest.mark.parametrize(
    ("rows", "variance", "sentence"),
    [
        (torch.zeros(3), 1, "shape"),
        (torch.tensor([[float("nan")]]), 1, "NaN"),
        (torch.ones(2, 2), 0, "positive"),
        (torch.ones(2, 2).numpy(), 1, "rows is of the type ndarray: expected a Tensor"),
    ],
)
def test_what_has_no_spectrum(rows, variance, sentence):
    with pytest.raises(InputError, match=sentence):
        weight_spectrum(rows, variance=variance)


def test_an_unknown_way_is_refused():
    with pytest.raises(InputError, match="auto, fast, rows, gram or neurons"):
        weight_spectrum(normal(4, 3), by="column")
