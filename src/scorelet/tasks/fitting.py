"""Pictures of any size for a classifier of one size, as arrays of 8 bits."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from scorelet.data import from_unit, to_unit
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.data.labelled.files import Part
from scorelet.models import Classifier
from scorelet.models.classifier import fitted

Pixels = np.ndarray


def pixels_fitter(size: tuple[int, int], fit: str) -> Callable[[Pixels], Pixels]:
    """Return a function that brings uint8 (height, width, channels) to `size`.

    Args:
        size: (height, width) of the result.
        fit: as in `scorelet.models.fitted`.
    """

    def brought(pixels: Pixels) -> Pixels:
        if pixels.shape[:2] == tuple(size):
            return pixels
        image = torch.from_numpy(to_unit(pixels)).permute(2, 0, 1)[None]
        return from_unit(fitted(image, size, fit=fit)[0].permute(1, 2, 0).numpy(), "uint8")

    return brought


def load_fitted(
    source: str | Path, classifier: Classifier, *, part: Part, labels: bool = True
) -> LabelledImages:
    """Read a labelled set; pictures in folders get a classifier's size and channels.

    Args:
        source, part, labels: as in `scorelet.data.labelled.load_labelled`, and so is what is
            raised.
        classifier: for whom.
    """
    colour = classifier.channels is None or 3 in classifier.channels
    fit = None if classifier.size is None else pixels_fitter(classifier.size, classifier.fit)
    channels = 3 if colour else 1
    return load_labelled(source, part=part, channels=channels, fit=fit, labels=labels)
