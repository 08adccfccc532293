"""Labelled sets that a run makes, as npz files that training reads."""

from pathlib import Path

import numpy as np

from scorelet.data.labelled import LabelledImages
from scorelet.tasks.array_files import write_arrays


def write_set(path: Path, train: LabelledImages, test: LabelledImages) -> None:
    """Write the parts train and test of a set, of the same classes, both in memory."""
    arrays = {"classes": np.array(train.classes)}
    for name, part in (("train", train), ("test", test)):
        arrays |= {f"x_{name}": np.asarray(part.x), f"y_{name}": part.y}
    write_arrays(path, arrays)
