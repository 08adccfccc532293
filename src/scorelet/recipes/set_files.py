"""Labelled sets that a run makes, as npz files that training reads."""

from pathlib import Path

import numpy as np

from scorelet.data.labelled import LabelledImages
from scorelet.tasks.array_files import writing


def write_set(path: Path, train: LabelledImages, test: LabelledImages) -> None:
    """Write the parts train and test of a set, of the same classes, both in memory."""
    with writing(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            x_train=train.x,
            y_train=train.y,
            x_test=test.x,
            y_test=test.y,
            classes=np.array(train.classes),
        )
