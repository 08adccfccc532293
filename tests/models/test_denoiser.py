"""Calling conventions, and the laws of blind bias-free denoisers."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import vmap

from laws.denoiser_laws import (
    assert_batch_independent,
    assert_close,
    assert_euler,
    assert_homogeneous,
    assert_keeps_dtype_and_device,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import (
    Denoiser,
    GaussianDenoiser,
    ResidualDenoiser,
    noise_level,
)
from scorelet.models.bounded import CentredDenoiser, ConditionalBoundedDenoiser
from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.denoiser import Locality, check_tensor

F64 = torch.zeros(3, 1, 2, 2, dtype=torch.float64)


class Echo(Denoiser):
    """Returns an image filled with the noise level that it was given."""

    def __init__(self, *, blind: bool) -> None:
        super().__init__()
        self.blind = blind

    def _denoise(self, y, sigma, cond, label):
        return sigma[:, None, None, None].expand_as(y)


def bias_free_net(channels: int = 1, *, bias: bool = False) -> nn.Module:
    net = nn.Sequential(
        nn.Conv2d(channels, 6, 3, padding=1, bias=bias),
        nn.ReLU(),
        nn.Conv2d(6, 6, 3, padding=1, bias=False),
        nn.ReLU(),
        nn.Conv2d(6, channels, 3, padding=1, bias=False),
    ).double()
    rng = generator(0, channels)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.25, generator=rng)
    return net


def images(batch: int, channels: int = 1, side: int = 8) -> torch.Tensor:
    return randn((batch, channels, side, side), rng=generator(1), like=F64)


@pytest.mark.parametrize(
    ("sigma", "expected"),
    [
        (0.1, [0.1] * 3),
        (1, [1.0] * 3),
        (0, [0.0] * 3),
        ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]),
        (torch.tensor(0.5), [0.5] * 3),
        (torch.tensor([1, 2, 3]), [1.0, 2.0, 3.0]),
    ],
)
def test_noise_level_takes_numbers_lists_and_tensors(sigma, expected):
    got = noise_level(sigma, F64)
    torch.testing.assert_close(got, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=0)
    assert torch.equal(Echo(blind=False)(F64, sigma)[:, 0, 0, 0], got)


@pytest.mark.parametrize(
    ("sigma", "message"),
    [
        (-0.1, "zero or positive"),
        ([0.1, -0.1, 0.1], "zero or positive"),
        (math.inf, "finite"),
        (math.nan, "finite"),
        ([0.1, 0.2], r"shape \(2,\) for a batch of 3"),
        (torch.ones(1), "batch of 3"),
        (torch.ones(3, 1), r"shape \(3, 1\)"),
    ],
)
def test_bad_noise_levels_are_refused(sigma, message):
    with pytest.raises(InputError, match=message):
        noise_level(sigma, F64)
    with pytest.raises(InputError, match=message):
        Echo(blind=True)(F64, sigma)


def test_zero_noise_is_refused_where_it_must_be_positive():
    with pytest.raises(InputError, match="finite and positive"):
        noise_level(0.0, F64, positive=True)


@pytest.mark.parametrize("sigma", [1e-8, 7e4, [1e-8], torch.tensor(7e4)])
def test_levels_beyond_half_precision_are_refused_as_such(sigma):
    with pytest.raises(InputError, match=r"positive in torch\.float16, as the images are"):
        noise_level(sigma, torch.zeros(1, 1, 2, 2, dtype=torch.float16), positive=True)


def test_gradients_reach_the_noise_level():
    sigma = torch.tensor(0.5, requires_grad=True)
    noise_level(sigma, F64).sum().backward()
    assert sigma.grad == 3


def test_noise_levels_can_be_mapped_over():
    model = GaussianDenoiser(torch.zeros(1, 2, 2).double(), torch.eye(4).double())
    sigmas = torch.tensor([0.1, 0.7], dtype=torch.float64)
    y = images(2, side=2)
    mapped = vmap(lambda image, sigma: model(image[None], sigma)[0])(y, sigmas)
    assert_close(mapped, model(y, sigmas), 1e-14)  # the same sums in another order


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (torch.zeros(1, 8, 8), r"expected \(batch, channel, height, width\)"),
        (torch.zeros(1, 1, 8, 8, dtype=torch.uint8), "floating point"),
        (torch.zeros(1, 2, 8, 8), "has 2 channels: this denoiser takes 1"),
        (torch.zeros(1, 1, 0, 8), r"\(1, 1, 0, 8\), without a pixel"),
        (torch.zeros(1, 1, 8, 0), r"\(1, 1, 8, 0\), without a pixel"),
    ],
)
def test_bad_images_are_refused(y, message):
    with pytest.raises(InputError, match=message):
        ResidualDenoiser(bias_free_net(), channels=(1,))(y)


def test_arrays_of_numpy_are_refused():
    with pytest.raises(InputError, match="of class ndarray: expected a tensor of floats"):
        check_tensor(np.zeros((1, 1, 8, 8), np.float32))


def test_a_missing_noise_level_is_refused_unless_blind():
    with pytest.raises(InputError, match="needs the noise level"):
        Echo(blind=False)(F64)
    assert Echo(blind=True)(F64).isnan().all()  # unknown is NaN, so that nobody uses it unseen


def test_an_unexpected_condition_is_refused():
    with pytest.raises(InputError, match="takes no condition"):
        Echo(blind=True)(F64, 0.1, torch.zeros(3))


def test_residual_denoiser_subtracts_the_noise_estimate_and_ignores_sigma():
    net, y = bias_free_net(), images(2)
    denoiser = ResidualDenoiser(net)
    assert torch.equal(denoiser(y), y - net(y))
    assert torch.equal(denoiser(y), denoiser(y, 0.3))


def test_a_denoiser_is_no_network_that_gives_the_noise():
    for denoiser in (ResidualDenoiser(bias_free_net()), nn.DataParallel(Echo(blind=True))):
        with pytest.raises(InputError, match="denoiser already"):
            ResidualDenoiser(denoiser)


def test_laws_of_a_bias_free_denoiser():
    denoiser, y = ResidualDenoiser(bias_free_net()), images(3)
    # float64 rounding over three layers of at most 54 terms: below 1e-14
    assert_homogeneous(denoiser, y, 3.0, 1e-13)
    assert_euler(denoiser, y, 1e-13)
    assert_batch_independent(denoiser, y, 1e-13)


def test_homogeneity_fails_with_a_bias():
    denoiser = ResidualDenoiser(bias_free_net(bias=True))
    for law in (
        lambda: assert_homogeneous(denoiser, images(3), 3.0, 1e-3),
        lambda: assert_euler(denoiser, images(3), 1e-3),
    ):
        with pytest.raises(AssertionError, match="relative error"):
            law()


def test_dtype_follows_the_input():
    assert_keeps_dtype_and_device(lambda y: Echo(blind=False)(y, 0.1), images(2))


def test_a_network_of_lower_precision_keeps_the_dtype_of_the_image():
    net, y = bias_free_net(), images(2)
    exact = ResidualDenoiser(net)(y)
    mixed = ResidualDenoiser(net.float(), compute_dtype=torch.float32)(y)
    assert mixed.dtype == torch.float64
    assert_close(mixed, exact, 1e-6)  # float32 rounding over three layers


class Cut(Denoiser):
    """Loses a column."""

    blind = True

    def _denoise(self, y, sigma, cond, label):
        return y[..., :-1]


def test_what_sees_less_than_it_learnt_knows_all_sizes():
    denoiser = Echo(blind=True)
    assert denoiser.knows((9, 9))
    denoiser.learnt = (16, 24)
    assert [denoiser.knows(size) for size in ((16, 24), (24, 16))] == [True, False]
    for radius, knows in ((15, True), (16, False)):
        denoiser.locality = Locality(radius)
        assert denoiser.knows((24, 16)) is knows


def test_an_answer_of_another_shape_is_refused():
    with pytest.raises(InputError, match=r"shape \(3, 1, 8, 7\) from \(3, 1, 8, 8\)"):
        Cut()(images(3))


class Converting(Denoiser):
    """Answers in another kind of numbers."""

    def __init__(self, convert):
        super().__init__()
        self.convert = convert

    def _denoise(self, y, sigma, cond, label):
        return self.convert(y)


def test_answers_have_the_dtype_of_the_image():
    y = images(3).float()
    found = Converting(lambda y: y.double() / 3)(y, 0.1)
    assert torch.equal(found, (y.double() / 3).float())
    with pytest.raises(InputError, match="images of class ndarray: its answer must be a tensor"):
        Converting(lambda y: y.numpy())(y, 0.1)
    with pytest.raises(InputError, match=r"complex images of torch\.complex64: its answer must"):
        Converting(lambda y: y + 0j)(y, 0.1)


class Sees(nn.Module):
    """A network that gives only a part of what it is shown."""

    def forward(self, shown):
        return shown[:, :1]


@pytest.mark.parametrize(
    "model",
    [
        ResidualDenoiser(Sees()),
        ConditionalResidualDenoiser(Sees(), channels=3, cond_channels=1),
        ConditionalBoundedDenoiser(Sees(), 0.1, channels=3, cond_channels=1),
        CentredDenoiser(Sees(), torch.zeros(1, 3, 8, 8), 0.1),
    ],
)
def test_noise_of_one_channel_is_not_taken_from_all(model):
    cond = images(2) if model.needs_cond else None
    with pytest.raises(InputError, match=r"The network made images of shape \(2, 1, 8, 8\) from"):
        model(images(2, 3), 0.1, cond)


def test_a_gray_image_for_a_denoiser_of_colours_is_refused_with_what_to_do():
    model = GaussianDenoiser(torch.zeros(3, 2, 2), torch.eye(12))
    with pytest.raises(InputError, match="this denoiser takes 3; make it RGB, or choose another"):
        model(torch.zeros(1, 1, 2, 2), 0.1)
