"""Scattering coefficients of orders 1 and 2 on CPUs, sixteen (image, angle) pairs at once.

The lanes of a vector are the angles θ1 of a few images, so every step after the first filter is
the same for all of them: filters of the second order are plain numbers. A map of moduli is never
stored. Per map: fold the filtered spectrum into the columns of the result and transform them; then
row by row transform, take moduli, add their averages to the output, and for the second order
transform two rows at a time back, so that only the half spectrum of the moduli is kept. Everything
that is touched twice stays in the caches of a core.

Places in the memory of a thread (see `Layout`): plane, (rows, columns) of complex numbers; moduli,
half spectrum of |x ∗ ψ|; row, other and spare, one sequence each.
"""

from typing import NamedTuple

import numpy as np

from scorelet.core.compiled import compiled, inlined
from scorelet.wavelets.kernels.lane_fft import ITEM, LANE, PAIR, get, move, put, transform
from scorelet.wavelets.kernels.lane_tables import Tables
from scorelet.wavelets.kernels.vectors import FLOAT, LANES, address_of, load, root, splat, store


class Layout(NamedTuple):
    """Addresses in the memory of a thread; those from `kept` on for gradients only."""

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
    end: int


def layout(tables: Tables, *, gradient: bool) -> Layout:
    """Return the places for a grid, in memory that begins at 0."""
    height, width = (int(side) for side in tables.shapes[0])
    rows, columns = (int(side) for side in tables.sizes[4:6])
    half, plane = (width // 2 + 1) * height * PAIR, height * width * PAIR
    sizes = [plane, half, *[max(height, width) * PAIR] * 3, rows * width * LANE]
    sizes += [rows * columns * LANE, *(size * gradient for size in (plane, half, half))]
    return Layout(*np.cumsum([0, *sizes]).tolist())


@compiled
def forward(spectra, out, at, tables, first, step):
    """Write the coefficients of the groups first, first + step, ... to `out`.

    Args:
        spectra: half spectra of the images, (images, row, column, 2), flat float32.
        out: (images, path, height, width), flat float32.
        at: from `layout`, moved to where the memory is.
        tables: from `tables`.
        first, step: which groups of images.
    """
    group = tables.sizes[2]
    images = len(spectra) // ((tables.shapes[0, 1] // 2 + 1) * tables.shapes[0, 0] * 2)
    for start in range(first * group, images, step * group):
        _forward(spectra, out, at, tables, (start, min(group, images - start)))


@inlined
def _forward(spectra, out, at, tables, images):
    scales, order = tables.sizes[0], tables.sizes[3]
    for scale in range(scales):
        deeper = order > 1 and scale < scales - 1
        first_columns(spectra, at, tables, scale, images)
        _first_rows(at, tables, scale, deeper)
        _write(out, at, tables, images, (scale, -1, 0))
        if deeper:
            half_columns(at.moduli, at, tables, scale)
            _second_order(out, at, tables, images, scale)


@inlined
def _second_order(out, at, tables, images, scale):
    scales, angles = tables.sizes[0], tables.sizes[1]
    for scale2 in range(scale + 1, scales):
        for angle in range(angles):
            second_columns(at, tables, scale, scale2, angle)
            _second_rows(at, tables, scale2)
            _write(out, at, tables, images, (scale, scale2, angle))


@inlined
def first_columns(spectra, at, tables, scale, images):
    """Filter all lanes by their own ψ_{j,θ}; transform the columns back, into the plane.

    Each image's spectrum goes to the lanes of all its angles.
    """
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    height, half = tables.shapes[0, 0], tables.shapes[0, 1] // 2 + 1
    (start, count), value = images, address_of(tables.first.value)
    for column in range(columns):
        clear(at.row, 2 * rows)
        i = tables.first_starts[scale] + column
        for run in range(tables.first.start[i], tables.first.start[i + 1]):
            source, step, row, length, v = tables.first.terms[run]
            x = 2 * ((start * height + source % height) * half + source // height)
            y, sign = at.row + row * PAIR, np.float32(step)
            for t in range(length):
                weight, z = load(value + (v + t) * LANE, LANES), y + t * PAIR
                im, re = get(z)
                for image in range(count):
                    u = x + 2 * half * (t * step + image * height)
                    own = load(address_of(tables.masks) + image * LANE, LANES) * weight
                    re, im = re + own * spectra[u], im + own * (sign * spectra[u + 1])
                put(z, im, re)
        _column_into_plane(at, tables, scale, column)


@inlined
def second_columns(at, tables, scale, scale2, angle):
    """Filter all lanes by the same ψ_{j2,θ2}; transform the columns back, into the plane."""
    rows, columns = tables.shapes[scale2, 0], tables.shapes[scale2, 1]
    for column in range(columns):
        clear(at.row, 2 * rows)
        i = tables.second_starts[scale, scale2, angle] + column
        for run in range(tables.second.start[i], tables.second.start[i + 1]):
            source, step, row, count, v = tables.second.terms[run]
            x, y = at.moduli + source * PAIR, at.row + row * PAIR
            add_run(x, y, (step, 1), count, tables.second.value, v)
        _column_into_plane(at, tables, scale2, column)


@inlined
def add_run(source, target, steps, count, value, first):
    """Add a run of a filter, the parts exchanged, and of a backward step conjugate."""
    sign = np.float32(steps[0] * steps[1])
    for t in range(count):
        weight, x, y = value[first + t], source + t * steps[0] * PAIR, target + t * steps[1] * PAIR
        (re, im), (u, v) = get(x), get(y)
        put(y, u + im * (sign * weight), v + re * weight)


@inlined
def fourier(source, at, tables, scale, axis):
    """Transform a row (axis 0) or a column (axis 1) of level `scale`; return where it is."""
    number = 2 * scale + axis
    turns = address_of(tables.turns) + tables.turn_starts[number] * ITEM
    return transform(source, at.spare, tables.factors[number], turns)


@inlined
def _column_into_plane(at, tables, scale, column):
    """Transform the sequence at `at.row` and make it a column of the plane."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    found = fourier(at.row, at, tables, scale, 1)
    for row in range(rows):
        re, im = get(found + row * PAIR)
        put(at.plane + (row * columns + column) * PAIR, re, im)


@inlined
def half_columns(spectrum, at, tables, scale):
    """Transform the columns of a half spectrum, in place."""
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for column in range(columns // 2 + 1):
        place = spectrum + column * rows * PAIR
        found = fourier(place, at, tables, scale, 1)
        if found != place:
            move(found, place, rows)


@inlined
def modulus(source, target, count):
    """Write |z| of `count` complex numbers to every second vector at `target`."""
    for x in range(0, count * PAIR, PAIR):
        a, b = get(source + x)
        store(target + x, root(a * a + b * b))


@inlined
def split_rows(found, at, tables, scale, row):
    """Take the spectra of two real rows apart, a row being the real and one the imaginary part.

    They come out twice as large; the filters know it.
    """
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    for column in range(columns // 2 + 1):
        a, b = get(found + column * PAIR)
        c, d = get(found + (columns - column) % columns * PAIR)
        z = at.moduli + (column * rows + row) * PAIR
        put(z, a + c, b - d)
        put(z + PAIR, b + d, c - a)


@inlined
def _first_rows(at, tables, scale, deeper):
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    clear(at.sums, tables.sizes[4] * columns)
    for row in range(0, rows, 2):
        for part in range(2):
            _row(at, at.row + part * LANE, tables, scale, row + part)
        if deeper:
            found = fourier(at.row, at, tables, scale, 0)
            split_rows(found, at, tables, scale, row)
    _average_columns(at, tables, scale)


@inlined
def _second_rows(at, tables, scale):
    rows, columns = tables.shapes[scale, 0], tables.shapes[scale, 1]
    clear(at.sums, tables.sizes[4] * columns)
    for row in range(rows):
        _row(at, at.row, tables, scale, row)
    _average_columns(at, tables, scale)


@inlined
def _row(at, target, tables, scale, row):
    """Finish a row of the plane; write its moduli and add them to the averages."""
    columns = tables.shapes[scale, 1]
    found = fourier(at.plane + row * columns * PAIR, at, tables, scale, 0)
    modulus(found, target, columns)
    _average_row(at, target, tables, scale, row)


@inlined
def clear(target, count):
    """Put zeros into `count` vectors."""
    for x in range(0, count * LANE, LANE):
        store(target + x, splat(np.float32(0), LANES))


@inlined
def _average_row(at, source, tables, scale, row):
    """Add a row of moduli to the output rows that it contributes to."""
    columns = tables.shapes[scale, 1]
    i = tables.row_starts[scale] + row
    for e in range(tables.rows.start[i], tables.rows.start[i + 1]):
        weight, y = tables.rows.value[e], at.sums + tables.rows.index[e] * columns * LANE
        add_scaled(source, y, (PAIR, LANE), columns, weight)


@inlined
def add_scaled(source, target, steps, count, weight):
    """Add `count` vectors times `weight`; the vectors of source and target are `steps` apart."""
    for t in range(count):
        x, y = source + t * steps[0], target + t * steps[1]
        store(y, load(y, LANES) + load(x, LANES) * weight)


@inlined
def _average_columns(at, tables, scale):
    """Finish the averages along the output rows."""
    width, columns = tables.sizes[5], tables.shapes[scale, 1]
    first = tables.column_starts[scale]
    sum_rows(at.sums, at.averages, tables, tables.columns, (first, columns, width))


@inlined
def sum_rows(source, target, tables, sums, shape):
    """Apply sums to every output row: `width` of them from number `first` on, from `length`."""
    first, length, width = shape
    for row in range(tables.sizes[4]):
        x, y = source + row * length * LANE, target + row * width * LANE
        for o in range(width):
            total = splat(np.float32(0), LANES)
            for e in range(sums.start[first + o], sums.start[first + o + 1]):
                total = total + load(x + sums.index[e] * LANE, LANES) * sums.value[e]
            store(y + o * LANE, total)


@inlined
def _write(out, at, tables, images, path):
    """Write the averages of a path, all lanes."""
    start, count = images
    size = tables.sizes[4] * tables.sizes[5]
    for lane in range(count * tables.sizes[1]):
        y = place(tables, start, path, lane)
        for o in range(size):
            out[y + o] = load(at.averages + o * LANE + lane * ITEM, FLOAT)


@inlined
def place(tables, start, path, lane):
    """Return where the coefficients of a lane begin; a path without `scale2` has it negative."""
    (scale, scale2, angle), angles = path, tables.sizes[1]
    number = tables.place1[scale, lane % angles]
    if scale2 >= 0:
        number = tables.place2[scale, scale2, lane % angles, angle]
    image = start + lane // angles
    return (image * tables.sizes[6] + number) * tables.sizes[4] * tables.sizes[5]
