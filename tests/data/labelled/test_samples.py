"""Labelled samples: functions of (seed, index), every picture once an epoch."""

from collections import Counter

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages, LabelledSamples, order_of
from scorelet.data.labelled.changes import part_of

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


@pytest.mark.slow
def test_parts_have_the_areas_and_shapes_that_they_should():
    rng, found = np.random.default_rng(0), []
    for _ in range(4000):
        rows, columns = part_of(300, 200, rng, area=0.25)
        assert 0 <= rows.start < rows.stop <= 300
        assert 0 <= columns.start < columns.stop <= 200
        found.append(((rows.stop - rows.start) / 300, (columns.stop - columns.start) / 200))
    height, width = np.array(found).T
    small = height * width < 0.5  # of these no side is cut off: √(0.5 · 4/3) < 1
    assert 0.245 < (height * width).min() < 0.26
    assert np.quantile((height * width)[small], 0.5) == pytest.approx(0.375, abs=0.01)
    shapes = np.log(width / height)[small] / np.log(4 / 3)
    assert np.abs(shapes).max() < 1.02  # whole pixels
    assert shapes.std() == pytest.approx(3**-0.5, abs=0.02)


def test_a_part_is_brought_to_the_size_of_the_picture():
    """A ramp of values in each direction stays one, with the values of its part."""
    ramp = np.add.outer(np.arange(40), 2 * np.arange(40)).astype(np.uint8)[None, ..., None]
    source = LabelledImages(ramp.repeat(2, 0), np.arange(2), ("a", "b"))
    data = LabelledSamples(source, length=20, seed=0, area=0.25, flip=True)
    for k in range(20):
        x = data[k]["x"][0].double() * 255
        slope = x.diff(dim=1)[:, 2:-2]
        assert x.shape == (40, 40)
        assert slope.std() < 0.02  # bilinear, away from the borders
        assert (slope.mean() < 0) == data.is_mirrored(k)
        assert 0.4 < slope.abs().mean() / 2 <= 1.01  # a side is at least √(0.25 · 3/4) of it
    again = LabelledSamples(source, length=9, seed=0, area=0.25, flip=True)
    assert torch.equal(again[7]["x"], data[7]["x"])


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="padding is -1"):
        samples(padding=-1)
    for area in (0.0, 1.5):
        with pytest.raises(InputError, match="area is"):
            samples(area=area)
    for index in (-1, 40):
        with pytest.raises(IndexError, match=f"no sample {index} of 40"):
            samples()[index]
    assert len(samples()) == 40
