"""The scattering transform by the CPU kernels, as a differentiable torch function."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.batched import with_batches
from scorelet.core.parallel import share
from scorelet.wavelets.kernels.lane_tables import Tables, tables
from scorelet.wavelets.kernels.scattering import Layout, forward, layout
from scorelet.wavelets.kernels.scattering_adjoint import backward
from scorelet.wavelets.kernels.vectors import VECTOR_BYTES
from scorelet.wavelets.morlet.bank import MorletBank
from scorelet.wavelets.morlet.grid import Grid

Reference = Callable[[Tensor], Tensor]
"""The same coefficients from half spectra in plain torch, for derivatives of derivatives."""


@dataclass(frozen=True)
class CompiledScattering:
    """The kernels of one grid.

    Args:
        grid: of the pictures.
        bank: filters on it.
        order: of the longest paths, 1 or 2.
    """

    grid: Grid
    bank: MorletBank
    order: int

    @cached_property
    def tables(self) -> Tables:
        """What the kernels read; made when first needed."""
        return tables(self.grid, self.bank, order=self.order)

    @cached_property
    def ends(self) -> tuple[np.ndarray, ...]:
        """Which pixel each point of the grid shows, and the two averages of order 0."""
        rows, columns = self.grid.pixels()
        pixels = (rows[:, None] * self.grid.shape[1] + columns).ravel()
        return (pixels, *(matrix.astype(np.float32) for matrix in self.grid.averages(0)))

    def pad(self, x: Tensor) -> Tensor:
        """Extend pictures to the grid."""
        pixels = torch.from_numpy(self.ends[0])
        return x.flatten(1).index_select(1, pixels).reshape(len(x), *self.grid.padded)

    def average(self, padded: Tensor) -> Tensor:
        """Return order 0."""
        rows, columns = (torch.from_numpy(matrix) for matrix in self.ends[1:])
        return rows @ padded @ columns.mT

    def forward(self, spectra: Tensor) -> Tensor:
        """Return coefficients of orders 1 and more, behind an empty place for order 0."""
        paths, height, width = (int(n) for n in self.tables.sizes[[6, 4, 5]])
        out = torch.empty(len(spectra), paths, height, width)
        self._run(forward, (_flat(spectra), _flat(out)), gradient=False)
        return out

    def backward(self, spectra: Tensor, given: Tensor) -> tuple[Tensor]:
        """Return the gradient of `spectra` for a given one of the coefficients."""
        result = torch.empty(spectra.shape, dtype=spectra.dtype)
        arrays = (_flat(spectra.contiguous()), _flat(given.contiguous()), _flat(result))
        self._run(backward, arrays, gradient=True)
        return (result,)

    def _run(self, kernel: Any, arrays: tuple[np.ndarray, ...], *, gradient: bool) -> None:  # noqa: ANN401
        """Share the groups of images out among threads, each with memory of its own."""
        at = layout(self.tables, gradient=gradient)
        images = len(arrays[0]) // (2 * (self.grid.padded[1] // 2 + 1) * self.grid.padded[0])
        groups = -(-images // int(self.tables.sizes[2]))
        threads = min(torch.get_num_threads(), groups)

        def work(number: int) -> None:
            memory = _memory(at.end + VECTOR_BYTES)
            start = -(-memory.ctypes.data // VECTOR_BYTES) * VECTOR_BYTES  # where a vector does
            kernel(*arrays, Layout(*(start + n for n in at)), self.tables, number, threads)

        share(work, threads)


class FastScattering(torch.autograd.Function):
    """Half spectra (images, row, column), complex64 → coefficients, keeping nothing else."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        spectra: Tensor,
        kernels: CompiledScattering,
        reference: Reference,
    ) -> Tensor:
        """Return the coefficients."""
        ctx.save_for_backward(spectra)
        ctx.kernels, ctx.reference = kernels, reference
        return kernels.forward(spectra)

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        """Return the gradient; by the reference where it is to be differentiated again."""
        again = torch.is_grad_enabled()
        slope = partial(_slope, ctx.reference) if again else ctx.kernels.backward
        return with_batches(slope, *ctx.saved_tensors, *given)[0], None, None


def _slope(reference: Reference, spectra: Tensor, given: Tensor) -> tuple[Tensor, ...]:
    """Return what `CompiledScattering.backward` does, differentiable."""
    coefficients = reference(spectra.flatten(0, -3))
    return torch.autograd.grad(coefficients, spectra, given.flatten(0, -4), create_graph=True)


def _memory(size: int) -> np.ndarray:
    """Return so many bytes."""
    return np.empty(size, np.uint8)


def _flat(tensor: Tensor) -> np.ndarray:
    real = torch.view_as_real(tensor) if tensor.is_complex() else tensor
    return real.detach().numpy().reshape(-1)
