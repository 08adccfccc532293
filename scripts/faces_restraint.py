"""What a restraint of the low band does to samples of the built-in model `faces`.

export SCORELET_DATA=...                         # faces80.npz below it
python scripts/faces_restraint.py 0 0.01 0.02

Prints a line for each: power by octave, and the kernel distance on scattering coefficients, of 250
samples beside the 500 faces that were held out of the training, and of halves of these. The details
have blind denoisers, to which a restraint is another time, see `ReversePlan`.
"""

import sys

import numpy as np
import torch
from publish_faces import as_images, distances

from scorelet.analysis.sample_quality import octave_ratios, scattering_features
from scorelet.data import locate
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.sample import sample
from scorelet.zoo import load_as

NAME, SAMPLES, HELD_OUT, SEED = "faces", 250, 500, 1


def main(restraints: list[float]) -> None:
    """Draw and measure samples with each restraint of the low band."""
    arrays = np.load(locate("faces80.npz"))
    held = as_images(np.concatenate([arrays["a"], arrays["b"]])[-HELD_OUT:])
    features = scattering_features(held)
    for restraint in restraints:
        model = load_as(Multiscale, NAME, verb="sample")
        model.record["restraint"] = [restraint, 0, 0]
        drawn = torch.from_numpy(sample(model, n=SAMPLES, seed=SEED).images).clamp(0, 1)
        (*_, far) = distances(scattering_features(drawn), features)
        power = " ".join(f"{float(ratio):.2f}" for ratio in octave_ratios(held, drawn))
        print(f"{restraint:g}: power {power}; {far['times_halves']:.1f} times as far as halves")


if __name__ == "__main__":
    main([float(word) for word in sys.argv[1:]])
