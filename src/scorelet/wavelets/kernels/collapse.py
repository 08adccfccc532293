"""Wavelets, amplitudes and moments of images with many channels, in one pass over memory.

Channels lie behind each other, so that a vector holds 16 of them, or 4 at the end of a row. Parts
(Re, Im) are planes of their own, images before them:

    x (part, image, row, column, channel) → z (plane, image, row, column, feature, channel)
                                            a (image, row, column, feature, channel)

Features of z are x ∗ φ and x ∗ ψ_θ, or x ∗ φ alone; features of a the moduli, or the ReLU of Re z,
Im z, -Re z and -Im z (inner to θ), of all of them or of the bands.

Symbols: the scratch of a thread holds, for one group of channels and all as vectors of float32, the
image with its border (part, row, column), the responses of the filters to its parts (part, filter),
and sums (feature, `ROWS`).
"""

from typing import NamedTuple

import numpy as np

from scorelet.core.compiled import compiled, part
from scorelet.wavelets.kernels.quadrants import coefficient, responses
from scorelet.wavelets.kernels.storage import at_least, expect_write, lanes_of, read, write
from scorelet.wavelets.kernels.vectors import (
    address_of,
    entries,
    item_size,
    load,
    root,
    splat,
    store,
)

NONE, MODULUS, PHASES = 0, 1, 4  # amplitudes, and how many there are of each coefficient
ROWS = 11  # sums of a coefficient: Re z, Im z, |z|², four of a, four of a²
EPSILON = np.float32(1e-6)


class Sizes(NamedTuple):
    """What there is of everything.

    Attributes:
        images, channels: channels are a multiple of 4.
        parts: of x, 1 for real images, 2 for complex ones.
        planes: of z, 2 but for the low pass of real images.
        height, width: of x.
        rows, columns: of z and a.
        stride, radius: of the filters, in pixels.
        filters, angles: of one `Counts`.
        linear: features of z, from the low pass on.
        amplitude: NONE, MODULUS or PHASES.
        first: the first feature that has an amplitude; 1 leaves the low pass out.
    """

    images: int
    channels: int
    parts: int
    planes: int
    height: int
    width: int
    rows: int
    columns: int
    stride: int
    radius: int
    filters: int
    angles: int
    linear: int
    amplitude: int
    first: int


class Memory(NamedTuple):
    """Addresses of x, z, a (or of their gradients), slopes, taps and scratch."""

    x: int
    z: int
    a: int
    slopes: int
    taps: int
    scratch: int


def scratch_bytes(sizes: Sizes) -> int:
    """Return how much scratch a thread needs."""
    padded = (sizes.height + 2 * sizes.radius) * (sizes.width + 2 * sizes.radius)
    return 64 * (2 * padded + 2 * sizes.filters + (1 + sizes.angles) * ROWS)


@compiled
def forward(x, z, a, sums, taps, places, scratch, sizes, counts, kept, images, lanes):
    """Compute the coefficients of the images first, ..., last - 1.

    Args:
        x, z, a: flat arrays, stored as `kept` says.
        sums: float64 (ROWS, features, channels) is added to; of bands that are not kept those of
            their phases only.
        taps: of `quadrants.taps_of`.
        places: rows and columns of x that the image with its border repeats, int64 arrays.
        scratch: bytes.
        sizes, counts: see `Sizes` and `quadrants.Counts`.
        kept: a number of the type in which numbers are stored, see `storage`.
        images: (first, last).
        lanes: a tuple as long as vectors shall be: 16, or 4 if the channels are no multiple of it.
    """
    at = Memory(
        address_of(x), address_of(z), address_of(a), 0, address_of(taps), address_of(scratch)
    )
    like = lanes_of(lanes)
    for image in range(images[0], images[1]):
        for channel in range(0, sizes.channels, entries(like)):
            _group(at, sums, places, sizes, counts, kept, (image, channel), like)


@part
def _group(at, sums, places, sizes, counts, kept, where, like):
    """Compute the coefficients of one group of channels of an image."""
    pixel, shape = 4 * entries(like), (sizes.radius, sizes.filters)
    row_bytes = len(places[1]) * pixel
    plane = len(places[0]) * row_bytes
    found = at.scratch + 2 * plane, at.scratch + 2 * plane + sizes.filters * pixel
    totals = found[1] + sizes.filters * pixel
    clear(found[1], sizes.filters, like)
    clear(totals, ROWS * (1 + sizes.angles), like)
    _pad(at, places, sizes, kept, where, like)
    for row in range(sizes.rows):
        for column in range(sizes.columns):
            place = (where[0] * sizes.rows + row) * sizes.columns + column
            _expect(at, sizes, kept, (place + 1, where[1]))
            centre = at.scratch + (row * sizes.stride + sizes.radius) * row_bytes
            centre += (column * sizes.stride + sizes.radius) * pixel
            responses(centre, row_bytes, at.taps, shape, counts, like, found[0])
            if sizes.parts == 2:
                responses(centre + plane, row_bytes, at.taps, shape, counts, like, found[1])
            _emit(at, found, totals, sizes, counts, kept, (place, where[1]), like)
    for feature in range(1 + sizes.angles):
        for k in range(ROWS):
            for lane in range(entries(like)):
                place = totals + (feature * ROWS + k) * pixel + 4 * lane
                sums[k, feature, where[1] + lane] += load(place, EPSILON)


@part
def clear(address, count, like):
    """Write so many vectors of zeros."""
    for k in range(count):
        store(address + k * 4 * entries(like), splat(np.float32(0), like))


@part
def _pad(at, places, sizes, kept, where, like):
    """Bring the image into the scratch, with its border."""
    size, target = item_size(kept), at.scratch
    for p in range(sizes.parts):
        image = (p * sizes.images + where[0]) * sizes.height * sizes.width
        source = at.x + (image * sizes.channels + where[1]) * size
        for row in places[0]:
            for column in places[1]:
                pixel = source + (row * sizes.width + column) * sizes.channels * size
                store(target, read(pixel, like, kept))
                target += 4 * entries(like)


@part
def _expect(at, sizes, kept, where):
    """Ask for the lines that `_emit` will write next, while the filters are computed."""
    size, features = item_size(kept), 1 + sizes.angles - sizes.first
    line = sizes.channels * size
    z = at.z + (where[0] * sizes.linear * sizes.channels + where[1]) * size
    to_imaginary = sizes.images * sizes.rows * sizes.columns * sizes.linear * line
    for feature in range(sizes.linear):
        expect_write(z + feature * line)
        if sizes.planes == 2:
            expect_write(z + to_imaginary + feature * line)
    a = at.a + (where[0] * features * sizes.amplitude * sizes.channels + where[1]) * size
    for feature in range(features * sizes.amplitude):
        expect_write(a + feature * line)


@part
def _emit(at, found, totals, sizes, counts, kept, where, like):
    """Write the coefficients and amplitudes of a pixel, and add them to the sums."""
    pixel, size = 4 * entries(like), item_size(kept)
    line, moduli = sizes.channels * size, 1 + sizes.angles - sizes.first
    z = at.z + (where[0] * sizes.linear * sizes.channels + where[1]) * size
    to_imaginary = sizes.images * sizes.rows * sizes.columns * sizes.linear * line
    a = at.a + (where[0] * moduli * sizes.amplitude * sizes.channels + where[1]) * size
    for feature in range(1 + sizes.angles):
        real, imaginary = coefficient(feature, found, sizes, counts, like)
        total, power = totals + feature * ROWS * pixel, real * real + imaginary * imaginary
        if sizes.amplitude != PHASES or feature < sizes.linear:
            add(total, real, like)
            add(total + pixel, imaginary, like)
            add(total + 2 * pixel, power, like)
        if feature < sizes.linear:
            write(z + feature * line, real, kept)
            if sizes.planes == 2:
                write(z + to_imaginary + feature * line, imaginary, kept)
        if feature < sizes.first:
            continue
        target = a + (feature - sizes.first) * sizes.amplitude * line
        if sizes.amplitude == MODULUS:
            modulus = root(power + EPSILON * EPSILON) - splat(EPSILON, like)
            write(target, modulus, kept)
            add(total + 3 * pixel, modulus, like)
        elif sizes.amplitude == PHASES:
            _rectify((target, line), total + 3 * pixel, (real, imaginary), kept, like)


@part
def _rectify(place, total, z, kept, like):
    """Write the ReLU of Re z, Im z, -Re z and -Im z, and add them and their squares to the sums."""
    pixel, zero = 4 * entries(like), splat(np.float32(0), like)
    for k, part_of_z in enumerate((z[0], z[1], zero - z[0], zero - z[1])):
        positive = at_least(part_of_z, zero)
        write(place[0] + k * place[1], positive, kept)
        add(total + k * pixel, positive, like)
        add(total + (4 + k) * pixel, positive * positive, like)


@part
def add(address, vector, like):
    """Add to the vector at an address."""
    store(address, load(address, like) + vector)
