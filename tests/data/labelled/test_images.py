"""Sets of labelled pictures: what fits together, and what does not."""

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages


def images(count=6, channels=3, classes=("a", "b")):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, 5, 4, channels), dtype=np.uint8)
    return LabelledImages(x, np.arange(count) % len(classes), classes)


def test_the_last_pictures_are_held_out_and_the_others_are_left():
    whole = images()
    kept, last = whole.hold_out(2)
    assert (len(kept), len(last)) == (4, 2)
    assert np.array_equal(np.concatenate([kept.x, last.x]), whole.x)
    assert np.array_equal(np.concatenate([kept.y, last.y]), whole.y)
    assert kept.classes == last.classes == whole.classes
    assert np.array_equal(whole.first(3).y, whole.y[:3])
    for count in (0, 6, 7, -1):
        with pytest.raises(InputError, match=rf"^{count} of 6 pictures cannot be held out: .*5\.$"):
            whole.hold_out(count)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_the_pictures_as_floats(channels):
    whole = images(channels=channels)
    batch = whole.images(1, 4)
    assert batch.dtype == torch.float32
    assert batch.shape == (3, channels, 5, 4)
    expected = whole.x[1:4].transpose(0, 3, 1, 2) / 255
    np.testing.assert_allclose(batch.numpy(), expected, rtol=1e-6)
    assert (whole.channels, whole.size) == (channels, (5, 4))


X, Y = np.zeros((3, 4, 4, 3), dtype=np.uint8), np.array([0, 1, 1])
FAULTS = {
    "floats": ((X.astype(float), Y, ("a", "b")), "The pictures are float64 of shape"),
    "no channels": ((X[..., 0], Y, ("a", "b")), "The pictures are uint8 of shape (3, 4, 4)"),
    "four channels": ((np.zeros((3, 4, 4, 4), np.uint8), Y, ("a", "b")), "1 or 3), n at least 1"),
    "nothing": ((X[:0], Y[:0], ("a", "b")), "The pictures are uint8 of shape (0,"),
    "more labels": ((X, np.zeros(4, dtype=np.int64), ("a", "b")), "(4,) for 3 pictures"),
    "float labels": ((X, Y.astype(float), ("a", "b")), "The labels are float64"),
    "too large": ((X, Y + 1, ("a", "b")), "A label is 2, and there are 2 classes: expected 0 to 1"),
    "negative": ((X, Y - 1, ("a", "b")), "A label is -1, and there are 2 classes"),
    "one class": ((X, 0 * Y, ("a",)), "The classes are a: expected at least two"),
    "a name twice": ((X, Y, ("a", "a")), "The classes are a, a: expected at least two"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_is_one_sentence(fault):
    arguments, message = FAULTS[fault]
    with pytest.raises(InputError) as caught:
        LabelledImages(*arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
