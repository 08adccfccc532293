"""Which sub-bands of frequency a picture is parted into by wavelet packets.

Symbols: depth D, sub-bands (y, x) of a tree, 0 <= y, x < 2^D in order of frequency: (y, x) holds
the frequencies [y, y + 1) pi / 2^D along the rows axis, [x, x + 1) pi / 2^D along the columns axis.

A plan is a coarse square and shells around it. Shell b of depth D is the region of frequencies
with max(y, x) = b, an L of 2b + 1 sub-bands; in the square layout of a picture of side L it
is the band [N, N + w) with w = L / 2^D and N = b w. Ordinary wavelets are the shells 1 of every
depth.

References: Coifman, Wickerhauser 1992; Mallat, A Wavelet Tour of Signal Processing, section 8.1.
"""

import math
from dataclasses import dataclass

from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.wavelets.orthogonal.transform import check_sides

Place = tuple[int, int, int]
"""(depth, y, x)"""


@dataclass(frozen=True)
class Shell:
    """Sub-bands of one depth with max(y, x) = index.

    Args:
        depth: D; the sub-bands are 2^D times as small as the picture.
        index: b, 1 <= b < 2^D.
    """

    depth: int
    index: int

    @property
    def places(self) -> tuple[Place, ...]:
        """The 2b + 1 sub-bands, in the order H, V, D: y = b, then x = b, then both."""
        b = self.index
        rows = [(self.depth, b, x) for x in range(b)]
        return (*rows, *((self.depth, y, b) for y in range(b)), (self.depth, b, b))


@dataclass(frozen=True)
class PacketPlan:
    """Which sub-bands a picture is parted into: a coarse square, and shells around it.

    Args:
        depth: of the coarse square, the sub-band (0, 0).
        shells: from coarse to fine; each begins where the one before ends.

    Raises:
        InputError: the shells leave a gap or overlap.
    """

    depth: int
    shells: tuple[Shell, ...]

    def __post_init__(self) -> None:
        edge = 0.5**self.depth
        for shell in self.shells:
            if shell.index * 0.5**shell.depth != edge:
                raise InputError(
                    f"{shell} begins at {shell.index * 0.5**shell.depth:g} of the band width: the "
                    f"shells before it end at {edge:g}."
                )
            edge += 0.5**shell.depth
        if edge != 1:
            raise InputError(f"The shells end at {edge:g} of the band width: they must end at 1.")

    @classmethod
    def uniform(cls, depth: int) -> "PacketPlan":
        """4^depth sub-bands of the same size."""
        check_count("depth", depth)
        return cls(depth, tuple(Shell(depth, b) for b in range(1, 2**depth)))

    @classmethod
    def details(cls, depth: int) -> "PacketPlan":
        """One octave: the coarse quadrant stays whole, the three others are split to `depth`."""
        check_count("depth", depth)
        return cls.octaves(1, subdivisions=2 ** (depth - 1))

    @classmethod
    def wavelet(cls, levels: int) -> "PacketPlan":
        """The ordinary pyramid: three sub-bands for each level."""
        return cls.octaves(levels)

    @classmethod
    def octaves(cls, octaves: int, *, subdivisions: int = 1) -> "PacketPlan":
        """Octaves, each of `subdivisions` (a power of two) shells of equal width.

        The coarse square of an octave is the picture of the next: 2 x 2 subdivisions of it are one
        level of synthesis.
        """
        check_count("octaves", octaves)
        if not is_whole(subdivisions, least=1) or subdivisions & (subdivisions - 1):
            raise InputError(f"subdivisions={subdivisions!r}: use a power of two (1, 2, 4, ...).")
        finer = subdivisions.bit_length() - 1
        shells = tuple(
            Shell(octave + finer, b)
            for octave in range(octaves, 0, -1)
            for b in range(subdivisions, 2 * subdivisions)
        )
        return cls(octaves, shells)

    @property
    def deepest(self) -> int:
        """The largest depth: sides must be divisible by 2^deepest."""
        return max(self.depth, *(shell.depth for shell in self.shells), 0)

    def describe(self, side: int | None = None) -> str:
        """Return a table of the parts, fine to coarse; with `side` L, also in coefficients.

        >>> from scorelet.wavelets import PacketPlan
        >>> print(PacketPlan.octaves(1, subdivisions=2).describe(64))
        octaves below Nyquist   sub-bands   of size   region [N, N + w)
        0.00 to 0.42            7           16 x 16   [48, 64)
        0.42 to 1.00            5           16 x 16   [32, 48)
        1.00 and more           1           32 x 32   [0, 32)
        """
        if side is not None:
            check_count("side", side)
            check_sides((side,), self.deepest)
        rows = [("octaves below Nyquist", "sub-bands", "of size", "region [N, N + w)")]
        for shell in reversed(self.shells):
            lower, width = shell.index, 2**shell.depth
            octaves = f"{_octave((lower + 1) / width):.2f} to {_octave(lower / width):.2f}"
            rows.append((octaves, str(2 * lower + 1), *_extent(lower, shell.depth, side)))
        rows.append((f"{self.depth:.2f} and more", "1", *_extent(0, self.depth, side)))
        widths = [max(len(row[k]) for row in rows) + 3 for k in range(4)]
        lines = (
            "".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows
        )
        return "\n".join(line.rstrip() for line in lines)


def _octave(share: float) -> float:
    """-log2 of a share of the band width, without a negative zero."""
    return -math.log2(share) + 0.0


def _extent(lower: int, depth: int, side: int | None) -> tuple[str, str]:
    """The size of a sub-band and the region of its shell, in coefficients or as shares of L."""
    if side is None:
        unit = "L" if depth == 0 else f"L/{2**depth}"
        first = "0" if lower == 0 else unit if lower == 1 else f"{lower} {unit}"
        last = "L" if lower + 1 == 2**depth else f"{lower + 1} {unit}" if lower else unit
        return f"{unit} x {unit}", f"[{first}, {last})"
    width = side >> depth
    return f"{width} x {width}", f"[{lower * width}, {(lower + 1) * width})"


def check_count(name: str, value: int) -> None:
    """Refuse what is no whole number of at least 1."""
    if not is_whole(value, least=1):
        raise InputError(f"{name}={value!r}: use a whole number of at least 1.")
