"""Gradients of `collapse`: of images, from those of coefficients, amplitudes and their sums.

With S sums over images and pixels, a loss depends on z and a directly, and through S Re z, S Im z,
S |z|², S a and S a² (which S |z|² is for moduli). So the gradients of a coefficient are

    modulus:  gz = ∂z + s_re + i s_im + 2 s_power z + (∂a + s_a) z / |z|,
    phases:   gz = ∂z + s_re + i s_im + 2 s_power z + (g0 - g2) + i (g1 - g3),
              gk = ∂a_k + s_a + 2 s_square a_k where a_k > 0,

imaginary parts being gradients of imaginary parts. Then the transpose of the filters.
"""

from typing import NamedTuple

import numpy as np

from scorelet.core.compiled import compiled, part
from scorelet.wavelets.kernels.collapse import (
    EPSILON,
    MODULUS,
    PHASES,
    Memory,
    add,
    clear,
)
from scorelet.wavelets.kernels.quadrants import kinds, spread
from scorelet.wavelets.kernels.storage import expect_read, lanes_of, read, where_positive, write
from scorelet.wavelets.kernels.vectors import (
    address_of,
    entries,
    item_size,
    load,
    root,
    splat,
    store,
)


class Computed(NamedTuple):
    """Addresses of what `forward` wrote, and of how many features z has a gradient."""

    z: int
    a: int
    wanted: int


@compiled
def backward(
    gx, z, a, gz, ga, slopes, taps, places, scratch, sizes, counts, kept, images, lanes, wanted
):
    """Compute the gradient of the images first, ..., last - 1.

    Args:
        gx: gradient of x, is written.
        z, a: what `forward` computed.
        gz, ga: gradients of the `wanted` first features of z, and of a.
        slopes: float32 (ROWS, features, channels), gradients of the sums.
        taps, places, scratch, sizes, counts, kept, images, lanes: as for `forward`.
        wanted: features of gz.
    """
    at = Memory(
        *(address_of(gx), address_of(gz), address_of(ga), address_of(slopes)),
        *(address_of(taps), address_of(scratch)),
    )
    computed = Computed(address_of(z), address_of(a), wanted)
    like = lanes_of(lanes)
    for image in range(images[0], images[1]):
        for channel in range(0, sizes.channels, entries(like)):
            _group(at, computed, places, sizes, counts, kept, (image, channel), like)


@part
def _group(at, computed, places, sizes, counts, kept, where, like):
    """Compute the gradient of one group of channels of an image."""
    pixel, shape = 4 * entries(like), (sizes.radius, sizes.filters)
    row_bytes = len(places[1]) * pixel
    plane = len(places[0]) * row_bytes
    given = at.scratch + 2 * plane, at.scratch + 2 * plane + sizes.filters * pixel
    clear(at.scratch, 2 * plane // pixel, like)
    for row in range(sizes.rows):
        for column in range(sizes.columns):
            clear(given[0], 2 * sizes.filters, like)
            place = (where[0] * sizes.rows + row) * sizes.columns + column
            _expect(at, computed, sizes, kept, (place + 1, where[1]))
            _collect(at, computed, given, sizes, counts, kept, (place, where[1]), like)
            centre = at.scratch + (row * sizes.stride + sizes.radius) * row_bytes
            centre += (column * sizes.stride + sizes.radius) * pixel
            spread(centre, row_bytes, at.taps, shape, counts, like, given[0])
            if sizes.parts == 2:
                spread(centre + plane, row_bytes, at.taps, shape, counts, like, given[1])
    _fold(at, places, sizes, kept, where, like)


@part
def _expect(at, computed, sizes, kept, where):
    """Ask for the lines that `_collect` will read next, while gradients are spread."""
    size, features = item_size(kept), 1 + sizes.angles - sizes.first
    line, pixels = sizes.channels * size, sizes.images * sizes.rows * sizes.columns
    for p in range(sizes.planes):
        place = p * pixels + where[0]
        for feature in range(computed.wanted):
            expect_read(at.z + (place * computed.wanted + feature) * line + where[1] * size)
        if sizes.amplitude == MODULUS:
            for feature in range(sizes.linear):
                expect_read(computed.z + (place * sizes.linear + feature) * line + where[1] * size)
    for feature in range(features * sizes.amplitude):
        place = (where[0] * features * sizes.amplitude + feature) * line + where[1] * size
        expect_read(at.a + place)
        if sizes.amplitude == PHASES:
            expect_read(computed.a + place)


@part
def _collect(at, computed, given, sizes, counts, kept, where, like):
    """Sum up the gradients of the coefficients of a pixel, for each filter."""
    size = item_size(kept)
    line, pixels = sizes.channels * size, sizes.images * sizes.rows * sizes.columns
    z = computed.z + (where[0] * sizes.linear * sizes.channels + where[1]) * size
    gz = at.z + (where[0] * computed.wanted * sizes.channels + where[1]) * size
    slopes, row = at.slopes + 4 * where[1], 4 * (1 + sizes.angles) * sizes.channels
    for feature in range(1 + sizes.angles):
        slope = slopes + 4 * feature * sizes.channels
        real, imaginary = load(slope, like), load(slope + row, like)
        if feature < computed.wanted:
            o = gz + feature * line
            real = real + read(o, like, kept)
            if sizes.planes == 2:
                o += pixels * computed.wanted * line
                imaginary = imaginary + read(o, like, kept)
        factor = load(slope + 2 * row, like) * splat(np.float32(2), like)
        if feature < sizes.linear:
            o = z + feature * line
            z_real, z_imaginary = read(o, like, kept), splat(np.float32(0), like)
            if sizes.planes == 2:
                z_imaginary = read(o + pixels * sizes.linear * line, like, kept)
            if sizes.amplitude == MODULUS and feature >= sizes.first:
                g = _slope_of_modulus(at, sizes, kept, where, feature, like)
                power = z_real * z_real + z_imaginary * z_imaginary
                factor = factor + g / root(power + EPSILON * EPSILON)
            real = real + factor * z_real
            imaginary = imaginary + factor * z_imaginary
        if sizes.amplitude == PHASES and feature >= sizes.first:
            g = _slopes_of_phases(at, computed, sizes, kept, where, feature, like)
            real, imaginary = real + g[0], imaginary + g[1]
        _hand_back(feature, given, real, imaginary, sizes, counts, like)


@part
def _slope_of_modulus(at, sizes, kept, where, feature, like):
    size, moduli = item_size(kept), 1 + sizes.angles - sizes.first
    channel = (where[0] * moduli + feature - sizes.first) * sizes.channels + where[1]
    row = 4 * (1 + sizes.angles) * sizes.channels
    slope = at.slopes + 4 * (feature * sizes.channels + where[1])
    return read(at.a + channel * size, like, kept) + load(slope + 3 * row, like)


@part
def _slopes_of_phases(at, computed, sizes, kept, where, feature, like):
    """Return what the rectified values of a coefficient hand back, to Re and Im."""
    size, moduli = item_size(kept), 1 + sizes.angles - sizes.first
    channel = (where[0] * moduli + feature - sizes.first) * PHASES * sizes.channels + where[1]
    row = 4 * (1 + sizes.angles) * sizes.channels
    slope = at.slopes + 4 * (feature * sizes.channels + where[1])
    real = imaginary = splat(np.float32(0), like)
    for k in range(PHASES):
        o = (channel + k * sizes.channels) * size
        value = read(computed.a + o, like, kept)
        g = read(at.a + o, like, kept) + load(slope + (3 + k) * row, like)
        g = g + (value + value) * load(slope + (7 + k) * row, like)
        g = where_positive(value, g)
        if k == 0:
            real = g
        elif k == 1:
            imaginary = g
        elif k == 2:
            real = real - g
        else:
            imaginary = imaginary - g
    return real, imaginary


@part
def _hand_back(feature, given, real, imaginary, sizes, counts, like):
    """Add the transpose of `quadrants.coefficient`."""
    if feature == 0:
        store(given[0], real)
        store(given[1], imaginary)
        return
    ee, oo, oe, eo = kinds(sizes.angles // 2 - feature, sizes, counts, 4 * entries(like))
    zero = splat(np.float32(0), like)
    add(given[0] + ee, real, like)
    add(given[1] + ee, imaginary, like)
    if oe >= 0:
        add(given[0] + oe, imaginary, like)
        add(given[1] + oe, zero - real, like)
    if oo >= 0:
        sign = splat(np.float32(1 if 2 * feature < sizes.angles else -1), like)
        real, imaginary = sign * real, sign * imaginary
        add(given[0] + oo, real, like)
        add(given[1] + oo, imaginary, like)
    if eo >= 0:
        add(given[0] + eo, imaginary, like)
        add(given[1] + eo, zero - real, like)


@part
def _fold(at, places, sizes, kept, where, like):
    """Add the border to the pixels that it repeats, and write the image."""
    size, pixel, radius = item_size(kept), 4 * entries(like), sizes.radius
    row_bytes = len(places[1]) * pixel
    for p in range(sizes.parts):
        image = at.scratch + p * len(places[0]) * row_bytes
        inner = image + radius * row_bytes + radius * pixel
        for i in range(len(places[0])):
            for j in range(len(places[1])):
                y, x = places[0][i], places[1][j]
                if i != y + radius or j != x + radius:
                    border = load(image + i * row_bytes + j * pixel, like)
                    add(inner + y * row_bytes + x * pixel, border, like)
        first = (p * sizes.images + where[0]) * sizes.height * sizes.width
        target = at.x + (first * sizes.channels + where[1]) * size
        for y in range(sizes.height):
            for x in range(sizes.width):
                value = load(inner + y * row_bytes + x * pixel, like)
                write(target, value, kept)
                target += sizes.channels * size
