"""Scattering coefficients of orders 1 and 2 on CPUs, sixteen (image, angle) pairs at once.

The lanes of a vector are the angles θ1 of a few images, so every step after the first filter is
the same for all of them: filters of the second order are plain numbers. A map of moduli is never
stored. Per map: fold the filtered spectrum into the columns of the result and transform them; then
row by row transform, take moduli, add their averages to the output, and for the second order
transform two rows at a time back, so that only the half spectrum of the moduli is kept. Everything
that is touched twice stays in the caches of a core.

Places in the flat array `work` (see `layout`): plane, (rows, columns) of complex numbers; moduli,
half spectrum of |x ∗ ψ|; row, other and spare, one sequence each.
"""

# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types

from typing import NamedTuple

import numpy as np

from scorelet.wavelets.lane_fft import PAIR, transform
from scorelet.wavelets.lane_tables import Tables
from scorelet.wavelets.simd import WIDTH, kernel, load, piece, root, splat, store


class Layout(NamedTuple):
    """Where things are in `work`, in numbers; those from `kept` on for gradients only."""

    plane: int
    moduli: int
    row: int
    other: int
    spare: int
    sums: int
    averages: int
    kept: int
    moduli_gradient: int
    gradient: int
    total: int


def layout(tables: Tables, *, gradient: bool) -> Layout:
    """Return the places for a grid."""
    height, width = (int(side) for side in tables.shapes[0])
    rows, columns = (int(side) for side in tables.sizes[4:6])
    half, plane = (width // 2 + 1) * height * PAIR, height * width * PAIR
    sizes = [plane, half, *[max(height, width) * PAIR] * 3, rows * width * WIDTH]
    sizes += [rows * columns * WIDTH, *(size * gradient for size in (plane, half, half))]
    return Layout(*np.cumsum([0, *sizes]).tolist())


@kernel
def forward(spectra, out, work, at, tables, first, step):
    """Write the coefficients of the groups first, first + step, ... to `out`.

    Args:
        spectra: half spectra of the images, (images, row, column, 2), flat float32.
        out: (images, path, height, width), flat float32.
        work: flat float32 of `at.total`.
        at: from `layout`.
        tables: from `tables`.
        first, step: which groups of images.
    """
    scales, angles, group, order = (
        tables.sizes[0],
        tables.sizes[1],
        tables.sizes[2],
        tables.sizes[3],
    )
    images = len(spectra) // ((tables.shapes[0, 1] // 2 + 1) * tables.shapes[0, 0] * 2)
    for start in range(first * group, images, step * group):
        count = min(group, images - start)
        for j1 in range(scales):
            deeper = order > 1 and j1 < scales - 1
            first_columns(spectra, work, at, tables, j1, (start, count))
            _first_rows(work, at, tables, j1, deeper)
            for lane in range(count * angles):
                path = tables.place1[j1, lane % angles]
                _write(out, work, at.averages, tables, start + lane // angles, path, lane)
            if not deeper:
                continue
            half_columns(work, at, tables, j1)
            for j2 in range(j1 + 1, scales):
                for angle in range(angles):
                    second_columns(work, at, tables, j1, j2, angle)
                    _second_rows(work, at, tables, j2)
                    for lane in range(count * angles):
                        path = tables.place2[j1, j2, lane % angles, angle]
                        _write(out, work, at.averages, tables, start + lane // angles, path, lane)


@piece
def first_columns(spectra, work, at, tables, scale, images):
    """Filter all lanes by their own ψ_{j,θ}; transform the columns back, into the plane.

    Each image's spectrum goes to the lanes of all its angles.
    """
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    height, half = tables.shapes[0, 0], tables.shapes[0, 1] // 2 + 1
    (start, count), value = images, tables.first.value
    for column in range(columns):
        clear(work, at.row, 2 * rows)
        i = tables.first_starts[scale] + column
        for run in range(tables.first.start[i], tables.first.start[i + 1]):
            source, step, row, length, v = tables.first.terms[run]
            x = 2 * ((start * height + source % height) * half + source // height)
            y, sign = at.row + row * PAIR, np.float32(step)
            for t in range(length):
                weight, z = load(value, (v + t) * WIDTH), y + t * PAIR
                re, im = load(work, z + WIDTH), load(work, z)
                for image in range(count):
                    u = x + 2 * half * (t * step + image * height)
                    own = load(tables.masks, image * WIDTH) * weight
                    re, im = re + own * spectra[u], im + own * (sign * spectra[u + 1])
                store(work, z + WIDTH, re)
                store(work, z, im)
        column_into_plane(work, at, tables, scale, column)


@piece
def second_columns(work, at, tables, scale, scale2, angle):
    """Filter all lanes by the same ψ_{j2,θ2}; transform the columns back, into the plane."""
    rows, columns = tables.shapes[scale2, 0], tables.shapes[scale2, 1]
    value = tables.second.value
    for column in range(columns):
        clear(work, at.row, 2 * rows)
        i = tables.second_starts[scale, scale2, angle] + column
        for run in range(tables.second.start[i], tables.second.start[i + 1]):
            source, step, row, count, v = tables.second.terms[run]
            x, y, sign = at.moduli + source * PAIR, at.row + row * PAIR, np.float32(step)
            for t in range(count):
                weight, z, u = value[v + t], y + t * PAIR, x + t * step * PAIR
                store(work, z + WIDTH, load(work, z + WIDTH) + load(work, u) * weight)
                store(work, z, load(work, z) + load(work, u + WIDTH) * (sign * weight))
        column_into_plane(work, at, tables, scale2, column)


@piece
def fourier(work, source, spare, tables, scale, axis):
    """Transform a row (axis 0) or a column (axis 1) of level `scale`; return where it is."""
    number = 2 * scale + axis
    return transform(
        work, source, spare, tables.factors[number], tables.turns[tables.turn_starts[number] :]
    )


@piece
def column_into_plane(work, at, tables, scale, column):
    """Transform the sequence at `at.row` and make it a column of the plane."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    found = fourier(work, at.row, at.spare, tables, scale, 1)
    for row in range(rows):
        x, y = found + row * PAIR, at.plane + (row * columns + column) * PAIR
        store(work, y, load(work, x))
        store(work, y + WIDTH, load(work, x + WIDTH))


@piece
def half_columns(work, at, tables, scale):
    """Transform the columns of the moduli's half spectrum, in place."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for column in range(columns // 2 + 1):
        place = at.moduli + column * rows * PAIR
        found = fourier(work, place, at.spare, tables, scale, 1)
        if found != place:
            for x in range(0, rows * PAIR, WIDTH):
                store(work, place + x, load(work, found + x))


@piece
def modulus(work, source, target, count):
    """Write |z| of `count` complex numbers to every second vector at `target`."""
    for x in range(0, count * PAIR, PAIR):
        a, b = load(work, source + x), load(work, source + x + WIDTH)
        store(work, target + x, root(a * a + b * b))


@piece
def split_rows(work, found, at, tables, scale, row):
    """Take the spectra of two real rows apart, a row being the real and one the imaginary part.

    They come out twice as large; the filters know it.
    """
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for column in range(columns // 2 + 1):
        x, y = found + column * PAIR, found + (columns - column) % columns * PAIR
        a, b, c, d = load(work, x), load(work, x + WIDTH), load(work, y), load(work, y + WIDTH)
        z = at.moduli + (column * rows + row) * PAIR
        store(work, z, a + c)
        store(work, z + WIDTH, b - d)
        store(work, z + PAIR, b + d)
        store(work, z + PAIR + WIDTH, c - a)


@piece
def _first_rows(work, at, tables, scale, deeper):
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    clear(work, at.sums, tables.sizes[4] * columns)
    for row in range(0, rows, 2):
        for part in range(2):
            place = at.plane + (row + part) * columns * PAIR
            found = fourier(work, place, at.spare, tables, scale, 0)
            modulus(work, found, at.row + part * WIDTH, columns)
            _average_row(work, at, at.row + part * WIDTH, tables, scale, row + part)
        if deeper:
            found = fourier(work, at.row, at.spare, tables, scale, 0)
            split_rows(work, found, at, tables, scale, row)
    _average_columns(work, at, tables, scale)


@piece
def _second_rows(work, at, tables, scale):
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    clear(work, at.sums, tables.sizes[4] * columns)
    for row in range(rows):
        place = at.plane + row * columns * PAIR
        found = fourier(work, place, at.spare, tables, scale, 0)
        modulus(work, found, at.row, columns)
        _average_row(work, at, at.row, tables, scale, row)
    _average_columns(work, at, tables, scale)


@piece
def clear(work, target, count):
    """Put zeros into `count` vectors."""
    for x in range(0, count * WIDTH, WIDTH):
        store(work, target + x, splat(np.float32(0)))


@piece
def _average_row(work, at, source, tables, scale, row):
    """Add a row of moduli to the output rows that it contributes to."""
    columns = tables.shapes[scale, 1]
    i = tables.row_starts[scale] + row
    for e in range(tables.rows.start[i], tables.rows.start[i + 1]):
        weight, y = tables.rows.value[e], at.sums + tables.rows.index[e] * columns * WIDTH
        for column in range(columns):
            z = y + column * WIDTH
            store(work, z, load(work, z) + load(work, source + column * PAIR) * weight)


@piece
def _average_columns(work, at, tables, scale):
    """Finish the averages along the output rows."""
    height, width, columns = tables.sizes[4], tables.sizes[5], tables.shapes[scale, 1]
    start, index, value = tables.columns.start, tables.columns.index, tables.columns.value
    first = tables.column_starts[scale]
    for row in range(height):
        source = at.sums + row * columns * WIDTH
        for o in range(width):
            total = splat(np.float32(0))
            for e in range(start[first + o], start[first + o + 1]):
                total = total + load(work, source + index[e] * WIDTH) * value[e]
            store(work, at.averages + (row * width + o) * WIDTH, total)


@piece
def _write(out, work, source, tables, image, path, lane):
    size = tables.sizes[4] * tables.sizes[5]
    y = (image * tables.sizes[6] + path) * size
    for o in range(size):
        out[y + o] = work[source + o * WIDTH + lane]
