"""What the scattering kernels read: filters of one grid as flat arrays.

Symbols: level k, a grid subsampled by 2^k, of m_k rows and n_k columns; half spectrum, the
frequencies (row q, column l ≤ n_k / 2) of a real map at l m_k + q, which by û(-ω) = conj û(ω) are
all. A band-pass filter followed by subsampling is a sparse sum: each of the m_j n_j frequencies of
the result (at column m_j + row) is the sum of a few frequencies of the half spectrum times numbers.
Neighbouring terms of a column are kept as runs, because their sources are neighbours too.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from scorelet.wavelets.kernels.lane_fft import MAX_FACTOR, factorise, twiddles
from scorelet.wavelets.kernels.vectors import LANE_COUNT
from scorelet.wavelets.morlet.bank import MorletBank
from scorelet.wavelets.morlet.grid import Grid, crop_spectrum
from scorelet.wavelets.paths import scattering_paths

TOLERANCE = 1e-6
"""Filter values below it, relative to the largest, count as zero."""


class Sums(NamedTuple):
    """Many sparse sums, one after the other: result i is Σ_e value[e] source[index[e]].

    Attributes:
        start: sum i has the terms start[i] to start[i + 1].
        index: which source.
        value: its factor, float32.
    """

    start: np.ndarray
    index: np.ndarray
    value: np.ndarray


class Runs(NamedTuple):
    """Filters followed by subsampling, column by column of the result.

    Attributes:
        start: column i has the runs start[i] to start[i + 1].
        terms: for each run (source, step, row, count, value): from t = 0 to count - 1 the result's
            row + t gets value[value + t] times what is at source + step t; step is 1, or -1 where
            the complex conjugate is meant.
        value: factors, float32, the inverse transform's 1 / n included.
    """

    start: np.ndarray
    terms: np.ndarray
    value: np.ndarray


class Tables(NamedTuple):
    """All that is read.

    Attributes:
        shapes: (m, n) of level 0 to J - 1.
        factors, turns, turn_starts: `lane_fft` tables of the row (2 k) and column (2 k + 1)
            lengths of level k.
        first, first_starts: ψ_j from level 0, for all j; each value LANE_COUNT numbers, the angles
            in turn for every image of a group of lanes.
        second, second_starts: ψ_{j2,θ2} from level j1, at [j1, j2, θ2].
        columns, column_starts: averages along a row of level k at [k].
        rows, row_starts: averages along a column, one sum for each input row: which output rows it
            adds to.
        columns_back: as `columns`, one sum for each input.
        masks: for each image of a group, 1 in its lanes.
        place1, place2: path number at [j1, θ1] and [j1, j2, θ1, θ2].
        sizes: J, L, images in a group, order, output height, output width, paths.
    """

    shapes: np.ndarray
    factors: np.ndarray
    turns: np.ndarray
    turn_starts: np.ndarray
    first: Runs
    first_starts: np.ndarray
    second: Runs
    second_starts: np.ndarray
    columns: Sums
    column_starts: np.ndarray
    columns_back: Sums
    columns_back_starts: np.ndarray
    rows: Sums
    row_starts: np.ndarray
    masks: np.ndarray
    place1: np.ndarray
    place2: np.ndarray
    sizes: np.ndarray


def supported(grid: Grid, angles: int, order: int) -> bool:
    """Tell whether the kernels can do it: few angles, order at most 2, lengths of small primes."""
    lengths = [n >> k for n in grid.padded for k in range(max(grid.scales, 1))]
    return (
        0 < angles <= LANE_COUNT
        and 1 <= order <= 2
        and grid.scales > 0
        and all(max(factorise(n), default=1) <= MAX_FACTOR for n in lengths)
    )


def tables(grid: Grid, bank: MorletBank, *, order: int) -> Tables:
    """Return the tables of a grid."""
    scales, angles = len(bank.bands), len(bank.bands[0])
    levels = range(scales)
    shapes = np.array([grid.at(k) for k in levels])
    factors = [factorise(int(n)) for n in shapes[:, ::-1].ravel()]
    turns = [twiddles(int(n)) for n in shapes[:, ::-1].ravel()]
    group = LANE_COUNT // angles
    first = [_first(band, 2**j, group) for j, band in enumerate(bank.bands)]
    second, parts = _second(bank, order)
    matrices = [grid.averages(k) for k in levels]
    firsts, first_starts = _join_runs(first)
    seconds, starts = _join_runs(parts)
    columns, column_starts = _join([_sparse(c) for _, c in matrices])
    back, back_starts = _join([_sparse(c.T) for _, c in matrices])
    rows, row_starts = _join([_sparse(r.T) for r, _ in matrices])
    place1, place2 = _places(scales, angles, order)
    paths = len(scattering_paths(scales, angles, order))
    return Tables(
        shapes=shapes,
        factors=np.array([[*f, *[0] * (32 - len(f))] for f in factors]),
        turns=np.concatenate(turns),
        turn_starts=np.cumsum([0, *map(len, turns)]),
        first=firsts,
        first_starts=first_starts,
        second=seconds,
        second_starts=starts[second] if parts else second,
        columns=columns,
        column_starts=column_starts,
        columns_back=back,
        columns_back_starts=back_starts,
        rows=rows,
        row_starts=row_starts,
        masks=_masks(group, angles),
        place1=place1,
        place2=place2,
        sizes=np.array([scales, angles, group, order, *grid.output, paths]),
    )


def _second(bank: MorletBank, order: int) -> tuple[np.ndarray, list[Runs]]:
    """Return filters of the second order, and where among them (j1, j2, angle) is."""
    scales, angles = len(bank.bands), len(bank.bands[0])
    places = np.zeros((scales, scales, angles), np.int64)
    runs: list[Runs] = []
    for j1, j2 in combinations(range(scales), 2) if order > 1 else ():
        for angle, band in enumerate(bank.bands[j2]):
            places[j1, j2, angle] = len(runs)
            runs.append(_fold(crop_spectrum(band, j1)[None], 2 ** (j2 - j1), 0.5))
    return places, runs


def _masks(group: int, angles: int) -> np.ndarray:
    """Return, for each of the pictures that are worked on at once, ones in its lanes."""
    masks = np.zeros((group, LANE_COUNT), np.float32)
    for image in range(group):
        masks[image, image * angles : (image + 1) * angles] = 1
    return masks.ravel()


def _first(band: np.ndarray, step: int, group: int) -> Runs:
    """Runs of all angles at once, each value in LANE_COUNT lanes."""
    runs = _fold(band, step, 1.0)
    lanes = np.zeros((len(runs.value), LANE_COUNT), np.float32)
    for image in range(group):
        lanes[:, image * len(band) : (image + 1) * len(band)] = runs.value
    return runs._replace(value=lanes)


def _fold(bands: np.ndarray, step: int, factor: float) -> Runs:
    """Return the runs of a filter, or of filters with the same terms.

    Args:
        bands: ψ̂, (filters, height, width).
        step: subsampling.
        factor: of all values.
    """
    height, width = bands.shape[1:]
    m, n = height // step, width // step
    kept = (np.abs(bands) > TOLERANCE * np.abs(bands).max()).any(0)
    c, q = np.nonzero(kept.T)
    mirror = c > width // 2
    q = np.where(mirror & (q == 0), height, q)  # so that -q mod height falls steadily
    order = np.lexsort((q, c, c % n))
    c, q, mirror = c[order], q[order], mirror[order]
    source = np.where(mirror, (width - c) * height + height - q, c * height + q)
    row, column, sign = q % m, c % n, np.where(mirror, -1, 1)
    starts = np.ones(len(c), bool)
    starts[1:] = (np.diff(c) != 0) | (np.diff(row) != 1) | (np.diff(q) != 1)
    at = np.flatnonzero(starts)
    count = np.diff(np.append(at, len(c)))
    terms = np.stack([source[at], sign[at], row[at], count, at], 1)
    value = bands[:, q % height, c].T * (factor / (height * width))
    start = np.searchsorted(column[at], np.arange(n + 1))
    return Runs(start.astype(np.int64), terms.astype(np.int64), value.astype(np.float32))


def _sparse(matrix: np.ndarray) -> Sums:
    """Return a matrix as sums, without its negligible values."""
    row, column = np.nonzero(np.abs(matrix) > TOLERANCE * np.abs(matrix).max())
    value = matrix[row, column].astype(np.float32)
    start = np.searchsorted(row, np.arange(len(matrix) + 1)).astype(np.int32)
    return Sums(start, column.astype(np.int32), value)


def _join(parts: list[Sums]) -> tuple[Sums, np.ndarray]:
    """Put sums behind each other; return them and the number of the first of each part."""
    start, starts = _starts([part.start for part in parts], [len(part.index) for part in parts])
    index, value = (np.concatenate([part[k] for part in parts]) for k in (1, 2))
    return Sums(start.astype(np.int32), index, value), starts


def _join_runs(parts: list[Runs]) -> tuple[Runs, np.ndarray]:
    """Likewise for runs."""
    if not parts:
        empty = Runs(np.zeros(1, np.int64), np.zeros((0, 5), np.int64), np.zeros(1, np.float32))
        return empty, np.zeros(0, np.int64)
    start, starts = _starts([part.start for part in parts], [len(part.terms) for part in parts])
    used = np.cumsum([0, *(len(part.value) for part in parts)])
    terms = [
        part.terms + np.array([0, 0, 0, 0, first]) for part, first in zip(parts, used, strict=False)
    ]
    value = np.concatenate([part.value.ravel() for part in parts])
    return Runs(start, np.concatenate(terms), value), starts


def _starts(starts: list[np.ndarray], counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Join lists of starts; return them and where each list begins."""
    first = np.cumsum([0, *counts])
    joined = np.concatenate([start + f for start, f in zip(starts, first, strict=False)])
    return joined, np.cumsum([0, *map(len, starts)])[:-1]


def _places(scales: int, angles: int, order: int) -> tuple[np.ndarray, np.ndarray]:
    one = np.zeros((scales, angles), np.int64)
    two = np.zeros((scales, scales, angles, angles), np.int64)
    for number, path in enumerate(scattering_paths(scales, angles, order)):
        if path.order == 1:
            one[path.scales[0], path.angles[0]] = number
        elif path.order == 2:
            two[*path.scales, *path.angles] = number
    return one, two
