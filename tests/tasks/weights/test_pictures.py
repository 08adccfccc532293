"""Pictures on which networks are compared and drawn anew: labels are not needed for that."""

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from aligned_networks import plain_net
from samples import write_png
from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages
from scorelet.models import ResidualDenoiser
from scorelet.networks import BFCNN, ShuffleUNet
from scorelet.tasks.networks import PictureChoice, open_pictures
from scorelet.tasks.picture_arrays import images_of


def test_a_comparison_takes_a_folder_of_pictures(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60, 8, 8, 3), np.uint8)
    for k, pixels in enumerate(x):
        write_png(tmp_path / f"{k:02}.png", pixels)
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)) for _ in range(2)]
    known = LabelledImages(x, np.arange(60) % 2, ("a", "b"))
    flat, sorted_ = (
        sl.weights.compare(*nets, data=data, draws=2).document for data in (tmp_path, known)
    )
    assert flat["layers"] == sorted_["layers"]
    (tmp_path / "notes.txt").write_text("")
    again = sl.weights.compare(*nets, data=tmp_path, draws=2).document
    assert any("notes.txt" in text for text in again["warnings"])


def test_data_without_pictures_are_not_asked_for_classes_where_labels_are_not_used(tmp_path):
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3))
    with pytest.raises(InputError, match="has no picture that can be read: choose another"):
        sl.weights.compare(net, net, data=tmp_path)
    write_png(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match=r"is no set of pictures: .* or a folder of them"):
        sl.weights.compare(net, net, data=tmp_path / "a.png")


def test_gray_networks_see_a_folder_of_gray_pictures_and_drawing_needs_no_labels(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
    for k, pixels in enumerate(x):
        write_png(tmp_path / f"{k:02}.png", pixels)
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)) for _ in range(2)]
    known = LabelledImages(x, np.arange(60) % 2, ("a", "b"))
    for run in (
        lambda data: sl.weights.compare(*nets, data=data, draws=2).document["layers"],
        lambda data: sl.weights.resample(nets[0], data=data).document["layers"],
    ):
        assert run(tmp_path) == run(known)
    with pytest.raises(InputError, match="folder for each"):
        sl.weights.resample(nets[0], data=tmp_path, refit=True)


def test_gray_denoisers_are_compared_on_a_folder_and_an_array_of_pictures(tmp_path):
    """They say what they take; the first convolution of one with shuffled pixels has four."""
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
    for k, pixels in enumerate(x):
        write_png(tmp_path / f"{k:02}.png", pixels)
    np.save(tmp_path / "x.npy", x[..., 0] / np.float32(255))
    known = torch.from_numpy(x[..., 0] / np.float32(255))[:, None]
    torch.manual_seed(0)
    nets = [ResidualDenoiser(BFCNN(1, width=8, depth=3)) for _ in range(2)]
    for data in (known, tmp_path, tmp_path / "x.npy"):
        layers = sl.weights.compare(*nets, data=data, draws=2).document["layers"]
        assert [layer["neurons"] for layer in layers] == [[8, 8], [8, 8], [1, 1]]
    shuffled = ShuffleUNet(1, widths=(8, 8), encoder=(1, 1), decoder=(1,))
    for model in (shuffled, ResidualDenoiser(shuffled)):
        images = open_pictures(tmp_path, model, PictureChoice(), labels=False)
        assert images.channels == 1


def test_pictures_in_memory_need_no_labels_where_these_are_not_used():
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), np.uint8)
    labelled = sl.LabelledImages(x, np.arange(60) % 2, ("a", "b"))
    floats, (one, other) = labelled.images(0, 60), (plain_net(side=8).float() for _ in range(2))
    for run in (
        lambda data: sl.weights.compare(one, other, data=data, draws=2, limit=50).document,
        lambda data: sl.weights.resample(one, data=data, limit=50).document,
    ):
        known = run(labelled)
        for data in (floats, floats.numpy(), floats.numpy().astype(np.longdouble)):
            found = run(data)
            assert found["layers"] == known["layers"]
            assert found["pictures"] == known["pictures"]
            assert (found["data"], found.get("part")) == ("in memory", None)
    for data, words in (
        (x, r"uint8 of shape \(60, 8, 8, 3\): expected floats"),
        (floats[0], r"of shape \(3, 8, 8\): expected floats"),
        (floats[:0], "expected floats"),
        (255 * floats, r"values from 0 to 255: expected \[0, 1\]"),
        (floats / 0, "hold NaN: fill them first"),
        (floats[:1], "There is one picture"),
    ):
        with pytest.raises(InputError, match=words):
            sl.weights.compare(one, other, data=data)
    with pytest.raises(InputError, match="refit needs labels"):
        sl.weights.resample(one, data=floats, refit=True)


def test_a_file_of_pictures_needs_no_labels_where_these_are_not_used(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    np.save(tmp_path / "x.npy", x)
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)) for _ in range(2)]
    floats = images_of(x[..., None])
    for run in (
        lambda data: sl.weights.compare(*nets, data=data, draws=2, limit=50).document,
        lambda data: sl.weights.resample(nets[0], data=data, limit=50).document,
    ):
        found, known = run(tmp_path / "x.npy"), run(floats)
        assert found["layers"] == known["layers"]
        assert (found["data"], found.get("part")) == (str(tmp_path / "x.npy"), None)
    with pytest.raises(InputError, match="is no set of labelled pictures"):
        sl.weights.resample(nets[0], data=tmp_path / "x.npy", refit=True)
