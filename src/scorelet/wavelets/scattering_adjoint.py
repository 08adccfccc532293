"""Gradients of `scattering_kernels`: everything is computed again, nothing was stored.

For S = A |z|, z = F⁻¹ D û with û the spectrum of a map, D a filter with subsampling, and a given
gradient g of S, the gradient of û is Dᵀ F⁻ᵀ (z / |z|) Aᵀ g: the transposes of the steps, from the
last to the first. At z = 0 it is 0.
"""

# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types

import numpy as np

from scorelet.wavelets.lane_fft import PAIR
from scorelet.wavelets.scattering_kernels import (
    clear,
    first_columns,
    fourier,
    half_columns,
    modulus,
    second_columns,
    split_rows,
)
from scorelet.wavelets.simd import WIDTH, kernel, load, piece, root, splat, store

_TINY = np.float32(1e-37)


@kernel
def backward(spectra, given, gradient, work, at, tables, first, step):
    """Write the gradient of the half spectra of the groups first, first + step, ...

    Args:
        spectra: half spectra of the images, (images, row, column, 2), flat float32.
        given: gradient of the coefficients, (images, path, height, width), flat float32.
        gradient: of `spectra`, is written.
        work, at, tables, first, step: as for `forward`.
    """
    scales, group, order = tables.sizes[0], tables.sizes[2], tables.sizes[3]
    half = (tables.shapes[0, 1] // 2 + 1) * tables.shapes[0, 0]
    images = len(spectra) // (2 * half)
    for start in range(first * group, images, step * group):
        count = min(group, images - start)
        clear(work, at.gradient, 2 * half)
        for j1 in range(scales):
            deeper = order > 1 and j1 < scales - 1
            first_columns(spectra, work, at, tables, j1, (start, count))
            _keep_rows(work, at, tables, j1, deeper)
            if deeper:
                half_columns(work, at, tables, j1)
                _second_order(given, work, at, tables, start, count, j1)
                _half_columns_back(work, at, tables, j1)
            _read(given, work, at, tables, start, count, (j1, -1, 0))
            _first_rows_back(work, at, tables, j1, deeper)
            _first_columns_back(work, at, tables, j1)
        _gather(work, at.gradient, gradient, tables, start, count)


@piece
def _second_order(given, work, at, tables, start, count, scale):
    """Sum the gradients of the moduli's half spectrum from all paths that go on from `scale`."""
    scales, angles = tables.sizes[0], tables.sizes[1]
    half = (tables.shapes[scale, 1] // 2 + 1) * tables.shapes[scale, 0]
    clear(work, at.moduli_gradient, 2 * half)
    for scale2 in range(scale + 1, scales):
        for angle in range(angles):
            second_columns(work, at, tables, scale, scale2, angle)
            _read(given, work, at, tables, start, count, (scale, scale2, angle))
            _second_rows_back(work, at, tables, scale2)
            _second_columns_back(work, at, tables, scale, scale2, angle)


@piece
def _read(given, work, at, tables, start, count, path):
    """Bring the gradients of a path's coefficients into lanes; a negative `scale2` is order 1."""
    (scale, scale2, angle), target = path, at.averages
    angles, size = tables.sizes[1], tables.sizes[4] * tables.sizes[5]
    clear(work, target, size)
    for lane in range(count * angles):
        number = tables.place1[scale, lane % angles]
        if scale2 >= 0:
            number = tables.place2[scale, scale2, lane % angles, angle]
        x = ((start + lane // angles) * tables.sizes[6] + number) * size
        for o in range(size):
            work[target + o * WIDTH + lane] = given[x + o]


@piece
def _keep_rows(work, at, tables, scale, deeper):
    """Finish x ∗ ψ and keep it; go on to the half spectrum of its modulus."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for row in range(0, rows, 2):
        for part in range(2):
            place = (row + part) * columns * PAIR
            found = fourier(work, at.plane + place, at.spare, tables, scale, 0)
            for x in range(0, columns * PAIR, WIDTH):
                store(work, at.kept + place + x, load(work, found + x))
            modulus(work, found, at.row + part * WIDTH, columns)
        if deeper:
            found = fourier(work, at.row, at.spare, tables, scale, 0)
            split_rows(work, found, at, tables, scale, row)


@piece
def _spread_columns(work, at, tables, scale):
    """Transpose of the averages along the output rows."""
    height, width, columns = tables.sizes[4], tables.sizes[5], tables.shapes[scale, 1]
    first, table = tables.columns_back_starts[scale], tables.columns_back
    start, index, value = table.start, table.index, table.value
    for row in range(height):
        source, target = at.averages + row * width * WIDTH, at.sums + row * columns * WIDTH
        for column in range(columns):
            total = splat(np.float32(0))
            for e in range(start[first + column], start[first + column + 1]):
                total = total + load(work, source + index[e] * WIDTH) * value[e]
            store(work, target + column * WIDTH, total)


@piece
def _spread_row(work, at, target, tables, scale, row, adding):
    """Transpose of a row's averages: what its moduli receive, into every second vector."""
    columns = tables.shapes[scale, 1]
    if not adding:
        for column in range(columns):
            store(work, target + column * PAIR, splat(np.float32(0)))
    i = tables.row_starts[scale] + row
    for e in range(tables.rows.start[i], tables.rows.start[i + 1]):
        weight, y = tables.rows.value[e], at.sums + tables.rows.index[e] * columns * WIDTH
        for column in range(columns):
            z = target + column * PAIR
            store(work, z, load(work, z) + load(work, y + column * WIDTH) * weight)


@piece
def _through_modulus(work, source, change, target, count):
    """Write z / |z| times the gradient of |z|; z comes with its parts exchanged."""
    for x in range(0, count * PAIR, PAIR):
        im, re = load(work, source + x), load(work, source + x + WIDTH)
        factor = load(work, change + x) / root(re * re + im * im + _TINY)
        store(work, target + x, re * factor)
        store(work, target + x + WIDTH, im * factor)


@piece
def _row_back(work, at, source, tables, scale, row):
    """Transform the row at `source` into the plane."""
    columns = tables.shapes[scale, 1]
    found = fourier(work, source, at.spare, tables, scale, 0)
    place = at.plane + row * columns * PAIR
    for x in range(0, columns * PAIR, WIDTH):
        store(work, place + x, load(work, found + x))


@piece
def _column_back(work, at, tables, scale, column):
    """Transform a column of the plane; return where it is."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for row in range(rows):
        x, y = at.plane + (row * columns + column) * PAIR, at.row + row * PAIR
        store(work, y, load(work, x))
        store(work, y + WIDTH, load(work, x + WIDTH))
    return fourier(work, at.row, at.spare, tables, scale, 1)


@piece
def _second_rows_back(work, at, tables, scale):
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    _spread_columns(work, at, tables, scale)
    for row in range(rows):
        place = at.plane + row * columns * PAIR
        found = fourier(work, place, at.spare, tables, scale, 0)
        _spread_row(work, at, at.other, tables, scale, row, False)
        _through_modulus(work, found, at.other, at.row, columns)
        _row_back(work, at, at.row, tables, scale, row)


@piece
def _second_columns_back(work, at, tables, scale, scale2, angle):
    """Transpose of the filter; the parts are exchanged for the inverse transform that follows."""
    value = tables.second.value
    for column in range(tables.shapes[scale2, 1]):
        found = _column_back(work, at, tables, scale2, column)
        i = tables.second_starts[scale, scale2, angle] + column
        for run in range(tables.second.start[i], tables.second.start[i + 1]):
            source, step, row, count, v = tables.second.terms[run]
            x, y = at.moduli_gradient + source * PAIR, found + row * PAIR
            sign = np.float32(step)
            for t in range(count):
                weight, z, u = value[v + t], y + t * PAIR, x + t * step * PAIR
                store(work, u + WIDTH, load(work, u + WIDTH) + load(work, z) * weight)
                store(work, u, load(work, u) + load(work, z + WIDTH) * (sign * weight))


@piece
def _half_columns_back(work, at, tables, scale):
    """Transform the columns of the moduli's gradient back, in place."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for column in range(columns // 2 + 1):
        place = at.moduli_gradient + column * rows * PAIR
        found = fourier(work, place, at.spare, tables, scale, 1)
        if found != place:
            for x in range(0, rows * PAIR, WIDTH):
                store(work, place + x, load(work, found + x))


@piece
def _join_rows(work, at, tables, scale, row):
    """Transpose of `split_rows`: two real rows as one complex one, parts exchanged."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for column in range(columns // 2 + 1):
        x = at.moduli_gradient + (column * rows + row) * PAIR
        b, a = load(work, x), load(work, x + WIDTH)
        d, c = load(work, x + PAIR), load(work, x + PAIR + WIDTH)
        y, z = at.row + column * PAIR, at.row + (columns - column) % columns * PAIR
        if y == z:
            store(work, y, c + c)
            store(work, y + WIDTH, a + a)
        else:
            store(work, y, b + c)
            store(work, y + WIDTH, a - d)
            store(work, z, c - b)
            store(work, z + WIDTH, a + d)
    return fourier(work, at.row, at.spare, tables, scale, 0)


@piece
def _first_rows_back(work, at, tables, scale, deeper):
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    _spread_columns(work, at, tables, scale)
    for row in range(0, rows, 2):
        if deeper:
            found = _join_rows(work, at, tables, scale, row)
            for x in range(0, columns * PAIR, WIDTH):
                store(work, at.other + x, load(work, found + x))
        for part in range(2):
            change = at.other + (1 - part) * WIDTH  # exchanged: the first row is the second vector
            _spread_row(work, at, change, tables, scale, row + part, deeper)
            place = at.kept + (row + part) * columns * PAIR
            _through_modulus(work, place, change, at.row, columns)
            _row_back(work, at, at.row, tables, scale, row + part)


@piece
def _first_columns_back(work, at, tables, scale):
    """Transpose of the filters, all lanes at once."""
    value = tables.first.value
    for column in range(tables.shapes[scale, 1]):
        found = _column_back(work, at, tables, scale, column)
        i = tables.first_starts[scale] + column
        for run in range(tables.first.start[i], tables.first.start[i + 1]):
            source, step, row, count, v = tables.first.terms[run]
            x, y, sign = at.gradient + source * PAIR, found + row * PAIR, np.float32(step)
            for t in range(count):
                weight, z, u = load(value, (v + t) * WIDTH), y + t * PAIR, x + t * step * PAIR
                store(work, u, load(work, u) + load(work, z) * weight)
                im = load(work, z + WIDTH) * sign
                store(work, u + WIDTH, load(work, u + WIDTH) + im * weight)


@piece
def _gather(work, source, gradient, tables, start, count):
    """Sum the lanes of each image."""
    angles, rows, half = tables.sizes[1], tables.shapes[0, 0], tables.shapes[0, 1] // 2 + 1
    for image in range(count):
        for column in range(half):
            for row in range(rows):
                x = source + (column * rows + row) * PAIR + image * angles
                y, re, im = ((start + image) * rows + row) * half + column, 0.0, 0.0
                for lane in range(x, x + angles):
                    re += work[lane]
                    im += work[lane + WIDTH]
                gradient[2 * y], gradient[2 * y + 1] = re, im
