"""Random numbers that are a function of their place: Philox4x32-10, compiled.

Symbols: c = (c0, c1, c2, c3) counter, k = (k0, k1) key; all are words of 32 bits. One call makes
four words from (c, k). There is no state: the same place gives the same words in any order and
on any number of threads.

References: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
"""

import numpy as np
import torch
from torch import Generator

from scorelet.core.compiled import compiled, inlined

Word = np.uint64
"""Words of 32 bits are kept in 64, so that a product of two is exact."""

_MULTIPLIERS = Word(0xD2511F53), Word(0xCD9E8D57)
_INCREMENTS = Word(0x9E3779B9), Word(0xBB67AE85)
_LOW, _SHIFT = Word(0xFFFFFFFF), Word(32)
_ROUNDS = 10
_INTERVAL = 2.0**-32


def draw_key(rng: Generator) -> tuple[np.uint64, np.uint64]:
    """Draw a key from a generator: it names 2^128 groups of four words."""
    high, low = torch.randint(2**32, (2,), generator=rng, device=rng.device).tolist()
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
def fill_words(words: np.ndarray, c1: Word, c2: Word, k0: Word, k1: Word) -> None:
    """Fill `words` (4, groups) of uint32: column g is Philox of (g, c1, c2, 0) and the key."""
    for group in range(words.shape[1]):
        w0, w1, w2, w3 = philox(Word(group), c1, c2, Word(0), k0, k1)
        words[0, group] = w0
        words[1, group] = w1
        words[2, group] = w2
        words[3, group] = w3


@inlined
def unit(word: np.uint32) -> float:
    """Map a word to the middle of one of 2^32 intervals of (0, 1)."""
    return (np.float64(word) + 0.5) * _INTERVAL
