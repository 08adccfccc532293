"""Products with matrices across channels, and the norm of each pixel, on planes: see `planes`.

    v_o = Σ_s M_os s + b_o,    u = v / √(|v|² + 1e-6), the norm over all channels and parts,

with sources s the planes of linear coefficients and the amplitudes. Blocks M_os are matrices of P
up to a sign, or nothing, so that no product is with zeros:

    real P, (Re, Im, a)       [[P, ·, Q], [·, P, ·]]
    complex P, (Re, Im, a)    [[P_re, -P_im, Q_re], [P_im, P_re, Q_im]]
    complex P, (Re, a)        [[P_re, Q_re], [P_im, Q_im]]
    real P, (Re, a)           [[P, Q]]
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from scorelet.networks.planes import flat, over, storage
from scorelet.wavelets.kernels import pixel_norm

Block = tuple[int, int] | None
"""Number of a matrix and its sign, or nothing."""
Layout = tuple[tuple[Block, ...], ...]
"""A row of blocks for each plane of the result, a column for each source."""

_P, _Q, _I, _R = (0, 1), (1, 1), (2, 1), (3, 1)
REAL: dict[int, Layout] = {1: ((_P, _Q),), 2: ((_P, None, _Q), (None, _P, None))}
"""By planes of z; matrices P and Q."""
COMPLEX: dict[int, Layout] = {
    1: ((_P, _Q), (_I, _R)),
    2: ((_P, (2, -1), _Q), (_I, _P, _R)),
}
"""By planes of z; matrices P_re, Q_re, P_im, Q_im."""


def normalized_product(
    z: Tensor, a: Tensor, layout: Layout, matrices: Sequence[Tensor], bias: Tensor
) -> Tensor:
    """Return u, (plane, pixel, output).

    Args:
        z, a: sources (plane, pixel, input) and the last of them, (pixel, input).
        layout: see the top.
        matrices: (output, input) each, outputs a multiple of 4.
        bias: b, float32 (plane, output).
    """
    return _Product.apply(layout, z, a, bias, *matrices)


def blocks(layout: Layout) -> Iterator[tuple[int, int, int, int]]:
    """Yield (plane of the result, source, matrix, sign) of all blocks that there are."""
    for output, row in enumerate(layout):
        for source, block in enumerate(row):
            if block is not None:
                yield output, source, *block


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        layout: Layout,
        z: Tensor,
        a: Tensor,
        bias: Tensor,
        *matrices: Tensor,
    ) -> Tensor:
        sources, y = [*z, a], z.new_empty(len(layout), len(a), len(matrices[0]))
        sums = _Sums(list(y))
        for output, source, matrix, sign in blocks(layout):
            sums.add(output, sources[source], matrices[matrix].mT, sign)
        u, scales = _normalized(y, bias)
        ctx.save_for_backward(u, scales, z, a, *matrices)
        ctx.layout = layout
        return u

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gu: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        u, scales, z, a, *matrices = ctx.saved_tensors
        gy, g_bias = _normalized_back(gu.contiguous(), u, scales)
        wanted, sources = ctx.needs_input_grad, [*z, a]
        gz = torch.empty_like(z) if wanted[1] else None
        ga = torch.empty_like(a) if wanted[2] else None
        g_sources = _Sums([*([None] * len(z) if gz is None else gz), ga])
        g_matrices = _Sums(
            [torch.empty_like(m) if w else None for m, w in zip(matrices, wanted[4:], strict=True)]
        )
        for output, source, matrix, sign in blocks(ctx.layout):
            g_sources.add(source, gy[output], matrices[matrix], sign)
            g_matrices.add(matrix, gy[output].mT, sources[source], sign)
        return None, gz, ga, g_bias, *g_matrices.targets


class _Sums:
    """Sums of products, each in a place of its own; None: not wanted."""

    def __init__(self, targets: list[Tensor | None]) -> None:
        self.targets = targets
        self._begun: set[int] = set()

    def add(self, place: int, left: Tensor, right: Tensor, sign: int) -> None:
        """Add a product to a sum; the first takes the place of what was there."""
        target = self.targets[place]
        if target is None:
            return
        beta = 1 if place in self._begun else 0
        torch.addmm(target, left, right, beta=beta, alpha=sign, out=target)
        self._begun.add(place)


def _normalized(y: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return u, and 1 / √(|v|² + ε) for each pixel."""
    u, scales = torch.empty_like(y), torch.empty(y.shape[1])
    arrays = flat(y), bias.detach().contiguous().numpy(), flat(u), scales.numpy()
    planes, pixels, channels = y.shape

    def work(span: tuple[int, int]) -> None:
        pixel_norm.forward(*arrays, storage(y), planes, (*span, pixels), channels)

    over(pixels, work)
    return u, scales


def _normalized_back(gu: Tensor, u: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of y and of the bias."""
    gy, sums = torch.empty_like(u), []
    arrays = flat(gu), flat(u), scales.numpy(), flat(gy)
    planes, pixels, channels = u.shape

    def work(span: tuple[int, int]) -> None:
        own = np.zeros((planes, channels), np.float32)
        sums.append(own)
        pixel_norm.backward(*arrays, own, storage(u), planes, (*span, pixels), channels)

    over(pixels, work)
    return gy, torch.from_numpy(np.sum(sums, 0))
