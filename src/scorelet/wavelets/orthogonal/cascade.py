"""Transforms as functions that torch can differentiate: the derivative is the adjoint.

On CPU and for float32 and float64 they run the compiled kernels, else the banded products of
torch. Both directions are linear, and each is the derivative of the other, so derivatives of all
orders, forward mode and vmap need nothing more.
"""

import math
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from scorelet.core.batched import with_batches
from scorelet.core.errors import InputError
from scorelet.core.plain import fits_kernel, is_plain, is_traced
from scorelet.wavelets.orthogonal.banded import (
    BandedFilters,
    LevelAxis,
    analyze_levels,
    synthesize_levels,
)
from scorelet.wavelets.orthogonal.pyramid import BANDS


@dataclass(frozen=True, eq=False)
class Cascade:
    """Levels of one wavelet on the last axes.

    Args:
        axis: one level along one axis, in torch operations.
        levels: how many times the low band is split.
        ndim: 1 for signals, 2 for pictures.
    """

    axis: LevelAxis
    levels: int
    ndim: int

    def analyze(self, x: Tensor, *, check: bool = False) -> tuple[Tensor, ...]:
        """Return the low band and the details, fine to coarse, of x (..., h, w) or (..., n).

        Args:
            x: floating point, sides divisible by 2^levels.
            check: raise InputError if a number is not finite (CPU only; the low band depends on
                every number, so looking at it is enough).
        """
        if is_traced():
            return tuple(analyze_levels(x, self.axis, self.levels, self.ndim))
        if is_plain(x):  # `apply` alone takes twenty microseconds
            return _Analyze.forward(x, self, check)
        return _Analyze.apply(x, self, check)

    def synthesize(self, low: Tensor, *details: Tensor) -> Tensor:
        """Return the signal; `details` from fine to coarse."""
        if is_traced():
            return synthesize_levels(low, list(details), self.axis, self.ndim)
        if is_plain(low, *details):
            return _Synthesize.forward(self, low, *details)
        return _Synthesize.apply(self, low, *details)

    def shapes(self, shape: torch.Size) -> list[tuple[int, ...]]:
        """Return the shapes of the low band and of the details, fine to coarse."""
        lead, sides = tuple(shape[: -self.ndim]), tuple(shape[-self.ndim :])
        bands = (BANDS[self.ndim],) if self.ndim > 1 else ()
        coarse = [tuple(n >> j for n in sides) for j in range(1, self.levels + 1)]
        return [(*lead, *coarse[-1]), *((*lead, *bands, *c) for c in coarse)]


class _Analyze(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, cascade: Cascade, check: bool) -> tuple[Tensor, ...]:
        if _runs_compiled(cascade, x):
            outputs = [x.new_empty(shape) for shape in cascade.shapes(x.shape)]
            _run("analyze", cascade, x.contiguous(), outputs)
        else:
            outputs = analyze_levels(x, cascade.axis, cascade.levels, cascade.ndim)
        if check and x.device.type == "cpu" and not _all_finite(outputs[0]):
            raise InputError(_trouble(x))
        return tuple(outputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        ctx.cascade = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _synthesis(ctx.cascade, gradients), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> tuple[Tensor, ...]:  # ty: ignore[incompatible-method-override]
        return with_batches(ctx.cascade.analyze, tangent)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], x: Tensor, cascade: Cascade, check: bool) -> Any:  # ty: ignore[incompatible-method-override]
        outputs = _Analyze.apply(x.movedim(in_dims[0], 0), cascade, check)
        return outputs, (0,) * len(outputs)


class _Synthesize(torch.autograd.Function):
    @staticmethod
    def forward(cascade: Cascade, low: Tensor, *details: Tensor) -> Tensor:
        if not _runs_compiled(cascade, low, *details):
            return synthesize_levels(low, list(details), cascade.axis, cascade.ndim)
        sides = [n << cascade.levels for n in low.shape[-cascade.ndim :]]
        x = low.new_empty(*low.shape[: -cascade.ndim], *sides)
        _run("synthesize", cascade, x, [t.contiguous() for t in (low, *details)])
        return x

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.cascade = inputs[0]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # ty: ignore[incompatible-method-override]
        return None, *with_batches(ctx.cascade.analyze, gradient)

    @staticmethod
    def jvp(ctx: Any, _: None, *tangents: Tensor) -> Tensor:  # ty: ignore[incompatible-method-override]
        return _synthesis(ctx.cascade, tangents)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], cascade: Cascade, *bands: Tensor) -> Any:  # ty: ignore[incompatible-method-override]
        moved = [
            band.expand(info.batch_size, *band.shape) if dim is None else band.movedim(dim, 0)
            for band, dim in zip(bands, in_dims[1:], strict=True)
        ]
        return _Synthesize.apply(cascade, *moved), 0


def _synthesis(cascade: Cascade, bands: tuple[Tensor, ...]) -> Tensor:
    return with_batches(lambda *bands: (cascade.synthesize(*bands),), *bands)[0]


def _runs_compiled(cascade: Cascade, *tensors: Tensor) -> bool:
    return isinstance(cascade.axis, BandedFilters) and fits_kernel(*tensors)


def _all_finite(x: Tensor) -> bool:
    """The sum is quicker to look at; it may overflow where no number does."""
    return math.isfinite(float(x.sum())) or bool(torch.isfinite(x).all())


def _trouble(x: Tensor) -> str:
    """Say why the low band of x is not finite."""
    if bool(torch.isfinite(x).all()):
        return (
            f"x holds values up to {float(x.abs().max()):.1e}: its coefficients, or sums on the "
            f"way to them, are larger than {str(x.dtype).removeprefix('torch.')} can hold; divide "
            "x by a number, or take another dtype, as x.double() is."
        )
    return (
        "x holds NaN or infinite values, which would spread over all scales: replace them first, "
        "for example with torch.nan_to_num."
    )


def _run(direction: Any, cascade: Cascade, x: Tensor, coefficients: list[Tensor]) -> None:
    from scorelet.wavelets.kernels.orthogonal_calls import (
        run_job,  # numba is loaded here, when it is needed
    )

    height, width = (1, *x.shape[-cascade.ndim :])[-2:]
    filters = cast("BandedFilters", cascade.axis).filters
    run_job(direction, filters, [x, *coefficients], (height, width), ndim=cascade.ndim)
