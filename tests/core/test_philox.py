"""Philox: the known answers of its authors, and the numbers that are made of its words."""

import numpy as np
import pytest

from scorelet.core.compiled import compiled
from scorelet.core.philox import Word, fill_normals, fill_words, make_key, minus_log, philox, unit

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
    key = tuple(words("a4093822 299f31d0"))
    for groups in (1, 7, 8, 9, 33):
        filled = np.zeros((4, groups), np.uint32)
        fill_words(filled, Word(5), Word(6), Word(7), key)
        for group in range(groups):
            expected = philox(Word(group), Word(5), Word(6), Word(7), *key)
            assert filled[:, group].tolist() == [int(word) for word in expected]


def test_units_are_inside_the_interval_at_both_ends():
    middle = compiled(lambda word: unit(word))
    assert middle(np.uint32(0)) == 2.0**-33
    assert middle(np.uint32(2**32 - 1)) == 1 - 2.0**-33


def test_a_key_is_a_function_of_seed_and_names():
    assert make_key(3, 4) == make_key(3, 4)
    assert len({make_key(3), make_key(3, 0), make_key(3, 4), make_key(4, 3)}) == 4
    keys = [make_key(seed, 64) for seed in range(64)]
    assert max(int(word) for key in keys for word in key) > 2**31  # all 32 bits are used


EDGES = np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1], np.uint32)


def test_exponentials_are_logarithms():
    """Also near u = 1, where the logarithm is nearly 0: relative errors."""
    exponential = compiled(lambda word: minus_log(word))
    drawn = np.random.default_rng(0).integers(0, 2**32, 1000, dtype=np.uint32)
    for word in np.concatenate([EDGES, drawn]):
        expected = -np.log((np.longdouble(word) + 0.5) / 2**32)
        assert abs(exponential(word) / expected - 1) < 4e-15


def normals_and_words(groups):
    normals, words = np.empty((4, groups)), np.empty((4, groups), np.uint32)
    fill_normals(normals, words, Word(5), Word(6), Word(7), make_key(0))
    return normals, words


def test_normals_are_pairs_of_box_and_muller():
    normals, words = normals_and_words(999)
    units = (words.astype(np.longdouble) + 0.5) / 2**32
    for pair in (0, 2):
        radius = np.sqrt(-2 * np.log(units[pair]))
        angle = 2 * np.pi * (units[pair + 1] - 0.5)
        # the Taylor sums leave 2e-15, doubled twice, times a radius of at most 6.8
        assert np.abs(normals[pair] - radius * np.cos(angle)).max() < 1e-13
        assert np.abs(normals[pair + 1] - radius * np.sin(angle)).max() < 1e-13


@pytest.mark.slow
def test_normals_have_the_moments_of_normal_numbers():
    normals, _ = normals_and_words(250_000)
    for power, (expected, variance) in {1: (0, 1), 2: (1, 2), 3: (0, 15), 4: (3, 96)}.items():
        assert abs((normals**power).mean() - expected) < 4.5 * (variance / 1e6) ** 0.5
    assert abs((normals[0] * normals[1]).mean()) < 4.5 / 250_000**0.5
