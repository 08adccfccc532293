"""Scattering paths: which wavelets lead to a coefficient."""

import math
from itertools import combinations, product
from typing import NamedTuple

from scorelet.core.errors import InputError
from scorelet.core.options import checked

MOST_PATHS = 1_000_000
"""More are refused before they are listed."""


class Path(NamedTuple):
    """One path: U = | ... ||x ∗ ψ_{j1,θ1}| ∗ ψ_{j2,θ2}| ... |.

    Attributes:
        order: number of wavelets, 0 for the low-pass of the picture.
        scales: j of each, growing.
        angles: index m of each angle θ_m.
    """

    order: int
    scales: tuple[int, ...]
    angles: tuple[int, ...]

    @property
    def name(self) -> str:
        """Return a name for a column, as ``S2_j0t3_j2t5``; ``S0`` for the low-pass."""
        steps = (f"j{j}t{t}" for j, t in zip(self.scales, self.angles, strict=True))
        return "_".join([f"S{self.order}", *steps])


def path_count(scales: int, angles: int, order: int) -> int:
    """Return Σ_m binom(J, m) L^m, the number of paths up to `order`."""
    return sum(math.comb(scales, m) * angles**m for m in range(order + 1))


@checked
def scattering_paths(scales: int, angles: int, order: int) -> tuple[Path, ...]:
    """Return all paths up to `order`, by order and then by (j1, θ1, j2, θ2, ...).

    Raises:
        InputError: more than `MOST_PATHS`.
    """
    if path_count(scales, angles, order) > MOST_PATHS:
        raise InputError(
            f"J is {scales} and L is {angles}: these are more than {MOST_PATHS:,} scattering "
            "paths; choose fewer octaves or angles."
        )
    return tuple(
        path
        for count in range(order + 1)
        for path in sorted(_of_order(count, scales, angles), key=_sorting)
    )


def groups(scales: int, order: int) -> tuple[tuple[int, ...], ...]:
    """Return the scales (j1 < j2 < ...) of all paths of orders 1 to `order`."""
    return tuple(g for count in range(1, order + 1) for g in combinations(range(scales), count))


def _of_order(order: int, scales: int, angles: int) -> list[Path]:
    return [
        Path(order, group, turns)
        for group in combinations(range(scales), order)
        for turns in product(range(angles), repeat=order)
    ]


def _sorting(path: Path) -> tuple[tuple[int, int], ...]:
    return tuple(zip(path.scales, path.angles, strict=True))
