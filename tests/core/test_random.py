"""Streams of random numbers: functions of (seed, keys), and independent of one another."""

from itertools import combinations

import pytest
import torch

from scorelet.core.random import generator, randn

COUNT = 20_000
NAMES = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 0), (0, 1, 0), (0, 0, 1), (5, 2, 3), (5, 3, 2)]


def draw(*name, count=COUNT):
    return torch.randn(count, generator=generator(*name))


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_is_a_function_of_its_name_and_not_of_what_was_drawn_before(name):
    expected = draw(*name)
    draw(7, 1)
    torch.randn(3)
    assert torch.equal(draw(*name), expected)


def test_streams_of_different_names_are_uncorrelated():
    streams = {name: draw(*name) for name in NAMES}
    bound = 4.5 / COUNT**0.5  # 45 correlations of standard error 1/√n: 4.5 is passed by 1 in 3000
    for a, b in combinations(NAMES, 2):
        assert abs(float((streams[a] * streams[b]).mean())) < bound, (a, b)


def test_one_word_more_names_another_stream_even_if_it_is_zero():
    """A padded seed sequence would give patch 3 the noise of (step 3, process 0)."""
    assert not torch.equal(draw(0, 3, count=4), draw(0, 3, 0, count=4))
    assert not torch.equal(draw(0, 3, 0, count=4), draw(0, 3, 0, 0, count=4))


@pytest.mark.parametrize("word", [1, 2, 3])
def test_a_seed_above_32_bits_is_no_smaller_seed_with_a_key(word):
    """Seeds are words of 32 bits to SeedSequence: 7 + 2^32 must not be the words (7, 1)."""
    large = 7 + 2 ** (32 * word)
    keys = (0,) * (word - 1) + (1,)
    assert not torch.equal(draw(large, 0, count=4), draw(7, *keys, count=4))
    assert not torch.equal(draw(large, 0, count=4), draw(7, *keys, 0, count=4))
    assert not torch.equal(draw(large, 0, count=4), draw(7, 0, count=4))


def test_without_keys_it_is_the_seed_as_torch_takes_it():
    expected = torch.randn(5, generator=torch.Generator().manual_seed(12))
    assert torch.equal(draw(12, count=5), expected)


def test_seeds_that_no_signed_integer_holds_are_taken():
    assert torch.equal(draw(2**63 + 5, count=4), draw(5, count=4))  # the sign bit is dropped


def test_randn_draws_the_generators_numbers_with_the_dtype_asked_for():
    like = torch.zeros(1, dtype=torch.float64)
    got = randn((COUNT,), rng=generator(3, 4), like=like)
    assert got.dtype == torch.float64
    assert torch.equal(got, draw(3, 4).double())
