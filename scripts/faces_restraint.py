"""What restraints, churn and spreads do to samples of `faces`, or of a model of its kind.

export SCORELET_DATA=...                         # faces80.npz below it
python scripts/faces_restraint.py 0,0,0 0.01,0,0 0.01,0.01,0.01
python scripts/faces_restraint.py 0.01,0,0 --churn 1:2,0:0.5,0:0.3
python scripts/faces_restraint.py 0.01,0,0 --spread 0,0.2,0
python scripts/faces_restraint.py 0.01,0,0 --model runs/faces/weights.safetensors

Prints a line for each: power by octave, the spread of its logarithm from sample to sample beside
that of faces, and the kernel distance on scattering coefficients, of 250 samples beside the 500
faces that were held out of the training, and of halves of these. The numbers are those of the low
band and of the details, coarse to fine, for churn its share and its largest level; blind denoisers
have no restraint: to them it is another time, see `ReversePlan`. For spreads see `Cascade`.
"""

import argparse

import numpy as np
import torch
from publish_faces import as_images, distances, sampling
from torch import Tensor

from scorelet.analysis.sample_quality import band_powers, octave_ratios, scattering_features
from scorelet.data import locate
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.sample import sample
from scorelet.zoo import load_as

NAME, SAMPLES, HELD_OUT, SEED = "faces", 250, 500, 1


def main(name: str, restraints: list[str], churn: str, spread: str, samples: int) -> None:
    """Draw and measure samples of the model with each list of restraints."""
    arrays = np.load(locate("faces80.npz"))
    held = as_images(np.concatenate([arrays["a"], arrays["b"]])[-HELD_OUT:])
    features = scattering_features(held)
    for words in restraints:
        model = load_as(Multiscale, name, verb="sample")
        model.record |= sampling(words, churn, spread)
        drawn = torch.from_numpy(sample(model, n=samples, seed=SEED).images).clamp(0, 1)
        (*_, far) = distances(scattering_features(drawn), features)
        print(
            f"{words} {churn} {spread}: power {numbers(octave_ratios(held, drawn))}; "
            f"spread {numbers(spreads(drawn) / spreads(held))} of that of faces; "
            f"{far['times_halves']:.1f} times as far as halves",
            flush=True,
        )


def spreads(x: Tensor) -> Tensor:
    """Return the deviation of log P over pictures, P the power of each octave."""
    edges = [2**k for k in range(x.shape[-1].bit_length())]
    return band_powers(x, edges).log().std(0)


def numbers(row: Tensor) -> str:
    """Return numbers of a row as words."""
    return " ".join(f"{float(number):.2f}" for number in row)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("restraints", nargs="+", help="of each scale, as 0.01,0,0")
    parser.add_argument("--model", default=NAME, help="path or built-in name")
    parser.add_argument("--churn", default="", help="share and largest level, as 1:2,0:1,0:1")
    parser.add_argument("--spread", default="", help="of each scale, as 0,0.2,0")
    parser.add_argument("-n", type=int, default=SAMPLES, help="how many samples")
    options = parser.parse_args()
    main(options.model, options.restraints, options.churn, options.spread, options.n)
