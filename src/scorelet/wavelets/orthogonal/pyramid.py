"""Coefficients of a wavelet transform, and the protocol of transforms that make them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError

BANDS = {1: 1, 2: 3}
"""Detail bands of one level, by the number of dimensions."""


class Pyramid(NamedTuple):
    """A coarse picture and details, coarse to fine.

    Args:
        low: (..., h, w), or (..., n) for signals.
        details: for pictures (..., 3, h_j, w_j) each, bands in PyWavelets' order: H (high along the
            rows axis: horizontal edges), V (vertical edges), D; for signals (..., n_j) each.
    """

    low: Tensor
    details: tuple[Tensor, ...]

    def map(self, function: Callable[[Tensor], Tensor]) -> "Pyramid":
        """Apply a function to the low band and to each tensor of details."""
        return Pyramid(function(self.low), tuple(map(function, self.details)))

    def energy(self) -> Tensor:
        """Return the sum of squares, that of the picture if the transform is orthogonal."""
        return sum((d.square().sum() for d in self.details), self.low.square().sum())

    def truncated(self, count: int) -> "Pyramid":
        """Set all details to zero but the `count` coarsest: their synthesis is a smooth picture."""
        kept, lost = self.details[:count], self.details[count:]
        return Pyramid(self.low, (*kept, *map(torch.zeros_like, lost)))

    def to_pywavelets(self) -> list[Any]:
        """Return PyWavelets' list [cA, (cH, cV, cD), ...], or [cA, cD, ...], of numpy arrays.

        numpy has no bfloat16: that becomes float32.
        """
        low, *details = (_to_numpy(band) for band in (self.low, *self.details))
        if all(d.ndim == low.ndim for d in details):
            return [low, *details]
        return [low, *(tuple(np.moveaxis(d, -3, 0)) for d in details)]

    @classmethod
    def from_pywavelets(cls, coefficients: Sequence[Any]) -> "Pyramid":
        """Return the pyramid of a list of `pywt.wavedec2` or `pywt.wavedec`, or ptwt's.

        Raises:
            InputError: what stands behind the first array is neither arrays nor triples of them.
        """
        try:
            low, *details = coefficients
            if all(isinstance(d, np.ndarray | Tensor) for d in details):
                return cls(_to_tensor(low), tuple(map(_to_tensor, details)))
            triples = [[_to_tensor(b) for b in (h, v, d)] for h, v, d in details]
            return cls(_to_tensor(low), tuple(torch.stack(t, -3) for t in triples))
        except (TypeError, ValueError, RuntimeError):
            raise InputError(
                "These are no coefficients of pywt.wavedec2: expected [cA, (cH, cV, cD), ...], the "
                "three of one shape."
            ) from None


def _to_tensor(band: Any) -> Tensor:  # noqa: ANN401 - arrays of any strides and byte order
    return band if isinstance(band, Tensor) else torch.from_numpy(plain_array(band))


def _to_numpy(band: Tensor) -> np.ndarray:
    band = band.detach().cpu()
    return (band.float() if band.dtype == torch.bfloat16 else band).numpy()


@runtime_checkable
class Transform(Protocol):
    """A linear map of pictures to pyramids with perfect reconstruction."""

    @property
    def orthogonal(self) -> bool:
        """Whether synthesis is the adjoint of analysis."""
        ...

    def analyze(self, x: Tensor) -> Pyramid:
        """Return the coefficients of x."""
        ...

    def synthesize(self, pyramid: Pyramid) -> Tensor:
        """Return the picture of coefficients."""
        ...
