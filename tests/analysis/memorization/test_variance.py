"""Variance between two models: closed forms, and the published argument in miniature."""

import math

import pytest
import torch

from scorelet.analysis.memorization import gaussian_model_variance, model_variance, wiener_filter
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import FiniteSetDenoiser, GaussianDenoiser, StationaryGaussianDenoiser

SIDE, SIGMA = 16, 0.3


def spectrum():
    """Power |k|^-3 at integer frequencies, that of |k| = 1 at 0, mean 0.06."""
    k = torch.fft.fftfreq(SIDE, dtype=torch.float64) * SIDE
    power = (k[:, None] ** 2 + k**2).clamp(min=1) ** -1.5
    return power * 0.06 / power.mean()


LAW = StationaryGaussianDenoiser(spectrum())


def fields(count, *keys):
    return LAW.sample(count, rng=generator(5, *keys))


def full(x):
    rows = x.flatten(1)
    return GaussianDenoiser(torch.zeros_like(x[0]), rows.mT @ rows / len(rows))


def circulant(x):
    power = torch.fft.fft2(x[:, 0], norm="ortho").abs().square().mean(0)
    mirrored = power.flip(-2, -1).roll((1, 1), dims=(-2, -1))
    return StationaryGaussianDenoiser((power + mirrored) / 2)


def decibels(model, moment):
    """Output PSNR of a linear denoiser on images of a second moment, exactly."""
    J = model.jacobian(SIGMA)
    rest = J - torch.eye(len(J), dtype=J.dtype)
    error = ((rest @ moment) * rest).sum() + SIGMA**2 * J.square().sum()
    return float(-10 * (error / len(J)).log10())


def law_moment():
    J = LAW.jacobian(SIGMA)
    identity = torch.eye(len(J), dtype=J.dtype)
    return SIGMA**2 * (torch.linalg.inv(identity - J) - identity)


@pytest.mark.parametrize(
    ("fit", "count", "expected", "test", "train"),
    [
        (full, 1, 1.83, 12.6, 34.8),
        (full, 10, 1.01, 14.2, 25.1),
        (full, 100, 0.13, 17.7, 19.5),
        (full, 1000, 0.014, 18.5, 18.65),
        (circulant, 1, 0.30, 18.0, 19.2),
        (circulant, 10, 0.007, 18.5, 18.6),
        (circulant, 100, 0.0009, 18.55, 18.5),
        (circulant, 1000, 0.0001, 18.56, 18.55),
    ],
)
def test_the_inductive_bias_decides_where_memorisation_ends(fit, count, expected, test, train):
    """Of one draw, within the tolerances with which the table was computed before."""
    few = count <= 10
    x, other = fields(count, 0, count), fields(count, 1, count)
    a, b = fit(x), fit(other)
    found = gaussian_model_variance(a, b, LAW, SIGMA, means=True)
    assert found == pytest.approx(
        expected, abs=min(0.3 if few else 0.02, 0.7 * expected)
    )  # 0 is no answer
    if fit is circulant and count == 1:
        return  # from field to field its PSNR differs by 2 dB
    assert decibels(a, law_moment()) == pytest.approx(test, abs=1 if few else 0.15)
    rows = x.flatten(1)
    own = decibels(a, rows.mT @ rows / count)
    assert own == pytest.approx(train, abs=1 if few else 0.15)


def test_the_optimum_of_the_table():
    assert decibels(LAW, law_moment()) == pytest.approx(18.56, abs=0.03)


def test_the_measured_variance_is_the_closed_form():
    a, b = full(fields(60, 0)), full(fields(60, 1))
    (found,) = model_variance(a, b, fields(800, 2), [SIGMA], seed=3)
    exact = gaussian_model_variance(a, b, LAW, SIGMA)
    assert found.value == pytest.approx(exact, abs=4 * found.error)
    assert 0 < found.error < 0.1 * exact


def test_the_error_is_that_of_repetition():
    a, b = full(fields(60, 0)), full(fields(60, 1))
    found = [model_variance(a, b, fields(50, 9, k), [SIGMA], seed=k)[0] for k in range(60)]
    spread = float(torch.tensor([one.value for one in found]).std())
    said = float(torch.tensor([one.error for one in found]).mean())
    assert said == pytest.approx(spread, rel=0.3)  # 60 values know their spread to 9 %


def test_one_function_has_no_variance():
    x = fields(20, 2)
    for model in (LAW, FiniteSetDenoiser(fields(5, 0))):
        assert [v.value for v in model_variance(model, model, x, [0.1, 1.0])] == [0, 0]
    assert gaussian_model_variance(LAW, LAW, LAW, SIGMA) == 0


def test_single_images_are_as_far_apart_as_they_are():
    """A denoiser of one point answers with it, whatever it is shown."""
    x, y = fields(2, 0).split(1)
    u, v = (image.flatten() - image.mean() for image in (x, y))
    expected = (u - v).square().sum() / ((u.square().sum() + v.square().sum()) / 2)
    models = FiniteSetDenoiser(x), FiniteSetDenoiser(y)
    for found in model_variance(*models, fields(7, 2), [0.05, 2.0]):
        assert found.value == pytest.approx(float(expected), rel=1e-10)
        assert found.error == pytest.approx(0, abs=1e-10)


def test_finite_sets_answer_with_their_nearest_image_where_there_is_no_noise():
    a, b, x = fields(5, 0), fields(5, 1), fields(9, 2)
    u, v = (
        points[torch.cdist(x.flatten(1), points.flatten(1)).argmin(1)].flatten(1)
        for points in (a, b)
    )
    u, v = (rows - rows.mean(1, keepdim=True) for rows in (u, v))
    expected = (u - v).square().sum() / ((u.square().sum() + v.square().sum()) / 2)
    (found,) = model_variance(FiniteSetDenoiser(a), FiniteSetDenoiser(b), x, [1e-3])
    assert found.value == pytest.approx(float(expected), rel=1e-9)
    assert found.value > 1


def test_memory_of_a_finite_set_does_not_end():
    """The page: 1.31 of 100 fields, where the full covariance has 0.13."""
    a, b = (FiniteSetDenoiser(fields(100, k)) for k in (0, 1))
    (found,) = model_variance(a, b, fields(300, 2), [SIGMA])
    assert found.value == pytest.approx(1.31, abs=0.15)


def test_a_mean_does_not_count():
    """Denoisers that differ by a constant grey have learned the same picture."""
    mean, C = torch.zeros(1, 4, 4).double(), torch.eye(16).double()
    a = GaussianDenoiser(mean, C)
    b = GaussianDenoiser(mean + 0.5, C)
    assert gaussian_model_variance(a, b, a, 0.5) == pytest.approx(0, abs=1e-12)
    x = a.sample(5, rng=generator(0))
    assert model_variance(a, b, x, [0.5])[0].value == pytest.approx(0, abs=1e-12)


def test_what_cannot_be_measured():
    x = fields(2, 0)
    flat = FiniteSetDenoiser(torch.full_like(x[:1], 0.5))
    with pytest.raises(InputError, match="flat images"):
        model_variance(flat, flat, x, [0.1])
    with pytest.raises(InputError, match="no picture"):
        model_variance(LAW, LAW, x[:0], [0.1])
    for levels in ([], [0.0], [0.1, math.inf]):
        with pytest.raises(InputError, match="positive numbers"):
            model_variance(LAW, LAW, x, levels)
    with pytest.raises(InputError, match="different shapes"):
        gaussian_model_variance(
            LAW, LAW, StationaryGaussianDenoiser(spectrum()[:8, :8] * 0 + 1), 1.0
        )


def test_the_linear_filter_is_that_of_the_spectrum():
    found = wiener_filter(0.5 + fields(4000, 0))
    assert float(found.mean.flatten()[0]) == pytest.approx(0.5, abs=0.01)
    torch.testing.assert_close(found.variances[0], spectrum(), rtol=0.2, atol=0)
    exact, fitted = (m.jacobian(SIGMA) for m in (LAW, found))
    torch.testing.assert_close(fitted, exact, rtol=0, atol=0.01)
