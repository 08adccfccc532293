"""The deviation that norms divide by, and its derivatives: those of torch's `var`."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from scorelet.networks import BiasFreeBatchNorm
from scorelet.networks.normalization import _Variance, _variance

LAYOUTS = (torch.contiguous_format, torch.channels_last)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(4, 3, 5, 7), (1, 2, 1, 1), (32, 16, 40, 40)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_variance_is_that_of_var_in_float32_at_least(layout, shape, dtype):
    x = (3 * torch.randn(shape) + 20).to(dtype).contiguous(memory_format=layout)
    found, exact = _Variance.apply(x), x.double().var((0, 2, 3), correction=0)
    assert found.dtype == torch.promote_types(dtype, torch.float32)
    tolerance = 1e-12 if dtype == torch.float64 else 1e-4
    torch.testing.assert_close(found.double(), exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_derivatives_are_those_of_the_variance(layout):
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    x = x.contiguous(memory_format=layout).requires_grad_()
    assert gradcheck(_Variance.apply, x)
    assert gradgradcheck(_Variance.apply, x)


@pytest.mark.parametrize("mean", [0.0, 10.0])
def test_the_slope_in_bfloat16_is_that_of_float32_rounded(mean):
    x = (mean + torch.randn(4, 3, 16, 16)).bfloat16()
    slopes = []
    for dtype in (torch.bfloat16, torch.float32):
        y = x.to(dtype).requires_grad_()
        slopes.append(torch.autograd.grad(_Variance.apply(y).sum(), y)[0])
    assert torch.equal(slopes[0], slopes[1].bfloat16())


def test_a_default_device_is_not_that_of_the_images():
    x = torch.randn(2, 3, 4, 4, device="cpu")
    with torch.device("meta"):
        found = _variance(x)
    torch.testing.assert_close(found, x.var((0, 2, 3), correction=0))


def test_norms_have_the_gradients_of_the_formula():
    norm = BiasFreeBatchNorm(3).double()
    x = (2 + torch.randn(4, 3, 8, 6)).double().requires_grad_()
    weights = torch.randn(4, 3, 8, 6).double()
    found = torch.autograd.grad((norm(x) * weights).sum(), (x, norm.gain))
    std = (x.var((0, 2, 3), correction=0) + norm.eps).sqrt()
    formula = x * (norm.gain / std)[:, None, None]
    exact = torch.autograd.grad((formula * weights).sum(), (x, norm.gain))
    torch.testing.assert_close(found, exact)


def test_transforms_of_torch_go_through_the_variance():
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    along = torch.func.jvp(lambda y: _variance(y).square().sum(), (x,), (x,))[1]
    exact = torch.func.grad(lambda y: _variance(y).square().sum())(x)
    torch.testing.assert_close(along, (exact * x).sum())
    torch.testing.assert_close(torch.func.vmap(_variance)(x[None])[0], _variance(x))
