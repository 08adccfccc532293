"""A matrix times an image is known: compressed sensing with projections of one's own."""

import math

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.measurements.base import Measurement

LEAST_SHARE = 1e-5
"""Singular values of less than this share of the largest one are taken as not measured at all."""


class MatrixSensing(Measurement):
    """c = Uᵀ (A x + s ζ), where A = U S Vᵀ is the singular value decomposition of a given matrix.

    U keeps white noise white, and c is all that A x says of x: `read` gives it. Rows may be more
    than numbers in x, or depend on each other. The decomposition takes some times the memory of A
    in double precision: it is for small images.

    Args:
        size: (height, width) of x.
        matrix: A, (m, height · width), for pixels row by row.
        noise: level of the noise of A x, in its unit.

    Raises:
        InputError: another shape, complex or infinite numbers, NaN, or nothing but zeros.
    """

    def __init__(
        self, size: tuple[int, int], matrix: Tensor | np.ndarray, *, noise: float = 0.0
    ) -> None:
        super().__init__(size, noise=noise)
        array = plain_array(matrix, what="matrix")
        if array.dtype.kind == "c":
            raise InputError("The matrix is complex: give real and imaginary parts as rows each.")
        rows = torch.from_numpy(array).double()
        if rows.ndim != 2 or rows.shape[1] != math.prod(self.size):
            raise InputError(
                f"The matrix has the shape {tuple(rows.shape)}: images of {size[0]}x{size[1]} "
                f"pixels take (projections, {math.prod(self.size)})."
            )
        if not bool(rows.isfinite().all()):
            raise InputError("The matrix holds NaN or infinite numbers: expected finite ones.")
        if not bool(rows.any()):
            raise InputError("The matrix holds nothing but zeros: nothing is measured.")
        left, gains, right = torch.linalg.svd(rows, full_matrices=False)
        count = int((gains > LEAST_SHARE * gains[0]).sum())
        self.left, self.gains, self.right = left[:, :count], gains[:count], right[:count]
        self.kept = (count,)

    def _coefficients(self, x: Image) -> Tensor:
        """Return Vᵀ x, (batch, channel, rank)."""
        return x.flatten(2) @ self.right.to(x).mT

    def _image(self, coefficients: Tensor) -> Image:
        """Return V k."""
        return (coefficients @ self.right.to(coefficients)).unflatten(-1, self.size)

    def read(self, values: Tensor | np.ndarray) -> Tensor:
        """Return c, of what A gave: (batch, channel, m); integers are taken as floats."""
        if not isinstance(values, Tensor):
            values = torch.from_numpy(plain_array(values, what="result"))
        if not values.is_floating_point():
            values = values.to(torch.get_default_dtype())
        if values.shape[2:] != self.left.shape[:1]:
            raise InputError(
                f"What was measured has shape {tuple(values.shape)}: expected (batch, channel, "
                f"{len(self.left)})."
            )
        return values @ self.left.to(values)
