"""Which pictures networks are shown."""

import numpy as np
import pytest
import torch
from torch import nn

from samples import write_png
from scorelet.data.labelled import LabelledImages
from scorelet.tasks.networks import PictureChoice, open_pictures, open_unlabelled

LABELS = np.arange(200) // 50  # sorted by class
PICTURES = np.broadcast_to((60 * LABELS).astype(np.uint8)[:, None, None, None], (200, 4, 4, 1))
GRAY = nn.Conv2d(1, 2, 3)


def in_folder(folder):
    for k, pixels in enumerate(PICTURES):
        write_png(folder / f"{k:03}.png", pixels)
    return folder


def in_file(folder):
    np.save(folder / "sorted.npy", PICTURES[..., 0])
    return folder / "sorted.npy"


@pytest.mark.parametrize(
    "given",
    [
        lambda _: LabelledImages(PICTURES.copy(), LABELS, tuple("abcd")),
        lambda _: torch.tensor(PICTURES / 255).movedim(-1, 1),
        lambda _: (PICTURES / 255).transpose(0, 3, 1, 2),
        in_file,
        in_folder,
    ],
    ids=["labelled", "tensor", "array", "file", "folder"],
)
def test_of_sorted_sets_all_classes_are_shown(tmp_path, given):
    data, shown = given(tmp_path), PictureChoice(limit=60)
    images, _ = open_unlabelled(data, GRAY, shown)
    again, _ = open_unlabelled(data, GRAY, shown)
    if isinstance(images, LabelledImages):
        assert np.array_equal(images.x, again.x)
        images = images.images(0, len(images))
    else:
        assert torch.equal(images, again)
    for part in (images[:40], images[-20:]):  # the last ones are held out
        values = part[:, 0, 0, 0].unique(return_counts=True)
        assert len(values[0]) == 4
        assert int(values[1].min()) >= len(part) // 10


def test_sets_whose_classes_are_mixed_stay_as_they_are():
    order = np.random.default_rng(0).permutation(200)
    data = LabelledImages(PICTURES[order], LABELS[order], tuple("abcd"))
    assert np.array_equal(open_pictures(data, None, PictureChoice(limit=60)).y, data.y[:60])
