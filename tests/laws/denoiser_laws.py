"""Laws of denoisers, each an assertion on a function f of an image batch (or on a denoiser).

The caller gives the tolerance, with its reason. All norms are relative.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, jvp

from scorelet.models import ClosedFormDenoiser, score

Map = Callable[[Tensor], Tensor]


def assert_close(got: Tensor, expected: Tensor, tol: float) -> None:
    """||got - expected|| <= tol ||expected||."""
    error = float(((got - expected).norm() / expected.norm()).detach())
    assert error <= tol, f"relative error {error:.3g} exceeds {tol:.3g}"


def assert_tweedie(
    denoiser: ClosedFormDenoiser, y: Tensor, sigma: float | Tensor, tol: float
) -> None:
    """(f(y) - y) / sigma^2, the score and the automatic gradient of log p_sigma are the same."""
    gradient = grad(lambda image: denoiser.log_density(image, sigma).sum())(y)
    assert_close(denoiser.score(y, sigma), gradient, tol)
    assert_close(score(denoiser, y, sigma), gradient, tol)


def assert_homogeneous(f: Map, y: Tensor, factor: float, tol: float) -> None:
    """f(a y) = a f(y) for a > 0."""
    assert_close(f(factor * y), factor * f(y), tol)


def assert_euler(f: Map, y: Tensor, tol: float) -> None:
    """J(y) y = f(y): what homogeneity of degree one implies (Euler)."""
    value, product = jvp(f, (y,), (y,))
    assert_close(product, value, tol)


def assert_batch_independent(f: Map, y: Tensor, tol: float) -> None:
    """The result of an image does not depend on the batch that it is in."""
    alone = torch.cat([f(image[None]) for image in y])
    assert_close(f(y), alone, tol)


def assert_keeps_dtype_and_device(f: Map, y: Tensor, tol: float = 1e-4) -> None:
    """float32 gives float32 and float64 float64, on the device of y, with about the same values."""
    single, double = f(y.float()), f(y.double())
    assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
    assert single.device == double.device == y.device
    assert_close(single.double(), double, tol)


def assert_float32_at_least(f: Map, y: Tensor) -> None:
    """Half precision, and autocast, are no less exact than their numbers; nothing of nothing.

    Args:
        f: of images in float32, whose own numbers keep the dtype of the model.
        y: images that both halves hold exactly.
    """
    exact = f(y.float())
    for half in (torch.float16, torch.bfloat16):
        found = f(y.to(half))
        assert torch.equal(found, exact.to(half))
        with torch.autocast("cpu", half):
            assert torch.equal(f(y.float()), exact)
    assert f(y[:0]).shape == (0, *exact.shape[1:])
