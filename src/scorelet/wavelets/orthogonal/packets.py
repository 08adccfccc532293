"""Wavelet packets: finer bands of frequency, made by splitting details again.

The sub-bands (y, x) of a tree stand in the order of frequency (`packet_plan`). A high-pass filter
followed by decimation turns the order of frequencies round; so in a band of odd index low and high
are exchanged (Gray code), and the children of y are 2y and 2y + 1 either way.

References: Coifman, Wickerhauser 1992; Mallat, A Wavelet Tour of Signal Processing, section 8.1.
"""

from types import EllipsisType

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.options import checked
from scorelet.wavelets.orthogonal.cascade import Cascade
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan, Place
from scorelet.wavelets.orthogonal.pyramid import Pyramid
from scorelet.wavelets.orthogonal.transform import check_sides, check_signal, find_axis, unpack


class WaveletPacket:
    """An orthogonal packet transform of periodic pictures.

    Args:
        name: an orthogonal wavelet, see `OrthogonalWavelet`.
        plan: which sub-bands, see `PacketPlan`.
        align: see `OrthogonalWavelet`.

    The coefficients are a `Pyramid`: `low` is the coarse square, and `details` has one tensor
    (..., 2b + 1, h, w) for each shell, coarse to fine. With `PacketPlan.wavelet` they are those of
    `OrthogonalWavelet`.

    Examples:
        >>> import torch
        >>> from scorelet.wavelets import PacketPlan, WaveletPacket
        >>> packet = WaveletPacket("db4", PacketPlan.octaves(1, subdivisions=2))
        >>> low, (inner, outer) = packet.analyze(torch.rand(1, 1, 64, 64))
        >>> low.shape, inner.shape, outer.shape
        (torch.Size([1, 1, 32, 32]), torch.Size([1, 1, 5, 16, 16]), torch.Size([1, 1, 7, 16, 16]))
    """

    orthogonal = True

    @checked
    def __init__(self, name: str, plan: PacketPlan, *, align: str = "pywavelets") -> None:
        if not isinstance(plan, PacketPlan):
            raise InputError(
                f"The plan is {plan!r}: expected a PacketPlan, as PacketPlan.uniform(2) is."
            )
        self.name, self.plan, self.align = name, plan, align
        self._level = Cascade(find_axis(name, align), 1, 2)

    def __repr__(self) -> str:
        return f"WaveletPacket({self.name!r}, {self.plan}, align={self.align!r})"

    def analyze(self, x: Tensor) -> Pyramid:
        """Return the coefficients of x (..., height, width), shells coarse to fine.

        Raises:
            InputError: not floating point, empty, not finite (on CPU), or a side that is not
                divisible by 2^deepest.
        """
        check_signal(x, 2)
        check_sides(tuple(x.shape[-2:]), self.plan.deepest)
        wanted = {place for shell in self.plan.shells for place in shell.places}
        wanted.add((self.plan.depth, 0, 0))
        bands = self._split({(0, 0, 0): x}, wanted)
        details = (torch.stack([bands[p] for p in s.places], -3) for s in self.plan.shells)
        return Pyramid(bands[self.plan.depth, 0, 0], tuple(details))

    def synthesize(self, pyramid: Pyramid | tuple[Tensor, tuple[Tensor, ...]]) -> Tensor:
        """Return the picture of coefficients: the inverse and the adjoint of `analyze`.

        Raises:
            InputError: shapes that do not belong to the plan.
        """
        low, details = self._unpack(pyramid)
        bands = {(self.plan.depth, 0, 0): low}
        for shell, detail in zip(self.plan.shells, details, strict=True):
            bands |= zip(shell.places, detail.unbind(-3), strict=True)
        for depth in range(self.plan.deepest, 0, -1):
            bands = self._merge(bands, depth)
        return bands[0, 0, 0]

    def to_square(self, pyramid: Pyramid) -> Tensor:
        """Return the coefficients as one picture, sub-bands in order of frequency."""
        low, details = self._unpack(pyramid)
        height, width = (n << self.plan.depth for n in low.shape[-2:])
        square = low.new_zeros(*low.shape[:-2], height, width)
        square[..., : low.shape[-2], : low.shape[-1]] = low
        for shell, detail in zip(self.plan.shells, details, strict=True):
            for place, band in zip(shell.places, detail.unbind(-3), strict=True):
                square[_region(place, height, width)] = band
        return square

    def from_square(self, square: Tensor) -> Pyramid:
        """Return the pyramid of a square layout: the inverse of `to_square`."""
        check_signal(square, 2)
        height, width = square.shape[-2:]
        check_sides((height, width), self.plan.deepest)
        details = (
            torch.stack([square[_region(place, height, width)] for place in shell.places], -3)
            for shell in self.plan.shells
        )
        return Pyramid(square[_region((self.plan.depth, 0, 0), height, width)], tuple(details))

    def _split(self, bands: dict[Place, Tensor], wanted: set[Place]) -> dict[Place, Tensor]:
        """Split all bands that are not wanted, one depth after the other."""
        for depth in range(self.plan.deepest):
            nodes = [p for p in bands if p[0] == depth and p not in wanted]
            if not nodes:
                continue
            stacked = torch.stack([bands.pop(p) for p in nodes], -3)
            low, high = self._level.analyze(stacked, check=depth == 0)
            parts = torch.cat([low.unsqueeze(-3), high], -3)
            for k, place in enumerate(nodes):
                children = zip(_children(place), parts.select(-4, k).unbind(-3), strict=True)
                bands |= children
        return bands

    def _merge(self, bands: dict[Place, Tensor], depth: int) -> dict[Place, Tensor]:
        """Merge all bands of `depth` into their parents."""
        parents = sorted({(p[0] - 1, p[1] // 2, p[2] // 2) for p in bands if p[0] == depth})
        if not parents:
            return bands
        parts = [torch.stack([bands[c] for c in _children(p)], -3) for p in parents]
        low, high = torch.stack(parts, -4).split((1, 3), -3)
        merged = self._level.synthesize(low.squeeze(-3), high)
        rest = {place: band for place, band in bands.items() if place[0] != depth}
        return rest | dict(zip(parents, merged.unbind(-3), strict=True))

    def _unpack(self, pyramid: object) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return low band and details, checked against the plan."""
        low, details = unpack(pyramid, 2)
        sides = [n << self.plan.depth for n in low.shape[-2:]]
        shells = self.plan.shells
        expected = [
            (*low.shape[:-2], 2 * s.index + 1, sides[0] >> s.depth, sides[1] >> s.depth)
            for s in shells
        ]
        got = [tuple(detail.shape) for detail in details]
        if got != expected:
            raise InputError(f"The details have shapes {got}: this plan needs {expected}.")
        return low, details


def _children(place: Place) -> list[Place]:
    """The four sub-bands of a band that its low band, H, V and D are (Gray code)."""
    depth, y, x = place
    rows = [2 * y + (side ^ (y & 1)) for side in (0, 1)]
    columns = [2 * x + (side ^ (x & 1)) for side in (0, 1)]
    return [(depth + 1, rows[a], columns[b]) for a, b in ((0, 0), (1, 0), (0, 1), (1, 1))]


def _region(place: Place, height: int, width: int) -> tuple[EllipsisType, slice, slice]:
    depth, y, x = place
    h, w = height >> depth, width >> depth
    return ..., slice(y * h, (y + 1) * h), slice(x * w, (x + 1) * w)
