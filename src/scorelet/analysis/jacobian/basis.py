"""The basis in which a denoiser shrinks an image: eigenvectors of its Jacobian.

Symbols: x clean image in R^d, y = x + σ z, f denoiser, J = ∇f(y), S = (J + Jᵀ)/2.

The best denoiser has a symmetric J = Cov[x | y]/σ² = Σ_k λ_k e_k e_kᵀ; if it is free of biases too,
f(y) = J y = Σ_k λ_k <y, e_k> e_k: it shrinks by the factors λ_k in a basis that adapts to the
image. The squared error of the best one is σ² tr J. The Jacobian of a network is only roughly
symmetric, so S is decomposed, and how far J is from it is said; or J itself, by singular vectors.

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, eqs. 6 to 10;
Mohan, Kadkhodaie, Simoncelli, Fernandez-Granda 2020, arXiv 1906.05478; Bellec, Zhang 2021, arXiv
1811.04121 (the error of SURE).
"""

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.analysis.jacobian.eigenvectors import Decomposition, dense, iterative
from scorelet.analysis.jacobian.inputs import (
    as_point,
    check_options,
    checked_level,
    closed,
)
from scorelet.analysis.jacobian.level import found_level, sure
from scorelet.analysis.jacobian.products import JacobianProducts, Map
from scorelet.analysis.jacobian.trace import Estimate, Traces, traces
from scorelet.analysis.returned_noise import by_sure
from scorelet.analysis.training_mode import check_mode
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.memory import refuse_beyond_memory
from scorelet.core.options import checked
from scorelet.core.precision import in_single_precision
from scorelet.core.progress import Progress
from scorelet.core.random import generator
from scorelet.models import Denoiser

Kind = Literal["symmetric", "singular"]
Method = Literal["auto", "full", "iterative"]

FULL_UP_TO = 1024
"""Numbers in an image up to which the whole Jacobian is computed."""


class ReturnsNoiseWarning(UserWarning):
    """A map returns the noise of an image, and y less that is the clean one."""


@dataclass(frozen=True, eq=False, repr=False)
class JacobianBasis(Brief):
    """Eigenvectors of a denoiser's Jacobian at one image, and what follows from them.

    Attributes:
        values: (k,), descending: eigenvalues λ of S, the shrinkage factors; or singular values.
        vectors: ``(k, *shape)``: unit eigenvectors e; for singular values those on the side of y.
        left: ``(k, *shape)``: singular vectors on the side of f(y); None for eigenvectors. The
            iterative method sets those of values that are 0 up to rounding to 0.
        residuals: (k,): |S e - λ e|; for singular vectors |J e - s u|, or |Jᵀ u - s e|.
        noisy: y.
        denoised: f(y).
        sigma: σ in the unit of y, as given or as found; None if neither. `sigma_error` is its
            standard error, 0 of a given one.
        effective_dim: tr J, how many dimensions are kept; `effective_dim_error` is its standard
            error, 0 where it is exact.
        sure: the estimate ‖y - f(y)‖² + σ² (2 tr J - d) of the total squared error; None without σ.
            `sure_error` is its standard error, with that of σ; of a σ that is given and right about
            σ² √(2 d).
        asymmetry: ‖J - Jᵀ‖ / ‖J‖, Frobenius norms.
        homogeneity: ‖J y - f(y)‖ / ‖f(y)‖: 0 for a denoiser without biases.
        products: how often J or Jᵀ was applied to one vector.
        returns_noise: whether f seems to return the noise: y - f(y) is far nearer to the clean
            image by SURE, see `scorelet.analysis.returned_noise`.
    """

    values: Tensor
    vectors: Tensor
    left: Tensor | None
    residuals: Tensor
    noisy: Tensor
    denoised: Tensor
    sigma: float | None
    sigma_error: float | None
    effective_dim: float
    effective_dim_error: float
    sure: float | None
    sure_error: float | None
    asymmetry: float
    homogeneity: float
    products: int
    returns_noise: bool

    def coefficients(self, image: Tensor) -> Tensor:
        """Return <image, e_k>, (k,), for the noisy, the denoised or a clean image."""
        if image.shape != self.noisy.shape:
            raise InputError(
                f"The image has shape {tuple(image.shape)}: the basis is one of images of shape "
                f"{tuple(self.noisy.shape)}."
            )
        return self.vectors.flatten(1) @ image.flatten().to(self.vectors)


@checked
@torch.inference_mode(mode=False)
def jacobian_basis(  # noqa: PLR0913 - what is decomposed, and how
    f: Map | Denoiser,
    y: Tensor | np.ndarray,
    k: int | None = 64,
    sigma: float | None = None,
    *,
    kind: Kind = "symmetric",
    method: Method = "auto",
    tolerance: float = 1e-3,
    probes: int = 16,
    seed: int = 0,
    progress: Progress | None = None,
) -> JacobianBasis:
    """Find the eigenvectors of a denoiser's Jacobian at y with the largest eigenvalues.

    Args:
        f: any callable y -> same shape that torch can differentiate twice; modules and denoisers
            get images (1, channel, height, width). It must map each image by itself.
        y: noisy image, (channel, height, width) or (height, width), with or without a leading 1;
            for other callables than modules any shape. f gets it in its own dtype; what is found
            of one in half precision is float32.
        k: how many; None for all of them, by the full method.
        sigma: noise level of y, in its unit. If it is not given it is found from the residual and
            J as that of a best denoiser, of built-in models by the curve that they bring.
        kind: "symmetric" decomposes S, "singular" J.
        method: "full" computes the d x d matrix; "iterative" needs products only (Lanczos with
            restarts, from random starts) and any size will do; "auto" takes the full one up to
            `FULL_UP_TO` numbers, or where k is nearly d.
        tolerance: of the iterative method: |S e - λ e| <= tolerance · |λ|. Searches from new random
            starts outside of the vectors found end it, until none meets a larger eigenvalue, so
            that copies of equal ones, as of blurs and other maps with symmetries, are found, too.
            They are as loose as 0.02: of many close eigenvalues some may be passed over that
            exceed the least one by less than that share.
        probes: random vectors by which the iterative method estimates the trace and the asymmetry.
        seed: of start and probes.
        progress: called with (products, 0): how many it will take is not known.

    A warning says where f seems to return the noise instead of the clean image.

    Raises:
        InputError: f cannot be differentiated, changes the shape, or calls modules in training
            mode; or arguments that cannot be used.

    Example:
        >>> import torch, scorelet as sl
        >>> y = torch.rand(1, 12, 12, generator=torch.Generator().manual_seed(0))
        >>> basis = sl.jacobian_basis(lambda y: 0.5 * (y + y.mean()), y, k=2)
        >>> basis.values.round(decimals=4).tolist(), round(basis.effective_dim, 3)
        ([1.0, 0.5], 72.5)

    References: Kadkhodaie et al. 2024, arXiv 2310.02557, section 3.
    """
    point = as_point(y, f)
    check_options(kind, method, k, point.numel(), tolerance, probes, seed)
    check_mode(f)
    given = None if sigma is None else checked_level(sigma)
    images = isinstance(f, nn.Module) and point.ndim == 4
    map_, point = in_single_precision(closed(f, given), point)
    full = k is None or method == "full" or (method == "auto" and _small(k, point.numel()))
    if full:
        size = point.numel()
        refuse_beyond_memory(
            4 * point.element_size() * size**2 if point.device.type == "cpu" else 0,
            f"all of the Jacobian of {size:,} numbers",
            "give a k, so that it is not needed, or a smaller y",
        )
    products = JacobianProducts(map_, point, batched=images)
    products.check_repeats()
    rng, singular = generator(seed), kind == "singular"
    if full or k is None:
        found = dense(products.matrix(), products.shape, k, singular=singular)
    else:
        products.check_sides(generator(seed, 1))
        found = iterative(
            products, k, singular=singular, tolerance=tolerance, rng=rng, progress=progress
        )
    known = traces(products, found, probes, rng)
    if given is None:
        level = found_level(f, point, products.value, known.diagonal)
    else:
        level = Estimate(given)
    return _summary(products, found, level, known)


def _summary(
    products: JacobianProducts, found: Decomposition, level: Estimate | None, known: Traces
) -> JacobianBasis:
    y = products.point
    value = products.value
    error = _times(products, found.matrix, y) - value
    residual = float((y - value).double().square().sum())
    error_by_sure = None if level is None else sure(residual, level, products.size, known)
    noise = level is not None and by_sure(y, value, level.value, known.trace.value)
    if noise:
        warnings.warn(
            "f seems to return the noise: by SURE, y - f(y) is far nearer to the clean image. "
            "Give a function that returns the clean image, as lambda y: y - f(y).",
            ReturnsNoiseWarning,
            stacklevel=5,
        )
    return JacobianBasis(
        values=found.values,
        vectors=found.vectors,
        left=found.left,
        residuals=found.residuals,
        noisy=y,
        denoised=value,
        sigma=None if level is None else level.value,
        sigma_error=None if level is None else level.error,
        effective_dim=known.trace.value,
        effective_dim_error=known.trace.error,
        sure=None if error_by_sure is None else error_by_sure.value,
        sure_error=None if error_by_sure is None else error_by_sure.error,
        asymmetry=known.asymmetry,
        homogeneity=float(error.double().norm() / value.double().norm().clamp(min=1e-300)),
        products=products.count,
        returns_noise=noise,
    )


def _times(products: JacobianProducts, matrix: Tensor | None, y: Tensor) -> Tensor:
    if matrix is None:
        return products.forward(y[None])[0].detach()
    return (matrix @ y.flatten()).reshape(y.shape)


def _small(k: int, size: int) -> bool:
    return size <= FULL_UP_TO or 3 * k >= size
