"""Discrete Fourier transforms of sixteen sequences at once, in numba.

Symbols: n, length; a sequence is a piece of memory, its element i being sixteen real parts
(float32) `PAIR` i bytes behind its address and sixteen imaginary parts `LANE` behind those.

Stockham's algorithm: for each factor r of n, with m = n / r left over and s = product of the
factors before,

    y[q + s (r p + t)] = w_n^{p t} Σ_u w_r^{t u} x[q + s (p + m u)],    w_n = exp(-2πi / n),

between two buffers, without a pass that sorts. The inverse transform is the same with real and
imaginary parts exchanged before and after (and a factor 1 / n, which is the caller's).

Reference: C. Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, 1.7.
"""

import numpy as np

from scorelet.core.compiled import inlined, part
from scorelet.wavelets.kernels.vectors import FLOAT, LANES, VECTOR_BYTES, load, load_tuple, store

ITEM, LANE, PAIR = 4, VECTOR_BYTES, 2 * VECTOR_BYTES
"""Bytes of a number, of sixteen of them, of a complex element."""

MAX_FACTOR = 31
"""Largest prime factor that is worth it: a pass of factor r takes r operations an element."""

_HALF = np.float32(0.5)
_ROOT3 = np.float32(np.sqrt(0.75))
_COS1, _COS2 = np.float32(np.cos(2 * np.pi / 5)), np.float32(np.cos(4 * np.pi / 5))
_SIN1, _SIN2 = np.float32(np.sin(2 * np.pi / 5)), np.float32(np.sin(4 * np.pi / 5))


def twiddles(length: int) -> np.ndarray:
    """Return the cosines and sines of all passes of a length, float32."""
    numbers, rest = [np.zeros(0)], length
    for factor in factorise(length):
        steps = np.outer(np.arange(rest // factor), np.arange(1, factor)) / rest
        roots = np.outer(np.arange(factor), np.arange(factor)) / factor
        for turns in (steps, roots if factor > 5 else np.zeros(0)):
            angles = -2 * np.pi * (turns.ravel() % 1)
            numbers.append(np.stack([np.cos(angles), np.sin(angles)], 1).ravel())
        rest //= factor
    return np.concatenate(numbers).astype(np.float32)


def factorise(length: int) -> list[int]:
    """Return factors whose product is `length`: fours first, then primes."""
    factors = []
    for factor in (4, 2, 3, 5, *range(7, length + 1, 2)):
        while length % factor == 0:
            factors.append(factor)
            length //= factor
    return factors


@inlined
def get(place):
    """Return the real and the imaginary parts at `place`."""
    return load(place, LANES), load(place + LANE, LANES)


@inlined
def put(place, re, im):
    """Store the real and the imaginary parts."""
    store(place, re)
    store(place + LANE, im)


@inlined
def move(source, target, count):
    """Copy `count` complex numbers."""
    for x in range(0, count * PAIR, LANE):
        store(target + x, load(source + x, LANES))


@part
def transform(source, spare, factors, table):
    """Transform the sequence at `source`; return where the result is: `source` or `spare`.

    Args:
        source, spare: addresses of two buffers.
        factors: of the length, from `factorise`; zeros at the end count for nothing.
        table: address of the numbers of `twiddles`.
    """
    rest, stride = 1, 1
    for factor in factors:
        rest *= max(factor, 1)
    for factor in factors:
        if factor == 0:
            break
        rest //= factor
        table += _do_pass(source, spare, rest, stride, table, factor)
        source, spare = spare, source
        stride *= factor
    return source


@inlined
def _do_pass(source, target, count, stride, table, factor):
    """Do the pass of a factor; return the bytes of its twiddles."""
    numbers = 2 * count * (factor - 1)
    if factor == 4:
        _pass4(source, target, count, stride, table)
    elif factor == 2:
        _pass2(source, target, count, stride, table)
    elif factor == 3:
        _pass3(source, target, count, stride, table)
    elif factor == 5:
        _pass5(source, target, count, stride, table)
    else:
        _pass_any(source, target, count, stride, table, factor)
        numbers += 2 * factor * factor
    return numbers * ITEM


def _pass_of(factor):
    """Return the pass of a butterfly, a transform of `factor` elements.

    A butterfly reads elements `gap` apart from x on, writes results `step` apart from y on, and
    multiplies all but the first by w, cosines and sines in turns.
    """
    zeros = (np.float32(0),) * (2 * factor - 2)

    def with_loops(butterfly):
        @part
        def run(source, target, count, stride, table):
            step, gap = stride * PAIR, count * stride * PAIR
            for p in range(count):
                w = load_tuple(table + p * len(zeros) * ITEM, zeros)
                for q in range(0, step, PAIR):
                    butterfly(source + p * step + q, gap, target + factor * p * step + q, step, w)

        return run

    return with_loops


@inlined
def _put_turned(place, re, im, cosine, sine):
    """Store (re + i im) (cosine + i sine)."""
    put(place, re * cosine - im * sine, re * sine + im * cosine)


@_pass_of(2)
@inlined
def _pass2(x, gap, y, step, w):
    (a, b), (c, d) = get(x), get(x + gap)
    put(y, a + c, b + d)
    _put_turned(y + step, a - c, b - d, w[0], w[1])


@_pass_of(3)
@inlined
def _pass3(x, gap, y, step, w):
    (a, b), (c, d), (e, f) = get(x), get(x + gap), get(x + 2 * gap)
    re, im = c + e, d + f
    put(y, a + re, b + im)
    re, im = a - re * _HALF, b - im * _HALF
    u, v = (d - f) * _ROOT3, (c - e) * _ROOT3
    _put_turned(y + step, re + u, im - v, w[0], w[1])
    _put_turned(y + 2 * step, re - u, im + v, w[2], w[3])


@_pass_of(4)
@inlined
def _pass4(x, gap, y, step, w):
    (a, b), (c, d), (e, f), (g, h) = get(x), get(x + gap), get(x + 2 * gap), get(x + 3 * gap)
    re, im, u, v = a + e, b + f, c + g, d + h
    put(y, re + u, im + v)
    _put_turned(y + 2 * step, re - u, im - v, w[2], w[3])
    re, im, u, v = a - e, b - f, d - h, c - g
    _put_turned(y + step, re + u, im - v, w[0], w[1])
    _put_turned(y + 3 * step, re - u, im + v, w[4], w[5])


@_pass_of(5)
@inlined
def _pass5(x, gap, y, step, w):
    (a, b), (c, d), (e, f) = get(x), get(x + gap), get(x + 2 * gap)
    (g, h), (k, m) = get(x + 3 * gap), get(x + 4 * gap)
    # sums and differences of mirrored elements 1, 4 and 2, 3
    c, d, k, m = c + k, d + m, c - k, d - m
    e, f, g, h = e + g, f + h, e - g, f - h
    put(y, a + c + e, b + d + f)
    re, im = a + c * _COS1 + e * _COS2, b + d * _COS1 + f * _COS2
    u, v = m * _SIN1 + h * _SIN2, k * _SIN1 + g * _SIN2
    _put_turned(y + step, re + u, im - v, w[0], w[1])
    _put_turned(y + 4 * step, re - u, im + v, w[6], w[7])
    re, im = a + c * _COS2 + e * _COS1, b + d * _COS2 + f * _COS1
    u, v = m * _SIN2 - h * _SIN1, k * _SIN2 - g * _SIN1
    _put_turned(y + 2 * step, re + u, im - v, w[2], w[3])
    _put_turned(y + 3 * step, re - u, im + v, w[4], w[5])


@part
def _pass_any(source, target, count, stride, table, factor):
    """The pass of any factor, by the definition; its roots are behind the twiddles."""
    step, gap = stride * PAIR, count * stride * PAIR
    roots = table + 2 * count * (factor - 1) * ITEM
    for p in range(count):
        for q in range(0, step, PAIR):
            x, y = source + p * step + q, target + factor * p * step + q
            for t in range(factor):
                re, im = get(x)
                for u in range(1, factor):
                    c, s = _turn(roots, t * factor + u)
                    a, b = get(x + u * gap)
                    re, im = re + a * c - b * s, im + a * s + b * c
                if t == 0:
                    put(y, re, im)
                else:
                    c, s = _turn(table, p * (factor - 1) + t - 1)
                    _put_turned(y + t * step, re, im, c, s)


@inlined
def _turn(table, number):
    """Return a cosine and its sine."""
    place = table + 2 * number * ITEM
    return load(place, FLOAT), load(place + ITEM, FLOAT)
