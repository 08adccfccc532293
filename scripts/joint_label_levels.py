"""At which level `cifar10-joint` labels clean pictures best, on pictures that were held out.

export SCORELET_DATA=...                         # cifar10.npz below it
python scripts/joint_label_levels.py cifar10-joint 0.02 0.025 0.03

Prints a line for each `label_level`: labels of 4,000 clean pictures that are right, and of the
first 500 under APGD on the cross-entropy in L2, 0.5. A smaller level costs fewer labels, a larger
one withstands more.
"""

import argparse

import torch
from evaluate_joint import ATTACKS, BALLS, DATA, HELD_OUT

from scorelet.data.labelled import load_labelled
from scorelet.models import NetworkJointEnergy
from scorelet.recipes.hits import accuracy, unpacked
from scorelet.recipes.subjects.classification_denoising.measures import labelling, strongest
from scorelet.recipes.subjects.classification_denoising.settings import Attacks
from scorelet.zoo import load_as

PICTURES = 4000


def main(model: str, levels: list[float]) -> None:
    """Measure the model at each level."""
    joint = load_as(NetworkJointEnergy, model, verb="attack").eval()
    held = load_labelled(DATA, part="train").hold_out(HELD_OUT)[1]
    ball = {"l2": BALLS["l2"]}
    attacks = Attacks(images=ATTACKS["apgd"], steps=0, restarts=1, radii={}, decisive=ball)
    for level in levels:
        joint.label_level = level
        found = {"clean": labelling(joint, held.first(PICTURES), (0.0,))["hits"][0]}
        found |= strongest(joint, held.first(attacks.images), attacks, seed=0)
        words = (f"{name} {_percent(unpacked(hits))}" for name, hits in found.items())
        print(f"{level:g}: {', '.join(words)}", flush=True)


def _percent(hits: torch.Tensor) -> str:
    found = accuracy(hits[None])
    return f"{found.value:.1f} ± {found.error:.1f} %"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="path or built-in name of a joint law")
    parser.add_argument("levels", nargs="+", type=float, help="in the unit of pictures in [0, 1]")
    options = parser.parse_args()
    main(options.model, options.levels)
