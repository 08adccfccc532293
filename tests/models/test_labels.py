"""Labels: whole numbers in range, one for all images or one for each."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.models import Denoiser, ResidualDenoiser, class_labels

Y = torch.zeros(3, 1, 2, 2)


class PerClass(Denoiser):
    """Returns an image filled with the label, or with -1 where none is given."""

    blind, labels = True, 4

    def _denoise(self, y, sigma, cond, label):
        value = y.new_full((len(y),), -1) if label is None else label.to(y)
        return value[:, None, None, None].expand_as(y)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (2, [2, 2, 2]),
        (torch.tensor(3), [3, 3, 3]),
        (torch.tensor([0, 3, 1]), [0, 3, 1]),
        (torch.tensor([0, 3, 1], dtype=torch.uint8), [0, 3, 1]),
    ],
)
def test_a_label_is_one_number_or_one_per_image(label, expected):
    got = class_labels(label, Y, classes=4)
    assert got.dtype == torch.int64
    assert got.tolist() == expected
    assert PerClass()(Y, label=label)[:, 0, 0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (4, "label is 4: this model has classes 0 to 3"),
        (-1, "classes 0 to 3"),
        (torch.tensor([0, 1, 4]), "classes 0 to 3"),
        (torch.tensor([0, 1]), r"shape \(2,\) for a batch of 3"),
        (torch.zeros(3, 1, dtype=torch.int64), "one per image"),
        (torch.tensor([0.0, 1.0, 2.0]), "must be a whole number"),
        (True, "must be a whole number"),
    ],
)
def test_labels_that_cannot_be_used(label, words):
    with pytest.raises(InputError, match=words):
        PerClass()(Y, label=label)


def test_a_class_is_known_by_its_name_or_number():
    named = PerClass()
    named.classes = ("cat", "dog", "car", "ship")
    found = [named(Y, label=label)[0, 0, 0, 0].item() for label in ("dog", "2", "3")]
    assert found == [1, 2, 3]
    with pytest.raises(InputError, match="no class 'cow': use cat, dog, car, ship"):
        named(Y, label="cow")
    with pytest.raises(InputError, match="label is 4: this model has classes 0 to 3"):
        named(Y, label="4")
    with pytest.raises(InputError, match="no class 'cow': its classes are 0 to 3"):
        PerClass()(Y, label="cow")


def test_without_a_label_the_estimate_is_over_all_classes():
    assert (PerClass()(Y) == -1).all()


def test_a_denoiser_without_classes_refuses_a_label():
    with pytest.raises(InputError, match="knows no classes: call it without label"):
        ResidualDenoiser(torch.nn.Identity())(Y, label=0)


def test_names_that_are_numbers_are_names():
    names = ("1", "10", "2")
    for number, name in enumerate(names):
        assert class_labels(name, Y, classes=3, names=names).tolist() == [number] * len(Y)
    with pytest.raises(InputError, match="no class '0': use 1, 10, 2"):
        class_labels("0", Y, classes=3, names=names)
    assert class_labels("2", Y, classes=3, names=("a", "b", "c")).tolist() == [2] * len(Y)
