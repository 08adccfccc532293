"""Small classifiers whose answers are known."""

import torch

from scorelet import zoo
from scorelet.models import Classifier
from scorelet.networks import ScatteringHead

COLOURS = ("red", "green", "blue")


def colour_classifier(*, fit="crop", scale=4.0):
    """Logits are `scale` times the mean of red, green and blue over 8 x 8 pixels.

    Order 0 of scattering is a mean; the other coefficients get weight 0.
    """
    net = ScatteringHead(3, size=(8, 8), classes=3, scales=3, angles=1)
    paths = len(net.coefficients.channel_kinds) // 3
    with torch.no_grad():
        for colour in range(3):
            net.head.weight[colour, colour * paths] = scale
    return Classifier(net, COLOURS, size=(8, 8), fit=fit).eval()


def gray_classifier():
    """Logits (mean, 0) of gray pictures of any even size from 8 pixels."""
    net = ScatteringHead(1, size=(8, 8), classes=2, scales=3, angles=1)
    with torch.no_grad():
        net.head.weight[0, 0] = 1
    return Classifier(net, ("light", "dark"), size=(8, 8)).eval()


def write_classifier(path, classifier=None):
    """A checkpoint of a classifier; by default `colour_classifier`."""
    zoo.save(classifier or colour_classifier(), path)
    return path
