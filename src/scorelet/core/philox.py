"""Random numbers that are a function of their place: Philox4x32-10, compiled.

Symbols: c = (c0, c1, c2, c3) counter, k = (k0, k1) key; all are words of 32 bits. One call makes
four words from (c, k). There is no state: the same place gives the same words in any order and
on any number of threads. Words become numbers by additions, products, quotients and roots only,
which IEEE 754 fixes, so they are the same on every machine.

References: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"; Box,
Muller 1958.
"""

import math
from functools import lru_cache

import numpy as np

from scorelet.core.compiled import compiled, inlined

Word = np.uint64
"""Words of 32 bits are kept in 64, so that a product of two is exact."""

_MULTIPLIERS = Word(0xD2511F53), Word(0xCD9E8D57)
_INCREMENTS = Word(0x9E3779B9), Word(0xBB67AE85)
_LOW, _SHIFT = Word(0xFFFFFFFF), Word(32)
_ROUNDS = 10
_INTERVAL = 2.0**-32
_FRACTION = (1 << 52) - 1  # the bits of a double that are its fraction
_ROOT_OF_TWO = 0x6A09E667F3BCC  # the fraction of sqrt(2)
_LOG_2 = math.log(2)


@lru_cache
def make_key(seed: int, *names: int) -> tuple[np.uint64, np.uint64]:
    """Return the key of (seed, names): it names 2^128 groups of four words.

    Args:
        seed: any non-negative integer.
        names: non-negative integers below 2^32.
    """
    high, low = np.random.SeedSequence(seed, spawn_key=names).generate_state(2, np.uint32)
    return Word(high), Word(low)


@inlined
def philox(c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word) -> tuple:
    """Return the four words of counter c and key k."""
    # masks tell LLVM that a product of 32-bit numbers is enough: it has a vector instruction
    c0, c1, c2, c3 = c0 & _LOW, c1 & _LOW, c2 & _LOW, c3 & _LOW
    k0, k1 = k0 & _LOW, k1 & _LOW
    for _ in range(_ROUNDS):
        even, odd = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c2 = (odd >> _SHIFT) ^ c1 ^ k0, (even >> _SHIFT) ^ c3 ^ k1
        c1, c3 = odd & _LOW, even & _LOW
        k0, k1 = (k0 + _INCREMENTS[0]) & _LOW, (k1 + _INCREMENTS[1]) & _LOW
    return c0, c1, c2, c3


@compiled
def fill_words(words: np.ndarray, c1: Word, c2: Word, c3: Word, key: tuple[Word, Word]) -> None:
    """Fill `words` (4, groups) of uint32: column g is Philox of (g, c1, c2, c3) and the key."""
    for group in range(words.shape[1]):
        w0, w1, w2, w3 = philox(Word(group), c1, c2, c3, key[0], key[1])
        words[0, group] = w0
        words[1, group] = w1
        words[2, group] = w2
        words[3, group] = w3


@inlined
def unit(word: np.uint32) -> float:
    """Map a word to the middle of one of 2^32 intervals of (0, 1)."""
    return (np.float64(word) + 0.5) * _INTERVAL


@compiled
def fill_normals(
    normals: np.ndarray, words: np.ndarray, c1: Word, c2: Word, c3: Word, key: tuple[Word, Word]
) -> None:
    """Fill `normals` (4, groups) with standard normal numbers, at most 6.8 in modulus.

    Args:
        normals: float64; rows 0 and 1 of a column are a pair of Box and Muller, rows 2 and 3, too.
        words: room for the words of `fill_words`, which are the same places.
        c1, c2, c3, key: as in `fill_words`.
    """
    fill_words(words, c1, c2, c3, key)
    for pair in range(0, 4, 2):
        lengths, angles = words[pair], words[pair + 1]
        first, second = normals[pair], normals[pair + 1]
        for group in range(words.shape[1]):
            radius = math.sqrt(2 * minus_log(lengths[group]))
            cosine, sine = _turn(unit(angles[group]))
            first[group] = radius * cosine
            second[group] = radius * sine


@inlined
def minus_log(word: np.uint32) -> float:
    """-log(unit(word)), an exponential number, to 1e-15.

    With u = 2^e m, m in [0.7, 1.4], s = (m - 1) / (m + 1): log u = e log 2 + 2 artanh s.
    """
    bits = np.float64(np.float64(word) + 0.5).view(np.int64)
    half = bits & _FRACTION > _ROOT_OF_TWO
    exponent = (bits >> 52) - (1023 + 32) + half
    m = np.int64((bits & _FRACTION) | ((1023 - half) << 52)).view(np.float64)
    s = (m - 1) / (m + 1)
    t = s * s
    y = 1.0 / 17
    y = 1.0 / 15 + t * y
    y = 1.0 / 13 + t * y
    y = 1.0 / 11 + t * y
    y = 1.0 / 9 + t * y
    y = 1.0 / 7 + t * y
    y = 1.0 / 5 + t * y
    y = 1.0 / 3 + t * y
    return -(exponent * _LOG_2 + 2 * s * (1 + t * y))


@inlined
def exp_minus(x: float) -> float:
    """exp(-x) for x >= 0, to 1e-12; below 2^-33, the smallest random number, it may be any zero.

    (Taylor polynomial of degree 9 at x / 64)^64: additions and products only, so a loop over it
    becomes vector instructions, which a call of `math.exp` would prevent.
    """
    t = -min(x, 30.0) / 64
    y = 1 + t / 9
    y = 1 + t / 8 * y
    y = 1 + t / 7 * y
    y = 1 + t / 6 * y
    y = 1 + t / 5 * y
    y = 1 + t / 4 * y
    y = 1 + t / 3 * y
    y = 1 + t / 2 * y
    y = 1 + t * y
    y *= y
    y *= y
    y *= y
    y *= y
    y *= y
    return y * y


@inlined
def _turn(u: float) -> tuple[float, float]:
    """Cosine and sine of 2 pi (u - 1/2): Taylor sums at a quarter of it, doubled twice."""
    x = math.pi / 2 * (u - 0.5)
    t = x * x
    c = 1 - t / 182
    c = 1 - t / 132 * c
    c = 1 - t / 90 * c
    c = 1 - t / 56 * c
    c = 1 - t / 30 * c
    c = 1 - t / 12 * c
    c = 1 - t / 2 * c
    s = 1 - t / 210
    s = 1 - t / 156 * s
    s = 1 - t / 110 * s
    s = 1 - t / 72 * s
    s = 1 - t / 42 * s
    s = 1 - t / 20 * s
    s = x * (1 - t / 6 * s)
    c, s = 1 - 2 * s * s, 2 * s * c
    return 1 - 2 * s * s, 2 * s * c


@compiled
def draw_normals(
    numbers: np.ndarray, samples: np.ndarray, step: Word, place: Word, key: tuple[Word, Word]
) -> None:
    """Fill each row of `numbers` (sample, count) with normals of (step, sample, place, key).

    They are made in float64, and rounded if `numbers` are float32.
    """
    count = numbers.shape[1]
    groups = (count + 3) // 4
    words, normals = np.empty((4, groups), np.uint32), np.empty((4, groups))
    for row in range(len(samples)):
        fill_normals(normals, words, step, samples[row], place, key)
        numbers[row] = normals.reshape(-1)[:count]


@compiled
def draw_units(
    numbers: np.ndarray, samples: np.ndarray, step: Word, place: Word, key: tuple[Word, Word]
) -> None:
    """Fill `numbers` (sample, 2) with uniform and exponential numbers, u and -log u."""
    for row in range(len(samples)):
        word = np.uint32(philox(Word(0), step, samples[row], place, key[0], key[1])[0])
        numbers[row, 0] = unit(word)
        numbers[row, 1] = minus_log(word)
