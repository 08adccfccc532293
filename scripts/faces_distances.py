"""Measure samples of the built-in model `faces` beside faces again: all tables of its results.

export SCORELET_DATA=...                         # faces80.npz below it
python scripts/faces_distances.py

Writes docs/results/faces.json but for its head, and what the card says of samples, from those that
`publish_faces.py` measures when the model is made.
"""

import json

import numpy as np
import torch
from publish_faces import CARD, NAME, RESULTS, SAMPLES, SEED, as_images, figures, measured

from scorelet.core.files import write_text
from scorelet.data import locate
from scorelet.tasks.sample import sample


def main() -> None:
    """Draw samples, measure, and store the tables."""
    drawn = torch.from_numpy(sample(NAME, n=SAMPLES, seed=SEED + 1).images).clamp(0, 1)
    arrays = np.load(locate("faces80.npz"))
    train = as_images(np.concatenate([arrays["a"], arrays["b"]]))
    document = json.loads(RESULTS.read_text(encoding="utf-8"))
    document |= measured(drawn, as_images(arrays["test"]), train)
    write_text(RESULTS, json.dumps(document, indent=2) + "\n")
    card = json.loads(CARD.read_text(encoding="utf-8")) | {"samples": figures(document)}
    write_text(CARD, json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
