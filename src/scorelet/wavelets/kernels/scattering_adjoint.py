"""Gradients of the kernels of `scattering`: everything is computed again, nothing was stored.

For S = A |z|, z = F⁻¹ D û with û the spectrum of a map, D a filter with subsampling, and a given
gradient g of S, the gradient of û is Dᵀ F⁻ᵀ (z / |z|) Aᵀ g: the transposes of the steps, from the
last to the first. At z = 0 it is 0.
"""

import numpy as np

from scorelet.core.compiled import compiled, inlined
from scorelet.wavelets.kernels.lane_fft import ITEM, LANE, PAIR, get, move, put
from scorelet.wavelets.kernels.scattering import (
    add_run,
    add_scaled,
    clear,
    first_columns,
    fourier,
    half_columns,
    modulus,
    place,
    second_columns,
    split_rows,
    sum_rows,
)
from scorelet.wavelets.kernels.vectors import FLOAT, LANES, address_of, load, root, splat, store

_TINY = np.float32(1e-37)


@compiled
def backward(spectra, given, gradient, at, tables, first, step):
    """Write the gradient of the half spectra of the groups first, first + step, ...

    Args:
        spectra: half spectra of the images, (images, row, column, 2), flat float32.
        given: gradient of the coefficients, (images, path, height, width), flat float32.
        gradient: of `spectra`, is written.
        at, tables, first, step: as for `forward`.
    """
    group, half = tables.sizes[2], (tables.shapes[0, 1] // 2 + 1) * tables.shapes[0, 0]
    images = len(spectra) // (2 * half)
    for start in range(first * group, images, step * group):
        _backward(spectra, given, gradient, at, tables, (start, min(group, images - start)))


@inlined
def _backward(spectra, given, gradient, at, tables, images):
    scales, order = tables.sizes[0], tables.sizes[3]
    clear(at.gradient, 2 * (tables.shapes[0, 1] // 2 + 1) * tables.shapes[0, 0])
    for scale in range(scales):
        deeper = order > 1 and scale < scales - 1
        first_columns(spectra, at, tables, scale, images)
        _keep_rows(at, tables, scale, deeper)
        if deeper:
            half_columns(at.moduli, at, tables, scale)
            _second_order(given, at, tables, images, scale)
            half_columns(at.moduli_gradient, at, tables, scale)
        _read(given, at, tables, images, (scale, -1, 0))
        _first_rows_back(at, tables, scale, deeper)
        _first_columns_back(at, tables, scale)
    _gather(at.gradient, gradient, tables, images)


@inlined
def _second_order(given, at, tables, images, scale):
    """Sum the gradients of the moduli's half spectrum from all paths that go on from `scale`."""
    scales, angles = tables.sizes[0], tables.sizes[1]
    half = (tables.shapes[scale, 1] // 2 + 1) * tables.shapes[scale, 0]
    clear(at.moduli_gradient, 2 * half)
    for scale2 in range(scale + 1, scales):
        for angle in range(angles):
            second_columns(at, tables, scale, scale2, angle)
            _read(given, at, tables, images, (scale, scale2, angle))
            _second_rows_back(at, tables, scale2)
            _second_columns_back(at, tables, scale, scale2, angle)


@inlined
def _read(given, at, tables, images, path):
    """Bring the gradients of a path's coefficients into lanes."""
    start, count = images
    size = tables.sizes[4] * tables.sizes[5]
    clear(at.averages, size)
    for lane in range(count * tables.sizes[1]):
        x = place(tables, start, path, lane)
        for o in range(size):
            store(at.averages + o * LANE + lane * ITEM, given[x + o])


@inlined
def _keep_rows(at, tables, scale, deeper):
    """Finish x ∗ ψ and keep it; go on to the half spectrum of its modulus."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for row in range(0, rows, 2):
        for part in range(2):
            offset = (row + part) * columns * PAIR
            found = fourier(at.plane + offset, at, tables, scale, 0)
            move(found, at.kept + offset, columns)
            modulus(found, at.row + part * LANE, columns)
        if deeper:
            found = fourier(at.row, at, tables, scale, 0)
            split_rows(found, at, tables, scale, row)


@inlined
def _spread_columns(at, tables, scale):
    """Transpose of the averages along the output rows."""
    width, columns = tables.sizes[5], tables.shapes[scale, 1]
    first = tables.columns_back_starts[scale]
    sum_rows(at.averages, at.sums, tables, tables.columns_back, (first, width, columns))


@inlined
def _spread_row(at, target, tables, scale, row, adding):
    """Transpose of a row's averages: what its moduli receive, into every second vector."""
    columns = tables.shapes[scale, 1]
    if not adding:
        for column in range(columns):
            store(target + column * PAIR, splat(np.float32(0), LANES))
    i = tables.row_starts[scale] + row
    for e in range(tables.rows.start[i], tables.rows.start[i + 1]):
        weight, y = tables.rows.value[e], at.sums + tables.rows.index[e] * columns * LANE
        add_scaled(y, target, (LANE, PAIR), columns, weight)


@inlined
def _through_modulus(source, change, target, count):
    """Write z / |z| times the gradient of |z|; z comes with its parts exchanged."""
    for x in range(0, count * PAIR, PAIR):
        im, re = get(source + x)
        factor = load(change + x, LANES) / root(re * re + im * im + _TINY)
        put(target + x, re * factor, im * factor)


@inlined
def _row_back(source, change, at, tables, scale, row):
    """Go through the modulus of a row and its transform, into the plane."""
    columns = tables.shapes[scale, 1]
    _through_modulus(source, change, at.row, columns)
    found = fourier(at.row, at, tables, scale, 0)
    move(found, at.plane + row * columns * PAIR, columns)


@inlined
def _column_back(at, tables, scale, column):
    """Transform a column of the plane; return where it is."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for row in range(rows):
        re, im = get(at.plane + (row * columns + column) * PAIR)
        put(at.row + row * PAIR, re, im)
    return fourier(at.row, at, tables, scale, 1)


@inlined
def _second_rows_back(at, tables, scale):
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    _spread_columns(at, tables, scale)
    for row in range(rows):
        found = fourier(at.plane + row * columns * PAIR, at, tables, scale, 0)
        _spread_row(at, at.other, tables, scale, row, False)
        _row_back(found, at.other, at, tables, scale, row)


@inlined
def _second_columns_back(at, tables, scale, scale2, angle):
    """Transpose of the filter; the parts are exchanged for the inverse transform that follows."""
    for column in range(tables.shapes[scale2, 1]):
        found = _column_back(at, tables, scale2, column)
        i = tables.second_starts[scale, scale2, angle] + column
        for run in range(tables.second.start[i], tables.second.start[i + 1]):
            source, step, row, count, v = tables.second.terms[run]
            x, y = at.moduli_gradient + source * PAIR, found + row * PAIR
            add_run(y, x, (1, step), count, tables.second.value, v)


@inlined
def _join_rows(at, tables, scale, row):
    """Transpose of `split_rows`: two real rows as one complex one, parts exchanged."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for column in range(columns // 2 + 1):
        x = at.moduli_gradient + (column * rows + row) * PAIR
        (b, a), (d, c) = get(x), get(x + PAIR)
        y, z = at.row + column * PAIR, at.row + (columns - column) % columns * PAIR
        if y == z:
            put(y, c + c, a + a)
        else:
            put(y, b + c, a - d)
            put(z, c - b, a + d)
    return fourier(at.row, at, tables, scale, 0)


@inlined
def _first_rows_back(at, tables, scale, deeper):
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    _spread_columns(at, tables, scale)
    for row in range(0, rows, 2):
        if deeper:
            found = _join_rows(at, tables, scale, row)
            move(found, at.other, columns)
        for part in range(2):
            change = at.other + (1 - part) * LANE  # exchanged: the first row is the second vector
            _spread_row(at, change, tables, scale, row + part, deeper)
            kept = at.kept + (row + part) * columns * PAIR
            _row_back(kept, change, at, tables, scale, row + part)


@inlined
def _first_columns_back(at, tables, scale):
    """Transpose of the filters, all lanes at once."""
    value = address_of(tables.first.value)
    for column in range(tables.shapes[scale, 1]):
        found = _column_back(at, tables, scale, column)
        i = tables.first_starts[scale] + column
        for run in range(tables.first.start[i], tables.first.start[i + 1]):
            source, step, row, count, v = tables.first.terms[run]
            x, y, sign = at.gradient + source * PAIR, found + row * PAIR, np.float32(step)
            for t in range(count):
                weight, u = load(value + (v + t) * LANE, LANES), x + t * step * PAIR
                (re, im), (a, b) = get(u), get(y + t * PAIR)
                put(u, re + a * weight, im + b * sign * weight)


@inlined
def _gather(source, gradient, tables, images):
    """Sum the lanes of each image."""
    (start, count), angles = images, tables.sizes[1]
    rows, half = tables.shapes[0, 0], tables.shapes[0, 1] // 2 + 1
    for image in range(count):
        for column in range(half):
            for row in range(rows):
                x = source + (column * rows + row) * PAIR + image * angles * ITEM
                y, re, im = ((start + image) * rows + row) * half + column, 0.0, 0.0
                for lane in range(x, x + angles * ITEM, ITEM):
                    re += load(lane, FLOAT)
                    im += load(lane + LANE, FLOAT)
                gradient[2 * y], gradient[2 * y + 1] = re, im
