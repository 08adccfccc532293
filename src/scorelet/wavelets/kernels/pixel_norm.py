"""Division of the channels of each pixel by their norm, with a bias before it: one pass each way.

    v = y + b,    u = s v,    s = (|v|² + ε)^(-1/2), 0 where |v|² is below a bound.

The norm is over all channels and parts (Re, Im), which are planes (part, pixel, channel).
"""

import numpy as np

from scorelet.core.compiled import compiled, part
from scorelet.wavelets.kernels.storage import entry_sum, read, write
from scorelet.wavelets.kernels.vectors import (
    address_of,
    entries,
    item_size,
    load,
    narrow,
    splat,
    store,
    wide,
)

NUMBER = np.float32(0)
EPSILON, BOUND = np.float32(1e-6), np.float32(1e-8)


@compiled
def forward(y, bias, u, scales, kept, parts, pixels, channels):
    """Write u and s.

    Args:
        y, u: flat arrays of (parts, all pixels, channels).
        bias: float32 (parts, channels).
        scales: float32, s for each pixel.
        kept: how y and u are stored.
        parts, channels: 1 or 2, and a multiple of 4.
        pixels: (first, last, of how many).
    """
    size = item_size(kept)
    at = address_of(y), address_of(bias), address_of(u)
    wide_end = channels // 16 * 16
    for pixel in range(pixels[0], pixels[1]):
        power = NUMBER
        for p in range(parts):
            place = (p * pixels[2] + pixel) * channels * size
            power += _power(at, place, p * channels * 4, (0, wide_end), kept, wide(NUMBER))
            power += _power(at, place, p * channels * 4, (wide_end, channels), kept, narrow(NUMBER))
        scale = np.float32(1) / np.sqrt(power + EPSILON) if power > BOUND else NUMBER
        scales[pixel] = scale
        for p in range(parts):
            place = (p * pixels[2] + pixel) * channels * size
            _scale(at, place, p * channels * 4, (0, wide_end), scale, kept, wide(NUMBER))
            _scale(at, place, p * channels * 4, (wide_end, channels), scale, kept, narrow(NUMBER))


@part
def _power(at, place, bias, span, kept, like):
    total, size = splat(NUMBER, like), item_size(kept)
    for c in range(span[0], span[1], entries(like)):
        v = read(at[0] + place + c * size, like, kept) + load(at[1] + bias + 4 * c, like)
        total = total + v * v
    return entry_sum(total)


@part
def _scale(at, place, bias, span, scale, kept, like):
    size = item_size(kept)
    for c in range(span[0], span[1], entries(like)):
        v = read(at[0] + place + c * size, like, kept) + load(at[1] + bias + 4 * c, like)
        write(at[2] + place + c * size, v * splat(scale, like), kept)


@compiled
def backward(gu, u, scales, gy, gb, kept, parts, pixels, channels):
    """Write the gradient of y, s (gu - u <u, gu>), and add its sum over pixels to `gb`.

    Args:
        gu, u, gy: flat arrays of (parts, all pixels, channels).
        gb: float32 (parts, channels).
        scales, kept, parts, pixels, channels: as for `forward`.
    """
    size = item_size(kept)
    at = address_of(gu), address_of(u), address_of(gy), address_of(gb)
    wide_end = channels // 16 * 16
    for pixel in range(pixels[0], pixels[1]):
        product = NUMBER
        for p in range(parts):
            place = (p * pixels[2] + pixel) * channels * size
            product += _product(at, place, (0, wide_end), kept, wide(NUMBER))
            product += _product(at, place, (wide_end, channels), kept, narrow(NUMBER))
        factors = scales[pixel], product
        for p in range(parts):
            place = (p * pixels[2] + pixel) * channels * size
            _slope(at, place, p * channels * 4, (0, wide_end), factors, kept, wide(NUMBER))
            _slope(at, place, p * channels * 4, (wide_end, channels), factors, kept, narrow(NUMBER))


@part
def _product(at, place, span, kept, like):
    total, size = splat(NUMBER, like), item_size(kept)
    for c in range(span[0], span[1], entries(like)):
        o = place + c * size
        total = total + read(at[0] + o, like, kept) * read(at[1] + o, like, kept)
    return entry_sum(total)


@part
def _slope(at, place, bias, span, factors, kept, like):
    size = item_size(kept)
    scale, product = splat(factors[0], like), splat(factors[1], like)
    for c in range(span[0], span[1], entries(like)):
        o = place + c * size
        g = scale * (read(at[0] + o, like, kept) - read(at[1] + o, like, kept) * product)
        write(at[2] + o, g, kept)
        total = at[3] + bias + 4 * c
        store(total, load(total, like) + g)
