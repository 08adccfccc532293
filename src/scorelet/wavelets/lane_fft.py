"""Discrete Fourier transforms of sixteen sequences at once, in numba.

Symbols: n, length; a sequence is a piece of a flat float32 array, its element i being sixteen
real parts at 32 i and sixteen imaginary parts at 32 i + 16 (`simd.WIDTH` = 16).

Stockham's algorithm: for each factor r of n, with m = n / r left over and s = product of the
factors before,

    y[q + s (r p + t)] = w_n^{p t} Σ_u w_r^{t u} x[q + s (p + m u)],    w_n = exp(-2πi / n),

between two buffers, without a pass that sorts. The inverse transform is the same with real and
imaginary parts exchanged before and after (and a factor 1 / n, which is the caller's).

Reference: C. Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, 1.7.
"""

# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types

import numpy as np

from scorelet.wavelets.simd import WIDTH, kernel, load, piece, store

PAIR = 2 * WIDTH
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


@kernel
def transform(work, source, spare, factors, twiddles):
    """Transform the sequence at work[source:]; return where the result is: `source` or `spare`.

    Args:
        work: flat array that holds both buffers.
        source, spare: where they begin.
        factors: of the length, from `factorise`; zeros at the end count for nothing.
        twiddles: from `twiddles`.
    """
    rest, stride, used = 1, 1, 0
    for factor in factors:
        rest *= max(factor, 1)
    for factor in factors:
        if factor == 0:
            break
        count = rest // factor
        table = twiddles[used:]
        if factor == 4:
            _pass4(work, source, spare, count, stride, table)
        elif factor == 2:
            _pass2(work, source, spare, count, stride, table)
        elif factor == 3:
            _pass3(work, source, spare, count, stride, table)
        elif factor == 5:
            _pass5(work, source, spare, count, stride, table)
        else:
            _pass_any(work, source, spare, count, stride, table, factor)
            used += 2 * factor * factor
        used += 2 * count * (factor - 1)
        source, spare = spare, source
        rest, stride = count, stride * factor
    return source


@piece
def _put(work, index, re, im, cosine, sine):
    """Store (re + i im) (cosine + i sine)."""
    store(work, index, re * cosine - im * sine)
    store(work, index + WIDTH, re * sine + im * cosine)


@kernel
def _pass2(work, source, target, count, stride, table):
    step, gap = stride * PAIR, count * stride * PAIR
    for p in range(count):
        c1, s1 = table[2 * p], table[2 * p + 1]
        for q in range(stride):
            x, y = source + p * step + q * PAIR, target + 2 * p * step + q * PAIR
            a, b = load(work, x), load(work, x + WIDTH)
            c, d = load(work, x + gap), load(work, x + gap + WIDTH)
            store(work, y, a + c)
            store(work, y + WIDTH, b + d)
            _put(work, y + step, a - c, b - d, c1, s1)


@kernel
def _pass3(work, source, target, count, stride, table):
    step, gap = stride * PAIR, count * stride * PAIR
    for p in range(count):
        c1, s1, c2, s2 = table[4 * p], table[4 * p + 1], table[4 * p + 2], table[4 * p + 3]
        for q in range(stride):
            x, y = source + p * step + q * PAIR, target + 3 * p * step + q * PAIR
            a, b = load(work, x), load(work, x + WIDTH)
            c, d = load(work, x + gap), load(work, x + gap + WIDTH)
            e, f = load(work, x + 2 * gap), load(work, x + 2 * gap + WIDTH)
            re, im = c + e, d + f
            store(work, y, a + re)
            store(work, y + WIDTH, b + im)
            re, im = a - re * _HALF, b - im * _HALF
            u, v = (d - f) * _ROOT3, (c - e) * _ROOT3
            _put(work, y + step, re + u, im - v, c1, s1)
            _put(work, y + 2 * step, re - u, im + v, c2, s2)


@kernel
def _pass4(work, source, target, count, stride, table):
    step, gap = stride * PAIR, count * stride * PAIR
    for p in range(count):
        c1, s1, c2, s2 = table[6 * p], table[6 * p + 1], table[6 * p + 2], table[6 * p + 3]
        c3, s3 = table[6 * p + 4], table[6 * p + 5]
        for q in range(stride):
            x, y = source + p * step + q * PAIR, target + 4 * p * step + q * PAIR
            a, b = load(work, x), load(work, x + WIDTH)
            c, d = load(work, x + gap), load(work, x + gap + WIDTH)
            e, f = load(work, x + 2 * gap), load(work, x + 2 * gap + WIDTH)
            g, h = load(work, x + 3 * gap), load(work, x + 3 * gap + WIDTH)
            re, im, u, v = a + e, b + f, c + g, d + h
            store(work, y, re + u)
            store(work, y + WIDTH, im + v)
            _put(work, y + 2 * step, re - u, im - v, c2, s2)
            re, im, u, v = a - e, b - f, d - h, c - g
            _put(work, y + step, re + u, im - v, c1, s1)
            _put(work, y + 3 * step, re - u, im + v, c3, s3)


@kernel
def _pass5(work, source, target, count, stride, table):
    step, gap = stride * PAIR, count * stride * PAIR
    for p in range(count):
        w = table[8 * p : 8 * p + 8]
        for q in range(stride):
            x, y = source + p * step + q * PAIR, target + 5 * p * step + q * PAIR
            a, b = load(work, x), load(work, x + WIDTH)
            c, d = load(work, x + gap), load(work, x + gap + WIDTH)
            e, f = load(work, x + 2 * gap), load(work, x + 2 * gap + WIDTH)
            g, h = load(work, x + 3 * gap), load(work, x + 3 * gap + WIDTH)
            k, m = load(work, x + 4 * gap), load(work, x + 4 * gap + WIDTH)
            # sums and differences of mirrored elements 1, 4 and 2, 3
            c, d, k, m = c + k, d + m, c - k, d - m
            e, f, g, h = e + g, f + h, e - g, f - h
            store(work, y, a + c + e)
            store(work, y + WIDTH, b + d + f)
            re, im = a + c * _COS1 + e * _COS2, b + d * _COS1 + f * _COS2
            u, v = m * _SIN1 + h * _SIN2, k * _SIN1 + g * _SIN2
            _put(work, y + step, re + u, im - v, w[0], w[1])
            _put(work, y + 4 * step, re - u, im + v, w[6], w[7])
            re, im = a + c * _COS2 + e * _COS1, b + d * _COS2 + f * _COS1
            u, v = m * _SIN2 - h * _SIN1, k * _SIN2 - g * _SIN1
            _put(work, y + 2 * step, re + u, im - v, w[2], w[3])
            _put(work, y + 3 * step, re - u, im + v, w[4], w[5])


@kernel
def _pass_any(work, source, target, count, stride, table, factor):
    step, gap = stride * PAIR, count * stride * PAIR
    roots = table[2 * count * (factor - 1) :]
    for p in range(count):
        for q in range(stride):
            x, y = source + p * step + q * PAIR, target + factor * p * step + q * PAIR
            for t in range(factor):
                re, im = load(work, x), load(work, x + WIDTH)
                for u in range(1, factor):
                    c, s = roots[2 * (t * factor + u)], roots[2 * (t * factor + u) + 1]
                    a, b = load(work, x + u * gap), load(work, x + u * gap + WIDTH)
                    re, im = re + a * c - b * s, im + a * s + b * c
                if t == 0:
                    store(work, y, re)
                    store(work, y + WIDTH, im)
                else:
                    w = 2 * (p * (factor - 1) + t - 1)
                    _put(work, y + t * step, re, im, table[w], table[w + 1])
