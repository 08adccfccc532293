"""Classifiers: logits and posterior, classes by name, pictures brought to the size they take."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from samples import ChannelMeans, colour_classifier, small_network
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import Classifier, fitted


def images(batch, height, width, dtype=torch.float64):
    return torch.rand(batch, 3, height, width, generator=generator(2), dtype=dtype)


def test_the_posterior_is_the_softmax_of_the_logits():
    classifier, x = colour_classifier().double(), images(4, 5, 6)
    logits = 20 * x.mean((2, 3))
    torch.testing.assert_close(classifier(x), logits, rtol=1e-12, atol=0)  # float64 rounding
    expected = logits.exp() / logits.exp().sum(1, keepdim=True)
    torch.testing.assert_close(classifier.posterior(x), expected, rtol=1e-12, atol=0)


def test_classes_have_numbers_and_names():
    classifier = colour_classifier()
    assert classifier.classes == ("red", "green", "blue")
    assert [classifier.label(name) for name in classifier.classes] == [0, 1, 2]
    with pytest.raises(InputError, match="no class 'pink': choose one of red, green, blue"):
        classifier.label("pink")


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.zeros(3, 8, 8), r"shape \(3, 8, 8\)"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "dtype torch.uint8: expected floats"),
        (torch.zeros(1, 1, 8, 8), "has 1 channel: this classifier takes 3"),
        (torch.zeros(1, 3, 8, 9), "are 8x9, and this .* takes 8x8: bring them.*Python.*shell"),
    ],
)
def test_images_that_cannot_be_used(x, words):
    with pytest.raises(InputError, match=words):
        colour_classifier(size=(8, 8))(x)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Classifier(nn.Identity(), ("a",)), "at least two"),
        (lambda: Classifier(nn.Identity(), ("a", "b", "a")), "with different names"),
        (lambda: Classifier(ChannelMeans(classes=3), ("a", "b")), "2 classes .* has 3 logits"),
        (lambda: Classifier(small_network(), ("a", "b")), "the network has no logits"),
        (lambda: Classifier(nn.Identity(), ("a", "b"), size=(8,)), r"size is \(8,\)"),
        (lambda: Classifier(nn.Identity(), ("a", "b"), size=(8, 0)), "size is"),
    ],
)
def test_classifiers_that_make_no_sense(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_an_image_of_the_right_size_is_not_touched():
    x = images(2, 8, 6)
    assert fitted(x, (8, 6), fit="crop") is x
    assert fitted(x, (8, 6), fit="stretch") is x
    assert colour_classifier().fitted(x) is x  # any size will do


@pytest.mark.parametrize(("height", "width"), [(12, 16), (16, 12), (9, 31)])
def test_a_crop_of_the_same_scale_is_the_central_part(height, width):
    """Where the shorter side fits already, nothing is interpolated."""
    x, side = images(1, height, width), min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    expected = x[..., top : top + side, left : left + side]
    assert torch.equal(fitted(x, (side, side), fit="crop"), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_that_of_the_result(dtype):
    x = images(1, 16, 24, dtype)
    assert torch.equal(
        fitted(x, (12, 10), fit="stretch"), fitted(x.float(), (12, 10), fit="stretch").to(dtype)
    )


@pytest.mark.parametrize("fit", ["crop", "stretch"])
@pytest.mark.parametrize("size", [(4, 4), (40, 30)])
def test_a_slope_stays_a_slope(fit, size):
    """Linear interpolation keeps linear functions, away from the border; a crop its steps alike."""
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(24.0), indexing="ij")
    x = torch.stack([rows, columns])[None]
    down, across = fitted(x, size, fit=fit)[0]
    scale = [16 / size[0], 24 / size[1]]
    if fit == "crop":
        scale = [min(scale)] * 2
    inner = slice(size[0] // 4, -size[0] // 4), slice(size[1] // 4, -size[1] // 4)
    for steps, step in ((down.diff(dim=0), scale[0]), (across.diff(dim=1), scale[1])):
        torch.testing.assert_close(steps[inner], torch.full_like(steps[inner], step))


def test_means_survive_shrinking_without_aliasing():
    """Stripes of one pixel become gray, not black or white."""
    x = torch.zeros(1, 1, 64, 64)
    x[..., ::2] = 1
    small = fitted(x, (8, 8), fit="stretch")
    assert (small - 0.5).abs().max() < 0.05
    aliased = F.interpolate(x, size=(8, 8), mode="nearest")
    assert (aliased - 0.5).abs().min() == 0.5
