"""Small networks with something learned, and pictures for them."""

import numpy as np
import torch

from planted_weights import normal
from scorelet import zoo
from scorelet.data.labelled import LabelledImages
from scorelet.models import Classifier
from scorelet.networks import ResNet

NAMES = ("a", "b", "c", "d")
SECOND = "stages.1.0.second"
"""The convolution that has learned something."""


def learned_classifier(seed, *, width=1.0, directions=0):
    """A residual classifier whose second convolution has learned two directions."""
    torch.manual_seed(seed)
    net = ResNet(3, 4, blocks=(1, 1), widths=(8, 40), width=width)
    target = net.stages[1][0].second.weight
    with torch.no_grad():
        patterns = normal(2, *target.shape[1:], seed=50 + directions, dtype=torch.float32)
        target += 0.05 * torch.einsum("nk,kcij->ncij", torch.randn(len(target), 2), patterns)
    return Classifier(net.eval(), NAMES, size=(8, 8))


def learned_images(count=60):
    rng = np.random.default_rng(0)
    y = np.arange(count) % 4
    x = rng.integers(0, 255, (count, 8, 8, 3))
    x[np.arange(count), :, :4, 0] += 60 * y[:, None, None]
    return LabelledImages(x.clip(0, 255).astype(np.uint8), y.astype(np.int64), NAMES)


def doubled_images():
    """Twice as many, twice as large: each pixel is four."""
    images = learned_images(120)
    return LabelledImages(images.x.repeat(2, 1).repeat(2, 2), images.y, images.classes)


def write_data(path):
    """An npz file whose training and test parts are the same."""
    images = learned_images()
    parts = {"x": images.x, "y": images.y}
    arrays = {f"{name}_{part}": parts[name] for part in ("train", "test") for name in parts}
    np.savez(path, classes=np.array(NAMES), **arrays)
    return path


def write_learned(path, seed=0):
    """A checkpoint of `learned_classifier`."""
    zoo.save(learned_classifier(seed), path)
    return path


def layer(document, name):
    """What a document of `weights` says of the layer of that name."""
    return next(entry for entry in document["layers"] if entry["name"] == name)
