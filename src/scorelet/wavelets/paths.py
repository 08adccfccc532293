"""Scattering paths: which wavelets lead to a coefficient."""

from itertools import combinations, product
from typing import NamedTuple

from scorelet.core.options import checked


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


@checked
def scattering_paths(scales: int, angles: int, order: int) -> tuple[Path, ...]:
    """Return all paths up to `order`, by order and then by (j1, θ1, j2, θ2, ...)."""
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
