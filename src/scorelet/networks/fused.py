"""The residual block of `ShuffleUNet` on CPUs: the same numbers in half the passes over memory.

A block is y = x + P₂ ρ(P₁ D x), ρ a leaky ReLU. With torch's modules ρ and the sum are passes
of their own, and memory is what a CPU waits for. oneDNN, which torch uses for convolutions, takes
both into the convolution before them; its operators are those that torch.compile emits.
"""

import functools
import platform
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from scorelet.networks.kernel_dtype import kernel_dtype, only_images_matter

SLOPE = 0.1
"""Of the leaky ReLU where its argument is negative."""

_STRIP = 1 << 19
"""Numbers of x in a piece that a cache holds: 2 MB of hidden units in bfloat16, 4 in float32."""

Weights = tuple[Tensor, Tensor, Tensor]
"""D (w, 1, 3, 3), P₁ (2w, w, 1, 1), P₂ (w, 2w, 1, 1)."""


def fused_dtype(x: Tensor, *, training: bool) -> torch.dtype | None:
    """Return the dtype in which `fused_block` may take x, or None where it must not be used.

    Beside what `kernel_dtype` asks for it needs oneDNN's operators, which cannot take single pixels
    before torch 2.10, nor a batch without pictures.
    """
    if torch.compiler.is_compiling():  # it fuses by itself, and cannot look for operators
        return None
    if x.shape[2:] == (1, 1) or not x.numel() or not _has_operators():
        return None
    dtype = kernel_dtype(x, training=training or only_images_matter())
    return dtype if dtype in _dtypes() else None


def fused_block(
    x: Tensor, weights: Weights, dtype: torch.dtype, *, overwrite: bool = False
) -> Tensor:
    """Return x + P₂ ρ(P₁ D x), computed in `dtype`, channels last; differentiable once.

    Within `differentiated_in_images` it is differentiable as often as one likes, in x alone. With
    `overwrite` x may be where the result is put, if nobody wants a gradient.
    """
    given = x
    x = x.to(dtype, memory_format=torch.channels_last)
    cast = [w.to(dtype) for w in weights]
    if torch.is_grad_enabled():
        block = _BlockOfImages if only_images_matter() else _Block
        return block.apply(x, *cast)
    return _by_strips(x.clone() if x is given and not overwrite else x, *cast)


class _Block(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        spatial: Tensor,
        expand: Tensor,
        reduce: Tensor,
    ) -> Tensor:
        y, filtered, hidden = _forward(x, spatial, expand, reduce)
        ctx.save_for_backward(x, filtered, hidden, spatial, expand, reduce)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, ...]:  # noqa: ANN401
        """With y = x + P₂ h, h = ρ(P₁ a), a = D x: the chain rule from the end to the start."""
        x, filtered, hidden, spatial, expand, reduce = ctx.saved_tensors
        slope = slope.contiguous(memory_format=torch.channels_last)
        to_x, to_filtered, to_hidden = _backward(slope, hidden, spatial, expand, reduce)
        return (
            to_x,
            _spatial_slope(to_filtered, x, spatial),
            _matrix_slope(to_hidden, filtered, expand),
            _matrix_slope(slope, hidden, reduce),
        )


class _BlockOfImages(torch.autograd.Function):
    """The block with ρ' frozen: J = 1 + P₂ ρ' P₁ D, for Jᵀ v and, differentiated again, J v.

    It has no derivative in its weights. ρ' has none in x where ρ is differentiable.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        *weights: Tensor,
    ) -> Tensor:
        y, _, hidden = _forward(x, *weights)
        ctx.save_for_backward(hidden, *weights)
        return y

    @staticmethod
    def backward(  # ty: ignore[incompatible-method-override]
        ctx: Any,  # noqa: ANN401
        slope: Tensor,
    ) -> tuple[Tensor | None, ...]:
        return _Product.apply(False, slope, *ctx.saved_tensors), None, None, None


class _Product(torch.autograd.Function):
    """Jᵀ v, or with `forth` J v: linear in v, and each is the derivative of the other."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        forth: bool,
        v: Tensor,
        hidden: Tensor,
        *weights: Tensor,
    ) -> Tensor:
        ctx.forth = forth
        ctx.save_for_backward(hidden, *weights)
        v = v.contiguous(memory_format=torch.channels_last)
        if not forth:
            return _backward(v, hidden, *weights)[0]
        spatial, expand, reduce = weights
        moved = _sloped(_convolve(_convolve(v, spatial), expand), hidden)
        return _convolve(moved, reduce, added=v)

    @staticmethod
    def backward(  # ty: ignore[incompatible-method-override]
        ctx: Any,  # noqa: ANN401
        slope: Tensor,
    ) -> tuple[Tensor | None, ...]:
        pulled = _Product.apply(not ctx.forth, slope, *ctx.saved_tensors)
        return None, pulled, None, None, None, None


def _backward(
    slope: Tensor, hidden: Tensor, spatial: Tensor, expand: Tensor, reduce: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the slopes of x, of D x and of P₁ D x; that of the sum itself joins in one pass."""
    to_hidden = _sloped(_convolve(slope, reduce.transpose(0, 1)), hidden)
    to_filtered = _convolve(to_hidden, expand.transpose(0, 1))
    # the adjoint of D is D with its kernels turned round
    to_x = _convolve(to_filtered, spatial.flip(2, 3), added=slope)
    return to_x, to_filtered, to_hidden


def _sloped(v: Tensor, hidden: Tensor) -> Tensor:
    """Multiply v by ρ' in place, which the sign of ρ's result tells."""
    return torch.ops.aten.leaky_relu_backward.grad_input(
        v, hidden, SLOPE, self_is_result=True, grad_input=v
    )


def _forward(
    x: Tensor, spatial: Tensor, expand: Tensor, reduce: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    filtered = _convolve(x, spatial)
    hidden = _convolve(filtered, expand, rectified=True)
    return _convolve(hidden, reduce, added=x), filtered, hidden


def _by_strips(x: Tensor, spatial: Tensor, expand: Tensor, reduce: Tensor) -> Tensor:
    """Add P₂ h to x: h lives in pieces that a cache holds, and that need no new pages of memory."""
    count = -(-x.numel() // _STRIP)  # of pieces of about one length
    pieces = (_places(t).tensor_split(count, dim=2) for t in (x, _convolve(x, spatial)))
    for row, filtered in zip(*pieces, strict=True):
        _add_convolved(row, _convolve(filtered, expand, rectified=True), reduce)
    return x


def _places(x: Tensor) -> Tensor:
    """Return (batch, channel, height, width), channels last, as a view (1, channel, place, 1)."""
    return x.permute(0, 2, 3, 1).view(1, -1, 1, x.shape[1]).permute(0, 3, 1, 2)


def _add_convolved(total: Tensor, x: Tensor, weight: Tensor) -> None:
    """Add a 1x1 convolution of x to `total`, in one pass."""
    place = [0, 0], [1, 1], [1, 1], 1
    operator = torch.ops.mkldnn._convolution_pointwise_
    operator.binary(total, x, weight, None, *place, "add", 1.0, None, [], None)


def _convolve(
    x: Tensor, weight: Tensor, *, rectified: bool = False, added: Tensor | None = None
) -> Tensor:
    """Convolve with zero padding, then ρ or a sum: one pass. One input channel: per channel."""
    groups = x.shape[1] if weight.shape[1] == 1 < x.shape[1] else 1
    pad = weight.shape[-1] // 2
    weight = weight.contiguous(memory_format=torch.channels_last)
    place = None, [pad, pad], [1, 1], [1, 1], groups
    operator = torch.ops.mkldnn._convolution_pointwise
    if added is not None:
        return operator.binary(x, added, weight, *place, "add", 1.0, None, [], None)
    attribute, scalars = ("leaky_relu", [SLOPE]) if rectified else ("none", [])
    return operator(x, weight, *place, attribute, scalars, "")


def _matrix_slope(slope: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """Slope of a 1x1 convolution's weights, slopeᵀ x summed over places, images in parallel."""
    rows, columns = (t.permute(0, 2, 3, 1).flatten(1, 2) for t in (slope, x))
    products = torch.bmm(rows.transpose(1, 2), columns)
    total = products.sum(0, dtype=torch.float32).to(x.dtype)
    return total.as_strided(weight.shape, weight.stride())  # which several processes insist on


def _spatial_slope(slope: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    groups = x.shape[1]
    place = [1, 1], [1, 1], [1, 1], False, [0, 0], groups
    return torch.ops.aten.convolution_backward(
        slope, x, weight, None, *place, [False, True, False]
    )[1]


@functools.cache
def _has_operators() -> bool:
    return (
        platform.machine().lower() in ("x86_64", "amd64")
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    )


@functools.cache
def _dtypes() -> tuple[torch.dtype, ...]:
    bfloat16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if bfloat16 else (torch.float32,)
