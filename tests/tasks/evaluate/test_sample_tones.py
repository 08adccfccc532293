"""Brightness of samples beside that of pictures of the data."""

import math

import pytest
import torch

import scorelet as sl
from scorelet.core.random import generator
from scorelet.tasks.evaluate.sample_tones import tone_words, tones_of

DEVIATION = 0.1


def pictures(count, seed, *, mean=0.5, spread=DEVIATION, channels=1):
    """Independent pixels of deviation 0.05 around a brightness of each picture's own."""
    rng = generator(seed)
    own = torch.randn(count, 1, 1, 1, generator=rng).expand(-1, channels, -1, -1)
    return mean + spread * own + 0.05 * torch.randn(count, channels, 16, 16, generator=rng)


def test_mean_and_deviation_have_the_errors_of_normal_numbers():
    """Over 200 sets of 50 pictures: the errors are the deviations of what was found."""
    found = [tones_of([pictures(50, seed)]).channels[0] for seed in range(200)]
    for name, truth in (("mean", 0.5), ("spread", math.hypot(DEVIATION, 0.05 / 16))):
        values = torch.tensor([getattr(each, name)[0] for each in found])
        errors = torch.tensor([getattr(each, name)[1] for each in found])
        assert float(values.mean()) == pytest.approx(truth, abs=0.002)
        assert float(errors.mean()) == pytest.approx(float(values.std()), rel=0.15)


def test_pieces_are_one_set():
    x = pictures(30, 0, channels=3)
    assert tones_of(x.split(7)) == tones_of([x])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"mean": 0.55}, ["brighter than the data, by 0.0"]),
        ({"mean": 0.45}, ["darker than the data, by 0.0"]),
        ({"spread": 0.05}, ["varies 0.5"]),
        ({"spread": 0.2}, ["varies 2"]),
    ],
)
def test_what_is_beyond_chance_is_said(changes, said):
    found = tone_words(tones_of([pictures(400, 1, **changes)]), tones_of([pictures(400, 2)]))
    assert len(found) == len(said)
    for text, part in zip(found, said, strict=True):
        assert part in text


def test_what_varies_is_said_beside_the_mean_and_beside_data_that_do_not_vary():
    data = tones_of([pictures(200, 2)])
    alike = tones_of([torch.full((40, 1, 16, 16), 0.9)])
    said = tone_words(alike, data)
    assert "brighter than the data" in said[0]
    assert "varies 0 times as much" in said[1]
    flat = torch.full((40, 1, 16, 16), 0.5)
    (text,) = tone_words(tones_of([pictures(40, 3)]), tones_of([flat]))
    assert text == "The brightness of samples varies, and that of the data does not."


@pytest.mark.parametrize("count", [2, 4, 12, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_few_samples_of_the_law_are_no_darker_by_chance(count, channels):
    """In 5 % of all sets or less, also if channels know nothing of each other."""

    def drawn(n, seed):
        parts = [pictures(n, 3 * seed + k) for k in range(channels)]
        return tones_of([torch.cat(parts, 1)])

    data = drawn(2000, 0)
    said = sum(bool(tone_words(drawn(count, 1 + k), data)) for k in range(200))
    assert said <= 10 + 4 * (200 * 0.05 * 0.95) ** 0.5


def test_one_channel_is_named():
    data, x = pictures(300, 0, channels=3), pictures(300, 1, channels=3)
    x[:, 2] += 0.1
    (text,) = tone_words(tones_of([x]), tones_of([data]))
    assert "brighter than the data in blue" in text


def test_pictures_of_one_colour_are_counted_and_said():
    data, x = pictures(100, 0), pictures(50, 1)
    x[:7] = 0.5
    found = tones_of([x])
    assert (found.flat, found.count) == (7, 50)
    assert tone_words(found, tones_of([data]))[-1] == "7 of 50 samples are of one colour."


def test_a_change_of_brightness_alone_is_in_the_verdict():
    data = pictures(128, 0).clamp(0, 1)
    same = sl.evaluate(samples=data[:64], data=data)
    brighter = sl.evaluate(samples=(data[:64] + 0.1).clamp(0, 1), data=data)
    assert "brighter" not in same["verdict"]
    assert "The samples are brighter than the data, by 0.1" in brighter["verdict"]
    (row,) = [r for r in brighter["rows"] if r["measure"] == "brightness, mean"]
    assert row["samples"] - row["data"] == pytest.approx(0.1, abs=0.02)
