"""Cross moments of two networks' activations, added up batch by batch in double precision.

Symbols: a (n, d_a), b (n, d_b) activations of two networks at the same places of the same
pictures; M = Σ a bᴴ, P_a = Σ ‖a‖², P_b = Σ ‖b‖², about zero. A batch costs one product.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from scorelet.core.errors import InputError


def wide(x: Tensor) -> Tensor:
    """Return x in float64 or complex128; on the CPU if its device has no such numbers (mps)."""
    x = x.cpu() if x.device.type == "mps" else x
    return x.to(torch.complex128 if x.is_complex() else torch.float64)


class CrossMoments:
    """Sums over samples, from which an alignment follows.

    Args:
        first, second: d_a and d_b.
        diagonal: where nothing will be rotated, the diagonal of M is enough.

    Attributes:
        count: samples so far.
        products: M, (d_a, d_b), or its diagonal (d,); complex once an activation is.
        sums: (Σ a, Σ b̄); complex once an activation is.
        powers: (P_a, P_b).
    """

    def __init__(self, first: int, second: int, *, diagonal: bool = False) -> None:
        self.count = 0
        self.diagonal = diagonal and first == second
        shape = (first,) if self.diagonal else (first, second)
        self.products = torch.zeros(shape, dtype=torch.float64)
        self.sums = tuple(torch.zeros(size, dtype=torch.float64) for size in (first, second))
        self.powers = (0.0, 0.0)

    @classmethod
    def together(cls, parts: Sequence["CrossMoments"]) -> "CrossMoments":
        """Return the sums over the samples of all parts, of the same layers."""
        found = cls(parts[0].products.shape[0], parts[0].products.shape[-1])
        found.diagonal = parts[0].diagonal
        found.count = sum(part.count for part in parts)
        found.products = torch.stack([part.products for part in parts]).sum(0)
        found.sums = tuple(
            torch.stack(each).sum(0) for each in zip(*(p.sums for p in parts), strict=True)
        )
        first, second = (sum(part.powers[side] for part in parts) for side in (0, 1))
        found.powers = (first, second)
        return found

    def add(self, a: Tensor, b: Tensor) -> None:
        """Take samples in.

        Args:
            a: (n, d_a), real or complex.
            b: (n, d_b).

        Raises:
            InputError: other numbers of samples, or some that are not finite.
        """
        if len(a) != len(b):
            raise InputError(
                f"the networks have {len(a)} and {len(b)} samples (pictures times positions): "
                "their maps must be of one size"
            )
        a, b = wide(a), wide(b)
        powers = float(a.abs().square().sum()), float(b.abs().square().sum())
        if not all(power < float("inf") for power in powers):
            raise InputError("some activations are NaN or infinite")
        dtype = torch.promote_types(a.dtype, b.dtype)
        a, b = a.to(dtype), b.conj().to(dtype)
        self.sums = tuple(s + x.sum(0).cpu() for s, x in zip(self.sums, (a, b), strict=True))
        product = ((a * b).sum(0) if self.diagonal else a.mT @ b).cpu()
        if product.is_complex() and not self.products.is_complex():
            self.products = self.products.to(torch.complex128)
        self.products += product
        self.powers = (self.powers[0] + powers[0], self.powers[1] + powers[1])
        self.count += len(a)
