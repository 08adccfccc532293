"""Pictures of any size for a classifier of one size, as arrays of 8 bits."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from scorelet.core.words import counted
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


class Changes:
    """What is changed of pictures in files for a classifier, as `classify` does, counted.

    Args:
        classifier: whose size and channels they get.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self._shapes: dict[Path, tuple[int, ...]] = {}

    def __call__(self, path: Path, shape: tuple[int, ...]) -> None:
        """Take note of a picture and its shape (height, width, channels); twice is once."""
        self._shapes[path] = shape

    def notes(self) -> list[str]:
        """Return sentences; none where nothing was changed."""
        shapes, size = self._shapes.values(), self.classifier.size
        notes = []
        if size is not None and (count := sum(shape[:2] != size for shape in shapes)):
            how = {
                "crop": "to which the largest central part of that shape was scaled",
                "stretch": "to which such pictures were stretched",
            }
            notes.append(
                f"{self._share(count)} not of the model's {size[0]}x{size[1]}, "
                f"{how[self.classifier.fit]}."
            )
        colour = _takes_colour(self.classifier)
        if count := sum((shape[2] == 1) == colour for shape in shapes):
            how = "gray: the model saw each of these three times"
            if not colour:
                how = "in colours, which were left out: the model takes gray"
            notes.append(f"{self._share(count)} {how}.")
        return notes

    def _share(self, count: int) -> str:
        read = counted(len(self._shapes), "picture")
        return f"{count} of {read} that were read {'is' if count == 1 else 'are'}"


def load_fitted(
    source: str | Path,
    classifier: Classifier,
    *,
    part: Part,
    labels: bool = True,
    seen: Changes | None = None,
) -> LabelledImages:
    """Read a labelled set; pictures in folders get a classifier's size and channels.

    Args:
        source, part, labels: as in `scorelet.data.labelled.load_labelled`, and so is what is
            raised.
        classifier: for whom.
        seen: takes note of what is changed.
    """
    fit = None if classifier.size is None else pixels_fitter(classifier.size, classifier.fit)
    channels = 3 if _takes_colour(classifier) else 1
    return load_labelled(source, part=part, channels=channels, fit=fit, labels=labels, seen=seen)


def _takes_colour(classifier: Classifier) -> bool:
    return classifier.channels is None or 3 in classifier.channels
