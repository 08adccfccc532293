"""Philox: the known answers of its authors, and what the samplers take from it."""

import numpy as np
import pytest

from scorelet.core.compiled import compiled
from scorelet.core.random import generator
from scorelet.sampling.philox import Word, draw_key, fill_words, philox, unit

# kat_vectors of Random123 1.14, "philox4x32 10": counter, key, words
ONES, ZEROS = "ffffffff ffffffff", "00000000 00000000"
KNOWN = [
    (f"{ZEROS} {ZEROS}", ZEROS, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    (f"{ONES} {ONES}", ONES, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def words(text):
    return [Word(int(word, 16)) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers(counter, key, expected):
    assert list(philox(*words(counter), *words(key))) == words(expected)


def test_an_array_of_words_is_philox_of_each_place():
    """Vector instructions work in groups of 8 or 16: sizes around these."""
    key = words("a4093822 299f31d0")
    for groups in (1, 7, 8, 9, 33):
        filled = np.zeros((4, groups), np.uint32)
        fill_words(filled, Word(5), Word(6), *key)
        for group in range(groups):
            expected = philox(Word(group), Word(5), Word(6), Word(0), *key)
            assert filled[:, group].tolist() == [int(word) for word in expected]


def test_units_are_inside_the_interval_at_both_ends():
    middle = compiled(lambda word: unit(word))
    assert middle(np.uint32(0)) == 2.0**-33
    assert middle(np.uint32(2**32 - 1)) == 1 - 2.0**-33


def test_a_key_is_two_words_of_the_generator():
    assert draw_key(generator(3, 4)) == draw_key(generator(3, 4))
    assert draw_key(generator(3, 4)) != draw_key(generator(3, 5))
    keys = [draw_key(generator(seed, 64)) for seed in range(64)]
    assert max(int(word) for key in keys for word in key) > 2**31  # all 32 bits are used
