"""Std and P in the order of the kernels: matrices with deviations in them, a bias with means.

    P (z - m) / s = M z + b,    M = P diag(1 / s),    b = -M m,

for the planes of z and a of `collapse`. The kernels number inputs by feature, then by channel;
`ChannelMatrix` by channel, then by feature, z before a.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from scorelet.networks.amplitudes import EPSILON as MODULUS_EPSILON
from scorelet.networks.channel_matrix import ChannelMatrix, inverse_deviations
from scorelet.networks.channel_product import COMPLEX, REAL, Layout, blocks
from scorelet.networks.planes import flat, over, storage
from scorelet.wavelets.kernels import scaled_rows
from scorelet.wavelets.kernels.scaled_rows import Shape


class Operators(NamedTuple):
    """u = N(Σ blocks · sources + bias), see `channel_product`."""

    layout: Layout
    matrices: list[Tensor]
    bias: Tensor


class Order(NamedTuple):
    """Where channels of `ChannelMatrix` are in the kernels' order.

    Args:
        channels: of the image; the kernels fill them up to a multiple of 4.
        features: 1 + L.
        fan: amplitudes of each coefficient.
        skip: whether all coefficients enter, or the low pass and amplitudes of bands.
    """

    channels: int
    features: int
    fan: int
    skip: bool

    @property
    def filled(self) -> int:
        """Channels and those that fill them up."""
        return self.channels + -self.channels % 4

    def brought(self, x: Tensor) -> Tensor:
        """Bring the last axis into the kernels' order: z, then a."""
        linear = self.channels * (self.features if self.skip else 1)
        parts = []
        for part in (x[..., :linear], x[..., linear:]):
            turned = part.unflatten(-1, (self.channels, -1)).transpose(-1, -2)
            parts.append(F.pad(turned, (0, self.filled - self.channels)).flatten(-2))
        return torch.cat(parts, -1)

    def moments(self, means: Tensor) -> tuple[Tensor, Tensor]:
        """Return E z, (n, 2), and E |z - E z|², (n,), in the order of `ChannelMatrix`."""
        means = means[..., : self.channels]
        real, imaginary, square = means[:3, : self.features if self.skip else 1].mT.flatten(1)
        first = 0 if self.skip else 1
        if self.fan == 1:
            a, a_square = (
                means[3, first:],
                means[2, first:] - 2 * MODULUS_EPSILON * means[3, first:],
            )
        else:
            a, a_square = means[3:7, first:].movedim(0, 1), means[7:11, first:].movedim(0, 1)
        a, a_square = (m.flatten(0, -2).mT.flatten() for m in (a, a_square))
        mean = torch.cat([torch.stack([real, imaginary], 1), torch.stack([a, 0 * a], 1)])
        powers = torch.cat([square - real.square() - imaginary.square(), a_square - a.square()])
        return mean, powers.clamp(min=0)


@torch.autocast("cpu", enabled=False)
def operators(
    project: ChannelMatrix,
    order: Order,
    moments: tuple[Tensor, Tensor],
    planes: int,
    dtype: torch.dtype,
) -> Operators:
    """Return P with Std in it, for `planes` planes of z; all have gradients."""
    means, powers = (m.float() for m in moments)
    layout = (REAL if project.field == "real" else COMPLEX)[planes]
    scales = order.brought(inverse_deviations(means, powers, dtype))
    centres = order.brought(means.mT)
    design = _Design(layout, order, dtype)
    *matrices, bias = _Scaled.apply(design, project.weight.float(), scales, centres)
    return Operators(layout, matrices, bias)


class _Design(NamedTuple):
    """Of the products: layout, order of the inputs, dtype."""

    layout: Layout
    order: Order
    dtype: torch.dtype

    def blocks(self) -> np.ndarray:
        """Return (plane of the result, row of the centres, matrix, sign) of each block."""
        return np.array(
            [(o, source % 2 if m % 2 == 0 else 0, m, s) for o, source, m, s in blocks(self.layout)]
        )

    def shape(self, weight: Tensor, scales: Tensor) -> Shape:
        order, parts = self.order, weight.shape[2] if weight.ndim == 3 else 1
        linear = order.filled * (order.features if order.skip else 1)
        channels = order.channels, order.filled
        return Shape(*weight.shape[:2], parts, *channels, linear, len(scales))

    def lanes(self) -> tuple[int, ...]:
        return (0,) * (4 if self.order.filled % 16 else 16)


class _Scaled(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        design: _Design,
        weight: Tensor,
        scales: Tensor,
        centres: Tensor,
    ) -> tuple[Tensor, ...]:
        weight, centres = weight.contiguous(), centres.contiguous()
        shape = design.shape(weight, scales)
        columns = (shape.linear, shape.width - shape.linear) * shape.parts
        matrices = [scales.new_empty(shape.outputs, n, dtype=design.dtype) for n in columns]
        bias = torch.zeros(len(design.layout), shape.outputs)
        arrays = [flat(weight), flat(scales), centres.detach().numpy()]
        targets, own = np.array([m.data_ptr() for m in matrices]), design.blocks()

        def work(rows: tuple[int, int]) -> None:
            room = np.zeros((shape.parts, shape.width), np.float32)
            words = shape, storage(matrices[0]), rows, design.lanes()
            scaled_rows.forward(*arrays, targets, bias.numpy(), room, own, *words)

        over(shape.outputs, work)
        ctx.save_for_backward(weight, scales, centres)
        ctx.design = design
        return *matrices, bias

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        weight, scales, centres = ctx.saved_tensors
        design, shape = ctx.design, ctx.design.shape(weight, scales)
        given = [slope.contiguous() for slope in slopes]
        sources, own = np.array([g.data_ptr() for g in given[:-1]]), design.blocks()
        arrays = [flat(weight), flat(scales), centres.numpy()]
        g_weight, sums = torch.empty_like(weight), []

        def work(rows: tuple[int, int]) -> None:
            mine = np.zeros(shape.width, np.float32), np.zeros((2, shape.width), np.float32)
            sums.append(mine)
            room = np.zeros((2 * shape.parts, shape.width), np.float32)
            words = shape, storage(given[0]), rows, design.lanes()
            totals = flat(g_weight), *mine
            scaled_rows.backward(*arrays, sources, given[-1].numpy(), totals, room, own, *words)

        over(shape.outputs, work)
        g_scales, g_centres = (
            torch.from_numpy(np.sum(part, 0)) for part in zip(*sums, strict=True)
        )
        return None, g_weight, g_scales, g_centres
