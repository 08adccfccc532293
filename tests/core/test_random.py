"""Streams of random numbers: functions of (seed, keys), and independent of one another."""

from inspect import unwrap
from itertools import combinations

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import Noise, generator, randn

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


def test_numbers_like_others_do_not_depend_on_the_default_dtype():
    like = torch.zeros(1, dtype=torch.float32)
    expected = randn((4,), rng=generator(0), like=like)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.equal(randn((4,), rng=generator(0), like=like), expected)
    finally:
        torch.set_default_dtype(usual)


LIKE = torch.zeros(4, 3, 5, dtype=torch.float64)
DRAWS = {"normal": Noise.normal, "uniform": Noise.uniform, "exponential": Noise.exponential}


@pytest.mark.parametrize("draw_noise", DRAWS.values(), ids=DRAWS)
def test_the_noise_of_a_sample_is_its_own(draw_noise):
    """Bitwise, whatever the batch, its order, and the steps before."""
    together = draw_noise(Noise(3, (0, 1, 7, 9), scale=2, step=5), LIKE)
    apart = draw_noise(Noise(3, (9, 1), scale=2).at(5), LIKE[:2])
    assert torch.equal(apart, together[[3, 1]])
    assert len(np.unique(together.reshape(4, -1), axis=0)) == 4


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 4},
        {"seed": 3 + 2**32},
        {"samples": (1, 0, 7, 9)},
        {"scale": 3},
        {"step": 6},
        {"use": 1},
    ],
    ids=str,
)
def test_every_part_of_the_name_counts(other):
    name = {"seed": 3, "samples": (0, 1, 7, 9), "scale": 2, "step": 5, "use": 0}

    def numbers(seed, samples, scale, step, use):
        return Noise(seed, samples, scale, step).normal(LIKE, use=use)

    ours, theirs = numbers(**name), numbers(**(name | other))
    assert not (ours[0] == theirs[0]).any()


def test_noise_has_the_dtype_and_the_law_that_are_asked_for():
    noise, like = Noise(0, range(4000)), torch.zeros(4000, 7)
    assert noise.normal(like).dtype == torch.float32
    assert torch.equal(noise.normal(like), noise.normal(like.double()).float())
    assert float(noise.normal(like).square().mean()) == pytest.approx(
        1, abs=4.5 * (2 / 28e3) ** 0.5
    )
    units, times = noise.uniform(like.double()), noise.exponential(like.double())
    assert torch.allclose(times, -units.log(), rtol=1e-14)
    assert float(units.mean()) == pytest.approx(0.5, abs=4.5 * (1 / 12 / 4000) ** 0.5)


def noise_unchecked(*arguments, **options):
    """Make one without the checks of types in tests."""
    noise = object.__new__(Noise)
    unwrap(Noise.__init__)(noise, *arguments, **options)
    return noise


def test_integers_of_arrays_and_tensors_name_noise():
    expected = Noise(3, range(4)).normal(LIKE)
    for samples in (np.arange(4), torch.arange(4), list(torch.arange(4))):
        assert torch.equal(noise_unchecked(np.int64(3), samples).normal(LIKE), expected)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Noise(-1, (0,)), "seed -1"),
        (lambda: Noise(0, (2**32,)), "below 2\\^32"),
        (lambda: Noise(0, (0,), step=-1), "step -1"),
        (lambda: noise_unchecked(1.5, (0,)), "seed 1.5, .* must be non-negative integers"),
        (lambda: noise_unchecked("0", (0,)), "seed '0', .* integers"),
        (lambda: noise_unchecked(0, [0.5, 0.7]), "samples, scales .* integers"),
        (lambda: noise_unchecked(0, np.zeros(2)), "samples, scales .* integers"),
        (lambda: noise_unchecked(0, (0,), scale=0.5), "scale 0.5, .* integers"),
        (lambda: Noise(0, (0,), scale=2**28), "scales below 2\\^28"),
        (lambda: Noise(0, (0, 1)).normal(LIKE), "batch of 4 with the noise of 2 samples"),
        (lambda: Noise(0, range(4)).normal(LIKE, use=16), "0 to 15 of noise, got 16"),
        (lambda: Noise(0, range(4)).normal(LIKE.byte()), "uint8 would be rounded"),
        (lambda: Noise(0, range(4)).uniform(LIKE.long()), "int64 would be rounded"),
    ],
)
def test_noise_that_cannot_be_named(call, words):
    with pytest.raises(InputError, match=words):
        call()
