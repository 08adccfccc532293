"""Draw how well each block of a classifier separates the classes of a labelled set.

Run:  export SCORELET_DATA=...          # cifar10.npz below it
      python examples/draw_depth.py docs/images/depth.png cifar10-scattering cifar10
"""

import sys
from pathlib import Path

import scorelet as sl
from scorelet.analysis.fisher_profile import FisherProfile
from scorelet.plots import png
from scorelet.plots.separation import profile_figure


def main(target: Path, model: object, data: str | Path, *, dimension: int = 64) -> FisherProfile:
    """Write the drawing; return what is in it."""
    layers = ("input", "blocks.?")
    found = sl.fisher(data, model=model, layers=layers, dimension=dimension, pool="mean")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(png(profile_figure(found.profile), dpi=80))
    return found.profile


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
