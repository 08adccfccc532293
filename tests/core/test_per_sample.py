"""Results that do not depend on the batch, bitwise."""

import pytest
import torch

from laws.kernel_laws import on_threads
from scorelet.core.per_sample import map_fields, one_thread, sum_per_sample
from scorelet.core.random import Noise


def fields(count, size, dtype=torch.float64):
    return Noise(0, range(count)).normal(torch.zeros(count, 1, size, size, dtype=dtype))


def there_and_back(x):
    return map_fields(lambda u: torch.fft.irfft2(torch.fft.rfft2(u), s=u.shape[-2:]), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    ("count", "size"), [(37, 4), (20, 7), (33, 16), (18, 32), (3, 48), (2, 300)]
)
def test_a_field_does_not_depend_on_its_batch(count, size, dtype):
    """Counts that fill up groups and such that do not, in any order, on one thread and on two."""
    x = fields(count, size, dtype)
    for function in (there_and_back, sum_per_sample):
        with on_threads(2):
            together = function(x)
        with on_threads(1):
            assert torch.equal(function(x), together)
            assert torch.equal(torch.cat([function(field[None]) for field in x[:3]]), together[:3])
        assert torch.equal(function(x.flip(0)), together.flip(0))
        assert torch.equal(function(x[1:]), together[1:])


def test_it_is_the_transform_and_the_sum():
    x = fields(5, 6)
    assert torch.allclose(there_and_back(x), x, atol=1e-14)
    assert torch.allclose(sum_per_sample(x), x.sum((1, 2, 3)), atol=1e-13)
    spectrum = map_fields(torch.fft.rfft2, x)
    assert torch.allclose(spectrum, torch.fft.rfft2(x), atol=1e-13)
    assert torch.equal(map_fields(lambda u: 2 * u, x[0, 0]), 2 * x[0, 0])


def test_derivatives_go_through():
    x = fields(3, 4).requires_grad_()
    (gradient,) = torch.autograd.grad(there_and_back(x).square().sum(), x)
    assert torch.allclose(gradient, 2 * x, atol=1e-13)


def test_the_number_of_threads_is_kept():
    with on_threads(2):
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
