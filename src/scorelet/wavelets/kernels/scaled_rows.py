"""Matrices across channels in the order of the kernels, with deviations and means in them.

    M_ok = W_{o i(k)} s_k,    b_po = -Σ_(p, c, m, ±) ± Σ_k M_ok c_k.

W numbers inputs i by channel, then by feature, k by feature, then by channel, where channels that
fill vectors up have zeros. W has one part or two (Re, Im); each is cut into P, the first `linear`
columns, and Q, so that matrix 2 part is P and 2 part + 1 is Q. A block (p, c, m, ±) says that
matrix m maps what has the centre c to the plane p of the result. One pass over W each way.
"""

from typing import NamedTuple

import numpy as np

from scorelet.core.compiled import compiled, part
from scorelet.wavelets.kernels.storage import entry_sum, lanes_of, read, write
from scorelet.wavelets.kernels.vectors import address_of, entries, item_size, load, splat, store

NUMBER = np.float32(0)


class Shape(NamedTuple):
    """What there is of everything.

    Attributes:
        outputs, inputs, parts: of W, float32 (outputs, inputs, parts).
        channels, filled: of an image, without and with those that fill vectors up.
        linear, width: columns of P, and of P and Q together: multiples of `filled`.
    """

    outputs: int
    inputs: int
    parts: int
    channels: int
    filled: int
    linear: int
    width: int


@compiled
def forward(weight, scales, centres, matrices, bias, room, blocks, shape, kept, rows, lanes):
    """Write the rows first, ..., last - 1 of all matrices and of the bias.

    Args:
        weight: W, flat.
        scales: s, float32 (width,).
        centres: float32 (2, width).
        matrices: addresses of the matrices, int64.
        bias: float32 (planes, outputs), zeros at first.
        room: float32 (parts, width), zeros at first, of this thread.
        blocks: int64 (n, 4): p, c, m, ±1.
        shape: see `Shape`.
        kept: how matrices are stored, see `storage`.
        rows: (first, last).
        lanes: a tuple as long as vectors shall be.
    """
    like = lanes_of(lanes)
    at, scale = address_of(room), address_of(scales)
    for o in range(rows[0], rows[1]):
        _gather(address_of(weight), at, shape, o)
        for m in range(2 * shape.parts):
            line, first, last = _segment(m, at, shape)
            target = _row(matrices, m, o, shape, kept)
            for k in range(first, last, entries(like)):
                write(target, load(line + 4 * k, like) * load(scale + 4 * k, like), kept)
                store(line + 4 * k, read(target, like, kept))  # as it is rounded
                target += item_size(kept) * entries(like)
        for n in range(len(blocks)):
            line, first, last = _segment(blocks[n, 2], at, shape)
            centre = address_of(centres) + 4 * blocks[n, 1] * shape.width
            total = splat(np.float32(0), like)
            for k in range(first, last, entries(like)):
                total = total + load(line + 4 * k, like) * load(centre + 4 * k, like)
            bias[blocks[n, 0], o] -= blocks[n, 3] * entry_sum(total)


@compiled
def backward(weight, scales, centres, slopes, g_bias, sums, room, blocks, shape, kept, rows, lanes):
    """Hand gradients back from the rows first, ..., last - 1.

    Args:
        weight, scales, centres, blocks, shape, kept, rows, lanes: as for `forward`.
        slopes: addresses of the gradients of the matrices, int64.
        g_bias: float32 (planes, outputs).
        sums: the gradient of W, flat, is written; those of s, (width,), and of the centres,
            (2, width), are added to.
        room: float32 (2 parts, width), zeros at first, of this thread: rows of W, and their
            gradients.
    """
    like = lanes_of(lanes)
    g_weight, g_scales, g_centres = sums
    at, scale, g_scale = address_of(room), address_of(scales), address_of(g_scales)
    below = 4 * shape.parts * shape.width
    for o in range(rows[0], rows[1]):
        _gather(address_of(weight), at, shape, o)
        for m in range(2 * shape.parts):
            line, first, last = _segment(m, at, shape)
            source = _row(slopes, m, o, shape, kept)
            for k in range(first, last, entries(like)):
                store(line + below + 4 * k, read(source, like, kept))
                source += item_size(kept) * entries(like)
        for n in range(len(blocks)):
            line, first, last = _segment(blocks[n, 2], at, shape)
            centre = address_of(centres) + 4 * blocks[n, 1] * shape.width
            g_centre = address_of(g_centres) + 4 * blocks[n, 1] * shape.width
            slope = splat(np.float32(-blocks[n, 3]) * g_bias[blocks[n, 0], o], like)
            for k in range(4 * first, 4 * last, 4 * entries(like)):
                row = load(line + k, like) * load(scale + k, like)
                store(g_centre + k, load(g_centre + k, like) + slope * row)
                there = line + below + k
                store(there, load(there, like) + slope * load(centre + k, like))
        for p in range(shape.parts):
            line = at + 4 * p * shape.width
            for k in range(0, 4 * shape.width, 4 * entries(like)):
                g = load(line + below + k, like)
                store(g_scale + k, load(g_scale + k, like) + g * load(line + k, like))
                store(line + below + k, g * load(scale + k, like))
        _scatter(address_of(g_weight), at, shape, o)


@part
def _gather(weight, at, shape, o):
    """Bring row o of W into the order of the kernels, in the first half of the room."""
    source = weight + 4 * o * shape.inputs * shape.parts
    below = 4 * shape.width
    for start, features in _runs(shape):
        for channel in range(shape.channels):
            target = at + 4 * (start + channel)
            for _ in range(features):
                store(target, load(source, NUMBER))
                if shape.parts == 2:
                    store(target + below, load(source + 4, NUMBER))
                source += 4 * shape.parts
                target += 4 * shape.filled


@part
def _scatter(weight, at, shape, o):
    """Bring a row back, from the second half of the room."""
    target = weight + 4 * o * shape.inputs * shape.parts
    below = 4 * shape.width
    for start, features in _runs(shape):
        for channel in range(shape.channels):
            source = at + 4 * (start + channel) + shape.parts * below
            for _ in range(features):
                store(target, load(source, NUMBER))
                if shape.parts == 2:
                    store(target + 4, load(source + below, NUMBER))
                target += 4 * shape.parts
                source += 4 * shape.filled


@part
def _runs(shape):
    """Return the first column and the number of features of P, and of Q."""
    first, second = shape.linear // shape.filled, shape.width // shape.filled
    return (0, first), (shape.linear, second - first)


@part
def _segment(m, at, shape):
    """Return the address of the row of which matrix m is a part, and its first and last column."""
    line = at + 4 * (m // 2) * shape.width
    if m % 2:
        return line, shape.linear, shape.width
    return line, 0, shape.linear


@part
def _row(matrices, m, o, shape, kept):
    """Return the address of row o of matrix m."""
    columns = shape.width - shape.linear if m % 2 else shape.linear
    return matrices[m] + o * columns * item_size(kept)
