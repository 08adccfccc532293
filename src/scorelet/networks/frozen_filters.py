"""Filters that do not learn, with a rectifier that keeps both signs.

Symbols: x (batch, c, h, w), f_k the filters, u_ik = f_k * x_i:

    (ρ(u_i1), ..., ρ(u_iK), ρ(-u_i1), ..., ρ(-u_iK)),   ρ(u) = max(u, 0),   for each channel i

This is what 2 K filters, f_k and -f_k, give after the rectifier; u is computed once. It is a linear
map of (u, |u|): ρ(±u) = (|u| ± u)/2.

Reference: Guth, Ménard 2024, arXiv 2409.19460, section 2.3 and appendix B.2.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError

_SMALL = 64  # pixels: a product with a matrix is then several times as fast as a convolution


class FrozenFilters(nn.Module):
    """The same filters for every channel, both signs rectified.

    Args:
        filters: (K, k, k), k odd.

    Shape:
        (batch, c, h, w) → (batch, 2 K c, h, w); what comes of a channel lies together.

    Attributes:
        copies: 2 K, so many channels come of one.

    Raises:
        InputError: another shape, or numbers that are not finite.
    """

    filters: Tensor

    def __init__(self, filters: Tensor) -> None:
        super().__init__()
        shape = tuple(filters.shape)
        if len(shape) != 3 or not shape[0] or shape[1] != shape[2] or shape[1] % 2 == 0:
            raise InputError(
                f"The filters have shape {shape}: expected (filters, side, side), the side odd."
            )
        if not filters.is_meta and not bool(filters.isfinite().all()):
            raise InputError("Some filters are NaN or infinite: extract them again.")
        self.copies = 2 * shape[0]
        self.register_buffer("filters", filters.to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return both rectified signs of what the filters give."""
        u = self.filtered(x)
        return torch.cat([u.relu(), (-u).relu()], 2).flatten(1, 2)

    def filtered(self, x: Tensor) -> Tensor:
        """Return u (batch, c, K, h, w)."""
        batch, channels, *sides = x.shape
        if sides[0] * sides[1] > _SMALL:
            kernels = self.filters[:, None].repeat(channels, 1, 1, 1)
            u = F.conv2d(x, kernels, padding="same", groups=channels)
            return u.unflatten(1, (channels, -1))
        u = x.flatten(0, 1).flatten(1) @ self._matrix(*sides)
        return u.reshape(batch, channels, len(self.filters), *sides)

    def _matrix(self, height: int, width: int) -> Tensor:
        """Return the filters as a matrix (h w, K h w) that rows of pixels are multiplied by."""
        pixels = torch.eye(height * width, dtype=self.filters.dtype, device=self.filters.device)
        impulses = pixels.reshape(-1, 1, height, width)
        return F.conv2d(impulses, self.filters[:, None], padding="same").flatten(1)
