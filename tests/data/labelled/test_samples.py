"""Labelled samples: functions of (seed, index), every picture once an epoch."""

from collections import Counter

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages, LabelledSamples, order_of

COUNT, SIDE = 10, 6


def images():
    """Pixel values tell picture and place: no two are alike."""
    x = np.arange(COUNT * SIDE * SIDE).reshape(COUNT, SIDE, SIDE, 1) % 251 + 1
    return LabelledImages(x.astype(np.uint8), np.arange(COUNT) % 2, ("even", "odd"))


def samples(**changes):
    return LabelledSamples(images(), **{"length": 40, "seed": 3} | changes)


def pixels(item):
    return (item["x"] * 255).round().byte().numpy().transpose(1, 2, 0)


def test_a_sample_does_not_depend_on_what_was_asked_for_before():
    data = samples(padding=2, flip=True)
    forward = [data[k] for k in range(40)]
    for k in np.random.default_rng(1).permutation(40):
        again = samples(padding=2, flip=True, length=10**6)[int(k)]
        assert torch.equal(again["x"], forward[k]["x"])
        assert torch.equal(data[int(k)]["label"], forward[k]["label"])


def test_every_epoch_shows_every_picture_once_in_an_order_of_its_own():
    data = samples()
    epochs = [[data.place(k) for k in range(start, start + COUNT)] for start in range(0, 40, COUNT)]
    assert all(sorted(epoch) == list(range(COUNT)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert epochs[1] == order_of(COUNT, 3, 1).tolist()
    other = samples(seed=4)
    assert [other.place(k) for k in range(COUNT)] != epochs[0]


def test_a_sample_is_its_picture_with_its_label():
    data, source = samples(), images()
    for k in range(40):
        item, place = data[k], data.place(k)
        assert item["x"].dtype == torch.float32
        assert item["label"].dtype == torch.int64
        assert np.array_equal(pixels(item), source.x[place])
        assert int(item["label"]) == source.y[place]


@pytest.mark.slow
def test_shifts_and_mirrors_are_all_equally_frequent():
    """Chi-square statistics stay below their 1e-4 quantiles: 48.9 for 18 - 1 of 2 x 3 x 3."""
    source, padding, count = images(), 1, 1800
    data = samples(padding=padding, flip=True, length=count)
    found = Counter()
    for k in range(count):
        wide = np.pad(source.x[data.place(k)], ((1, 1), (1, 1), (0, 0)))
        shown = pixels(data[k])
        for top in range(3):
            for left in range(3):
                crop = wide[top : top + SIDE, left : left + SIDE]
                for mirrored, view in enumerate((crop, crop[:, ::-1])):
                    found[top, left, mirrored] += bool(np.array_equal(view, shown))
    assert sum(found.values()) == count  # each is exactly one of them
    expected = count / 18
    assert sum((n - expected) ** 2 / expected for n in found.values()) < 48.9


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="padding is -1"):
        samples(padding=-1)
    for index in (-1, 40):
        with pytest.raises(IndexError, match=f"no sample {index} of 40"):
            samples()[index]
    assert len(samples()) == 40
