"""The inner loops of the embedded cluster sampler: Metropolis and Swendsen-Wang, compiled.

Symbols: φ field (L, L), periodic, L even; E = -b sum_<ij> φ_i φ_j + sum (a φ^2 + q φ^4), bonds
once; s sweep, c chain, k key. One sweep is twice a checkerboard Metropolis pass, then the shifts of
`shift_kernel`, if any, then one Swendsen-Wang step on the signs of φ. Every random number is Philox
of (place, stage of s, c, level, k); the level is 0 but for shifts.

References: Swendsen, Wang 1987; Brower, Tamayo 1989 (embedding in φ^4); Hoshen, Kopelman 1976
(labels row by row).
"""

import numpy as np

from scorelet.core.compiled import compiled, inlined
from scorelet.core.philox import Word, exp_minus, fill_words, unit
from scorelet.sampling.shift_kernel import shift_blocks

_STAGES = 8  # counter words per sweep
_RIGHT, _DOWN, _FLIP = 4, 5, 6  # stages after the four half passes of Metropolis
_START = Word(0xFFFFFFFF)  # stage of the initial field
_LEVEL = Word(0)


@compiled
def draw_start(
    fields: np.ndarray, chains: np.ndarray, level: float, width: float, key: tuple[Word, Word]
) -> None:
    """Fill `fields` (chains, L, L) with level + width u, u independent and uniform in (-1, 1).

    Chains of odd numbers get a random sign at every site: one half starts ordered, one disordered.
    """
    size = fields.shape[1]
    words = np.empty((4, (size * size + 1) // 2), np.uint32)
    for member in range(len(fields)):
        fill_words(words, _START, Word(chains[member]), _LEVEL, key)
        flat, field = words.reshape(-1), fields[member].reshape(-1)
        for site in range(size * size):
            value = level + width * (2 * unit(flat[2 * site]) - 1)
            negative = chains[member] % 2 == 1 and flat[2 * site + 1] & np.uint32(1)
            field[site] = -value if negative else value


@compiled
def run_sweeps(
    fields: np.ndarray,
    members: np.ndarray,
    chains: np.ndarray,
    potential: tuple[float, float, float],
    widths: np.ndarray,
    sweeps: tuple[int, int],
    key: tuple[Word, Word],
) -> int:
    """Advance some chains in place by sweeps first ... first + count - 1.

    Args:
        fields: φ of all chains, (chains, L, L), float64.
        members: rows of `fields` to advance.
        chains: c of each row.
        potential: (b, a, q).
        widths: half widths of the uniform proposals, unit of φ: of one site, and of the shifts of
            `shift_kernel`, level by level.
        sweeps: (first, count).
        key: k.

    Returns:
        The number of accepted proposals of single sites, out of 2 L^2 per chain and sweep.
    """
    size = fields.shape[1]
    words = np.empty((4, size * size // 4), np.uint32)
    signs = np.empty((4, (size * size + 127) // 128), np.uint32)
    roots = np.empty(size * size, np.int32)
    accepted = 0
    for member in members:
        field, chain = fields[member], Word(chains[member])
        for sweep in range(sweeps[0], sweeps[0] + sweeps[1]):
            stage = Word(sweep * _STAGES)
            for half in range(4):
                fill_words(words, stage + Word(half), chain, _LEVEL, key)
                accepted += _metropolis(field, half % 2, potential, widths[0], words.reshape(-1))
            for level in range(1, len(widths)):
                if widths[level] > 0:
                    shift_blocks(field, level, potential, widths[level], (stage, chain), key)
            _label_clusters(field, roots, 2 * potential[0], words, (stage, chain), key)
            fill_words(signs, stage + Word(_FLIP), chain, _LEVEL, key)
            _flip_clusters(field.reshape(-1), roots, signs.reshape(-1))
    return accepted


@compiled
def _metropolis(
    field: np.ndarray,
    parity: int,
    potential: tuple[float, float, float],
    half_width: float,
    words: np.ndarray,
) -> int:
    """Update all sites with (row + column) % 2 == parity: they do not see each other."""
    b, a, q = potential
    size, half = len(field), len(field) // 2
    padded, new = np.empty(size + 2), np.empty(half)
    limits = words[size * half :]
    accepted = 0
    for i in range(size):
        offset = (i + parity) % 2
        row, above, below = field[i], field[(i or size) - 1], field[(i + 1) % size]
        _wrap(row, padded)
        steps, draws = words[i * half : (i + 1) * half], limits[i * half : (i + 1) * half]
        for k in range(half):
            j = 2 * k + offset
            x = padded[j + 1]
            y = x + half_width * (2 * unit(steps[k]) - 1)
            neighbours = padded[j] + padded[j + 2] + above[j] + below[j]
            rise = (y - x) * ((y + x) * (a + q * (x * x + y * y)) - b * neighbours)
            accept = unit(draws[k]) < exp_minus(max(rise, 0.0))
            new[k] = y if accept else x
            accepted += accept
        for k in range(half):
            row[2 * k + offset] = new[k]
    return accepted


@inlined
def _wrap(row: np.ndarray, padded: np.ndarray) -> None:
    """Copy a row with its periodic neighbours at both ends."""
    size = len(row)
    padded[0] = row[size - 1]
    padded[size + 1] = row[0]
    for j in range(size):
        padded[j + 1] = row[j]


@compiled
def _label_clusters(
    field: np.ndarray,
    roots: np.ndarray,
    strength: float,
    words: np.ndarray,
    place: tuple[Word, Word],
    key: tuple[Word, Word],
) -> None:
    """Draw bonds, join their ends; roots[site] becomes the first site of its cluster.

    A bond is active with probability 1 - exp(-strength φ_i φ_j) where the signs are equal.
    """
    size = len(field)
    active, padded = np.empty((size, size), np.uint8), np.empty(size + 2)
    fill_words(words, place[0] + Word(_RIGHT), place[1], _LEVEL, key)
    draws = words.reshape(-1)
    for i in range(size):
        _wrap(field[i], padded)
        _draw_bonds(padded[1:], padded[2:], strength, draws[i * size :], active[i])
        _label_row(roots, i * size, active[i])
    fill_words(words, place[0] + Word(_DOWN), place[1], _LEVEL, key)
    for i in range(size):
        below = (i + 1) % size
        _draw_bonds(field[i], field[below], strength, draws[i * size :], active[i])
        _join_rows(roots, i * size, below * size, active[i])
    for site in range(size * size):
        roots[site] = roots[roots[site]]  # a root comes before its sites: one step is enough


@compiled
def _draw_bonds(
    left: np.ndarray, right: np.ndarray, strength: float, draws: np.ndarray, active: np.ndarray
) -> None:
    for j in range(len(active)):
        product = max(left[j] * right[j], 0.0)
        active[j] = unit(draws[j]) > exp_minus(strength * product)


@compiled
def _label_row(roots: np.ndarray, first: int, active: np.ndarray) -> None:
    """Give each run of joined sites the index of its first one; active[j] joins j and j + 1."""
    size = len(active)
    root = first
    for j in range(size):
        roots[first + j] = root
        root = root if active[j] else first + j + 1
    if active[size - 1]:
        last = roots[first + size - 1]
        for j in range(last - first, size):
            roots[first + j] = first


@compiled
def _join_rows(roots: np.ndarray, upper: int, lower: int, active: np.ndarray) -> None:
    """Join two rows by the bonds between them; the smaller root stays a root."""
    last_one = last_two = -1
    for j in range(len(active)):
        one, two = roots[upper + j], roots[lower + j]
        if active[j] and (one != last_one or two != last_two):
            last_one, last_two = one, two
            one, two = _find(roots, one), _find(roots, two)
            if one < two:
                roots[two] = one
            else:
                roots[one] = two


@compiled
def _find(roots: np.ndarray, site: int) -> int:
    """Follow links to the root, halving the path."""
    while roots[site] != site:
        roots[site] = roots[roots[site]]
        site = roots[site]
    return site


@compiled
def _flip_clusters(field: np.ndarray, roots: np.ndarray, signs: np.ndarray) -> None:
    """Change the sign of each cluster with probability 1/2: bit r of the words, r its root."""
    for site in range(len(roots)):
        root = roots[site]
        if (signs[root >> 5] >> np.uint32(root & 31)) & np.uint32(1):
            field[site] = -field[site]
