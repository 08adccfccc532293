"""Filters that are even or odd in each direction, at one place of an image of vectors.

Symbols: r radius of the filters; x(±dy, ±dx) the four mirror images of a pixel around the place,
0 <= dy, dx <= r. A bank of wavelets whose angles are symmetric has filters of four kinds,

    ee   even in y and x       x(+,+) + x(-,+) + x(+,-) + x(-,-)
    oo   odd in both           x(+,+) - x(-,+) - x(+,-) + x(-,-)
    oe   odd in y              x(+,+) - x(-,+) + x(+,-) - x(-,-)
    eo   odd in x              x(+,+) + x(-,+) - x(+,-) - x(-,-)

and the wavelets of the angles θ and -θ are sums and differences of the same ones. So the four
combinations are made once for all filters, and each filter costs a product for every four pixels.

Row dy (r + 1) + dx of the coefficients is that of the tap (dy, dx): those of ee, oo, oe and eo.
"""

from typing import NamedTuple

import numpy as np

from scorelet.core.compiled import inlined, part
from scorelet.wavelets.kernels.storage import (
    add_products,
    load_vectors,
    store_vectors,
    weighted_sum,
    zeros,
)
from scorelet.wavelets.kernels.vectors import entries, load, splat, store


class Counts(NamedTuple):
    """How many filters of each kind: tuples of zeros as long as that."""

    ee: tuple[int, ...]
    oo: tuple[int, ...]
    odd: tuple[int, ...]


def counts_of(angles: int) -> Counts:
    """Return the counts for an even number of angles, at least 4: three ee are φ and the axes."""
    pairs = angles // 2 - 1
    return Counts((0,) * (3 + pairs), (0,) * pairs, (0,) * (1 + pairs))


def taps_of(kernel: np.ndarray) -> np.ndarray:
    """Return the coefficients of filters (1 + L, 2, k, k): parts Re and Im, low pass first.

    Returns:
        float32 ((r + 1)², filters), the order of filters that `responses` has.
    """
    low, bands = kernel[0, 0], kernel[1:]
    angles, radius = len(bands), kernel.shape[-1] // 2
    middle = angles // 2 - 1
    plus = [bands[middle - k] for k in range(1, angles // 2)]
    still, across = bands[middle], bands[-1]
    groups = (
        [_part(f, radius, 1, 1) for f in (low, still[0], across[0], *(p[0] for p in plus))],
        [_part(p[0], radius, -1, -1) for p in plus],
        [_part(f[1], radius, -1, 1) for f in (still, *plus)],
        [_part(f[1], radius, 1, -1) for f in (across, *plus)],
    )
    return np.stack([f for group in groups for f in group], -1).astype(np.float32)


def _part(kernel: np.ndarray, radius: int, along: int, across: int) -> np.ndarray:
    """Return the part of a filter with these signs under mirroring, for dy, dx from 0, flat."""
    part = (kernel + along * kernel[::-1]) / 2
    return ((part + across * part[:, ::-1]) / 2)[radius:, radius:].ravel()


@part
def responses(centre, row, taps, shape, counts, like, out):
    """Write the responses of all filters at the pixel `centre`: vectors of ee, oo, oe, eo.

    Args:
        centre: address of the pixel.
        row: bytes of a row of the image.
        taps: address of the coefficients.
        shape: (r, number of filters).
        counts: see `Counts`.
        like: type of vectors.
        out: address of the result.
    """
    radius, step, pixel = shape[0], 4 * shape[1], 4 * entries(like)
    ee, oo = zeros(like, counts.ee), zeros(like, counts.oo)
    oe, eo = zeros(like, counts.odd), zeros(like, counts.odd)
    to_oo, to_oe = 4 * len(counts.ee), 4 * (len(counts.ee) + len(counts.oo))
    to_eo = to_oe + 4 * len(counts.odd)
    ee = add_products(ee, load(centre, like), taps)
    for dx in range(1, radius + 1):
        right, left = load(centre + dx * pixel, like), load(centre - dx * pixel, like)
        at = taps + dx * step
        ee = add_products(ee, right + left, at)
        eo = add_products(eo, right - left, at + to_eo)
    for dy in range(1, radius + 1):
        below, above = centre + dy * row, centre - dy * row
        at = taps + dy * (radius + 1) * step
        first, second = load(below, like), load(above, like)
        ee = add_products(ee, first + second, at)
        oe = add_products(oe, first - second, at + to_oe)
        for dx in range(1, radius + 1):
            at = taps + (dy * (radius + 1) + dx) * step
            a, b = load(below + dx * pixel, like), load(above + dx * pixel, like)
            c, d = load(below - dx * pixel, like), load(above - dx * pixel, like)
            sum_right, sum_left, rise_right, rise_left = a + b, c + d, a - b, c - d
            ee = add_products(ee, sum_right + sum_left, at)
            oo = add_products(oo, rise_right - rise_left, at + to_oo)
            oe = add_products(oe, rise_right + rise_left, at + to_oe)
            eo = add_products(eo, sum_right - sum_left, at + to_eo)
    size = 4 * entries(like)
    store_vectors(out, ee)
    store_vectors(out + len(counts.ee) * size, oo)
    store_vectors(out + (len(counts.ee) + len(counts.oo)) * size, oe)
    store_vectors(out + (len(counts.ee) + len(counts.oo) + len(counts.odd)) * size, eo)


@part
def coefficient(feature, found, sizes, counts, like):
    """Return Re and Im of a coefficient from the responses of both parts of the image.

    With x = a + i b and ψ = p + i q they are (a ∗ p - b ∗ q) + i (a ∗ q + b ∗ p).
    """
    if feature == 0:
        return load(found[0], like), load(found[1], like)
    ee, oo, oe, eo = kinds(sizes.angles // 2 - feature, sizes, counts, 4 * entries(like))
    sign = splat(np.float32(1 if 2 * feature < sizes.angles else -1), like)
    real = load(found[0] + ee, like)
    imaginary = load(found[1] + ee, like)
    if oe >= 0:
        real, imaginary = real - load(found[1] + oe, like), imaginary + load(found[0] + oe, like)
    if eo >= 0:
        turned = load(found[1] + eo, like), load(found[0] + eo, like)
        if oo >= 0:
            real = real + sign * (load(found[0] + oo, like) - turned[0])
            imaginary = imaginary + sign * (load(found[1] + oo, like) + turned[1])
        else:
            real, imaginary = real - turned[0], imaginary + turned[1]
    return real, imaginary


@part
def kinds(k, sizes, counts, pixel):
    """Return where the responses of ee, oo, oe and eo for θ = k π / L are; -1: there is none."""
    oo = len(counts.ee) * pixel
    oe = oo + len(counts.oo) * pixel
    eo = oe + len(counts.odd) * pixel
    if k == 0:
        return pixel, -1, oe, -1
    if k == -(sizes.angles // 2):
        return 2 * pixel, -1, -1, eo
    p = abs(k) * pixel
    return 2 * pixel + p, oo - pixel + p, oe + p, eo + p


@part
def spread(centre, row, taps, shape, counts, like, given):
    """Add the transpose of `responses`: `given` is the address of what each filter hands back."""
    radius, step, pixel = shape[0], 4 * shape[1], 4 * entries(like)
    before_oe = len(counts.ee) + len(counts.oo)
    before_eo = before_oe + len(counts.odd)
    to_oo, to_oe, to_eo = 4 * len(counts.ee), 4 * before_oe, 4 * before_eo
    ee = load_vectors(given, like, counts.ee)
    oo = load_vectors(given + len(counts.ee) * pixel, like, counts.oo)
    oe = load_vectors(given + before_oe * pixel, like, counts.odd)
    eo = load_vectors(given + before_eo * pixel, like, counts.odd)
    _add(centre, weighted_sum(ee, taps), like)
    for dx in range(1, radius + 1):
        at = taps + dx * step
        even, odd = weighted_sum(ee, at), weighted_sum(eo, at + to_eo)
        _add(centre + dx * pixel, even + odd, like)
        _add(centre - dx * pixel, even - odd, like)
    for dy in range(1, radius + 1):
        below, above = centre + dy * row, centre - dy * row
        at = taps + dy * (radius + 1) * step
        even, odd = weighted_sum(ee, at), weighted_sum(oe, at + to_oe)
        _add(below, even + odd, like)
        _add(above, even - odd, like)
        for dx in range(1, radius + 1):
            at = taps + (dy * (radius + 1) + dx) * step
            a, b = weighted_sum(ee, at), weighted_sum(oo, at + to_oo)
            c, d = weighted_sum(oe, at + to_oe), weighted_sum(eo, at + to_eo)
            _add(below + dx * pixel, (a + b) + (c + d), like)
            _add(above + dx * pixel, (a - b) - (c - d), like)
            _add(below - dx * pixel, (a - b) + (c - d), like)
            _add(above - dx * pixel, (a + b) - (c + d), like)


@inlined
def _add(address, vector, like):
    store(address, load(address, like) + vector)
