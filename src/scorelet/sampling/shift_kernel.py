"""Shifts of blocks of a lattice field by tents, compiled: what nearly free fields need.

Symbols: φ field (L, L), periodic; E as in `cluster_kernel`; w weights of a block, t shift:

    E(φ + t w) - E(φ) = t (c1 + t (c2 + t (c3 + t c4)))
    c1 = sum w (2a φ + 4q φ^3 - b sum_nn φ)      c2 = sum w^2 (a + 6q φ^2) - b sum_<ij> w_i w_j
    c3 = 4q sum w^3 φ                            c4 = q sum w^4

Single sites need ξ^2 sweeps to move a mode of the length ξ; a tent of that side moves it at once.
Level 1 is the whole lattice, w = 1; level l > 1 is squares of side 2^l with a random origin, w the
product of two tents that fall to 0 outside. Each block is a Metropolis proposal of its own.

References: Goodman, Sokal 1989, "Multigrid Monte Carlo method"; Mack 1988.
"""

import numpy as np

from scorelet.core.compiled import compiled, inlined
from scorelet.core.philox import Word, exp_minus, philox, unit


def side_of(level: int, size: int) -> int:
    """Return the side of the blocks of a level."""
    return size if level == 1 else 2**level


def level_count(size: int) -> int:
    """Return how many levels a lattice has: the last one has blocks of at most its side."""
    return max(1, size.bit_length() - 1)


def tent(level: int, size: int) -> np.ndarray:
    """Return the weights of a block along one axis, (side,), float64, at most 1."""
    side = side_of(level, size)
    if level == 1:
        return np.ones(side)
    index = np.arange(side)
    return np.minimum(index + 1, side - index) / (side / 2)


def bond_weight(level: int, size: int) -> float:
    """Return sum_<ij> w_i w_j over the bonds of a block, each once."""
    weights = tent(level, size)
    neighbours = weights * np.roll(weights, 1)
    across = float((neighbours if len(weights) == size else neighbours[1:]).sum())
    return 2 * across * float(weights @ weights)


@compiled
def shift_blocks(
    field: np.ndarray,
    level: int,
    potential: tuple[float, float, float],
    width: float,
    place: tuple[Word, Word],
    key: tuple[Word, Word],
) -> int:
    """Propose one shift, uniform in (-width, width), for each block; return how many moved.

    Args:
        field: φ, (L, L), float64, changed in place.
        level: which blocks, from 1.
        potential: (b, a, q).
        width: unit of φ.
        place: stage of the sweep, chain.
        key: of the random numbers.
    """
    size = len(field)
    side = size if level == 1 else 1 << level
    weights = np.ones(side)
    if level > 1:
        for i in range(side):
            weights[i] = min(i + 1, side - i) / (side / 2)
    count = size // side
    origin = philox(Word(count * count), place[0], place[1], Word(level), key[0], key[1])
    top, left = int(origin[0]) % size, int(origin[1]) % size
    accepted = 0
    for block in range(count * count):
        row, column = top + block // count * side, left + block % count * side
        draws = philox(Word(block), place[0], place[1], Word(level), key[0], key[1])
        t = width * (2 * unit(np.uint32(draws[0])) - 1)
        rise = _rise(field, row, column, weights, potential, t, side == size)
        if unit(np.uint32(draws[1])) < exp_minus(max(rise, 0.0)):
            _add(field, row, column, weights, t)
            accepted += 1
    return accepted


@inlined
def _rise(
    field: np.ndarray,
    top: int,
    left: int,
    weights: np.ndarray,
    potential: tuple[float, float, float],
    t: float,
    periodic: bool,
) -> float:
    """E(φ + t w) - E(φ)."""
    b, a, q = potential
    size, side = len(field), len(weights)
    c1 = c2 = c3 = c4 = 0.0
    for i in range(side):
        r = (top + i) % size
        row, above, below = field[r], field[(r or size) - 1], field[(r + 1) % size]
        next_row = weights[i + 1] if i + 1 < side else (weights[0] if periodic else 0.0)
        for j in range(side):
            k = (left + j) % size
            x, w = row[k], weights[i] * weights[j]
            next_column = weights[j + 1] if j + 1 < side else (weights[0] if periodic else 0.0)
            neighbours = row[(k or size) - 1] + row[k + 1 if k + 1 < size else 0]
            neighbours += above[k] + below[k]
            square = w * w
            c1 += w * (x * (2 * a + 4 * q * x * x) - b * neighbours)
            c2 += square * (a + 6 * q * x * x)
            c2 -= b * w * (next_row * weights[j] + weights[i] * next_column)
            c3 += 4 * q * square * w * x
            c4 += q * square * square
    return t * (c1 + t * (c2 + t * (c3 + t * c4)))


@inlined
def _add(field: np.ndarray, top: int, left: int, weights: np.ndarray, t: float) -> None:
    size = len(field)
    for i in range(len(weights)):
        row = field[(top + i) % size]
        for j in range(len(weights)):
            row[(left + j) % size] += t * weights[i] * weights[j]
