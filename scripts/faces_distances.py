"""Measure kernel distances of samples of the built-in model `faces`, beside those of real halves.

export SCORELET_DATA=...                         # faces80.npz below it
python scripts/faces_distances.py 500

Writes the table `distances` of docs/results/faces.json for so many samples, those that
`publish_faces.py` begins with, which writes the table, too, when the model is made.
"""

import json
import sys

import numpy as np
import torch
from publish_faces import NAME, RESULTS, SEED, as_images, distances

from scorelet.analysis.sample_quality import scattering_features
from scorelet.core.files import write_text
from scorelet.data import locate
from scorelet.tasks.sample import sample


def main(count: int) -> None:
    """Draw samples, measure, and store the table."""
    drawn = torch.from_numpy(sample(NAME, n=count, seed=SEED + 1).images).clamp(0, 1)
    test = as_images(np.load(locate("faces80.npz"))["test"])
    document = json.loads(RESULTS.read_text(encoding="utf-8"))
    document["distances"] = distances(scattering_features(drawn), scattering_features(test))
    write_text(RESULTS, json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
