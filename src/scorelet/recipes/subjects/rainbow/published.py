"""Figures of the paper and of its data that can be read, for the report: arXiv 2305.18512."""

TUTORIAL = {
    ("perceptron", "trained"): ("42.4", "42.7"),
    ("perceptron", "sampled"): ("30.6", "32.9"),
    ("convolutional", "trained"): ("57.4", "57.1"),
    ("convolutional", "sampled"): ("40.3", "35.5"),
}
"""Accuracies in percent, by network and weights: authors' notebook, and the tutorial's site."""

WIDTHS = (
    "Published (figure 3, read by eye; 7 hidden layers, relative to the widest of 8): 0.35, 0.26, "
    "0.18, 0.12 for signals of the first layer at widths 1/8, 1/4, 1/2, 1; 0.55 to 0.68 at 1/8 "
    "and 0.36 to 0.48 at 1 for layers 2 to 7. ResNet-18 on ImageNet: 0.6 to below 0.1 at the "
    "first, 1.1 to 1.9 down to 0.28 to 0.8 at the middle layers, about 1 at the last."
)
COVARIANCES = (
    "Published (figure 4, 3 hidden layers, read by eye): 0.72 at width 1/8, 0.36 at 1 and 0.145 at "
    "16 for the second matrix; 0.90, 0.60 and 0.23 for the third."
)
DYNAMICS = (
    "Published (figure 10, read by eye; 7 hidden layers, j = 4, epoch 20): amplification 6, 1.6, "
    "1.0 at ranks 1, 100, 500; cosine 0.72 at the lowest and highest ranks, 0.88 around 150."
)
BY_RANK = (
    (1, 18.8), (2, 23.9), (3, 29.3), (5, 45.4), (8, 61.8), (10, 63.7), (15, 71.6), (20, 74.3),
    (25, 78.8), (30, 79.6), (40, 80.6), (60, 80.7), (100, 81.0), (320, 80.9),
)  # fmt: skip
"""Figure 4: rank kept of layer 2 of 3 hidden layers, and accuracy of one network in percent."""
BY_RANK_50 = (
    (1, 19.5), (2, 24.0), (3, 29.6), (5, 46.3), (8, 62.2), (10, 63.3), (15, 71.5), (20, 74.7),
    (25, 78.7), (30, 79.0), (40, 79.8), (60, 80.7), (100, 80.8), (320, 80.9),
)  # fmt: skip
"""The same with eigenvectors of the aligned weights of 50 networks."""

CLIPPED = (
    "Published: figure 6, of a network of 7 hidden layers at width 1 that is right about 88.36 % "
    "of the pictures, with the nearest share of directions."
)
_SHARES = (0.02, 0.04, 0.1, 0.2)
_CLIPPED = {
    "blocks.1.project": (
        ("6 of 320", 76.3, 72.6, 22.5), ("19 of 320", 87.9, 87.0, 49.0),
        ("32 of 320", 88.3, 87.9, 67.2), ("64 of 320", 88.2, 88.1, 78.9),
    ),
    "blocks.2.project": (
        ("12 of 640", 84.2, 76.2, 23.4), ("25 of 640", 87.0, 84.6, 30.7),
        ("64 of 640", 87.5, 86.8, 47.2), ("128 of 640", 87.8, 87.8, 72.0),
    ),
    "blocks.3.project": (
        ("25 of 1280", 86.8, 85.2, 23.0), ("51 of 1280", 88.1, 87.1, 33.0),
        ("102 of 1280", 88.1, 87.7, 50.9), ("256 of 1280", 88.5, 88.4, 75.8),
    ),
    "blocks.4.project": (
        ("51 of 2560", 87.4, 85.9, 26.3), ("102 of 2560", 87.7, 87.1, 34.2),
        ("256 of 2560", 88.0, 87.8, 56.1), ("512 of 2560", 88.2, 88.2, 75.2),
    ),
    "blocks.5.project": (
        ("51 of 2560", 87.5, 84.6, 33.6), ("102 of 2560", 88.2, 86.5, 42.7),
        ("256 of 2560", 88.5, 87.8, 65.0), ("512 of 2560", 88.2, 88.1, 75.4),
    ),
    "blocks.6.project": (
        ("51 of 2560", 87.7, 83.2, 28.5), ("102 of 2560", 88.2, 86.2, 43.8),
        ("256 of 2560", 88.4, 87.9, 66.6), ("512 of 2560", 88.5, 88.0, 77.9),
    ),
}  # fmt: skip


def clipped(layer: str, share: float) -> tuple[str, str, str, str]:
    """Return what figure 6 has for a layer and share: kept, and accuracies of three bases."""
    if layer not in _CLIPPED or share not in _SHARES:
        return "–", "–", "–", "–"
    kept, *values = _CLIPPED[layer][_SHARES.index(share)]
    weights, signals, random = (f"{value:.1f}" for value in values)
    return str(kept), weights, signals, random


GAUSSIAN = (
    "Published (figures 7 and 8, 50 networks of 7 hidden layers): 21.1 to 1.6 % (j = 2), 12.1 to "
    "3.9 % (j = 4), 26.8 to 8.4 % (j = 6); p at ranks 1, 10, 100: 0.004, 0.46, 0.14 (j = 2), "
    "0.057, 0.045, 0.157 (j = 4), 0.075, 0.756, 0.487 (j = 6). There a network's weights are "
    "whitened by the covariance of all, itself included."
)
RESAMPLED = {
    1 / 8: "88.0, 54.8, 67.15",
    1 / 4: "89.7, 67.2, 77.13",
    1 / 2: "91.1, 76.3, 81.68",
    1.0: "91.6, 81.4, 85.52",
    2.0: "91.9, 84.0, 87.55",
    4.0: "91.9, 84.7, 88.72",
}
"""Figure 9: accuracies in percent by width."""

DRAWN = (
    "Published: figure 9, 7 hidden layers with skip connections, 150 epochs of all pictures; there "
    "the last matrix is fitted anew with the classifier, here only the classifier is."
)
