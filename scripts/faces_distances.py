"""Measure kernel distances of samples of the built-in model `faces`, beside those of real halves.

export SCORELET_DATA=...                         # faces80.npz below it
scorelet sample -n 500 --seed 1 -o faces.npy
python scripts/faces_distances.py faces.npy

Writes the table `distances` of docs/results/faces.json; `publish_faces.py` does so, too, with all
else, when the model is made.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from publish_faces import RESULTS, as_images, distances

from scorelet.analysis.sample_quality import scattering_features
from scorelet.core.files import write_text
from scorelet.data import locate


def main(samples: Path) -> None:
    """Measure the samples of a file."""
    drawn = torch.from_numpy(np.load(samples)).float().clamp(0, 1)
    test = as_images(np.load(locate("faces80.npz"))["test"])
    document = json.loads(RESULTS.read_text(encoding="utf-8"))
    document["distances"] = distances(scattering_features(drawn), scattering_features(test))
    write_text(RESULTS, json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
