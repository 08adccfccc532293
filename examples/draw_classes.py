"""Draw pictures as a classifier sees them, with the classes that it finds most probable.

Run:  python examples/draw_classes.py docs/images/classes.png cifar10-scattering

draws photographs of scikit-image, one of which has none of the model's classes on it.
"""

import sys
from pathlib import Path

import numpy as np
import torch

import scorelet as sl
from scorelet.models import Classifier
from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure

PHOTOGRAPHS = ("chelsea", "rocket", "coffee")
SHOWN = 3


def main(target: Path, model: Classifier, photographs: dict[str, np.ndarray]) -> list[str]:
    """Write the drawing; return the most probable class of each picture, uint8 (h, w, 3)."""
    figure = new_figure(7.2, 1.7 * len(photographs))
    grid = figure.subplots(len(photographs), 3, squeeze=False, width_ratios=(1.4, 1, 1.6))
    first = []
    for (picture, seen, bars), pixels in zip(grid, photographs.values(), strict=True):
        found = sl.classify(pixels, model=model)
        order = np.argsort(found.probabilities)[::-1][:SHOWN]
        names = [found.classes[k] for k in order]
        first.append(names[0])
        small = model.fitted(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255)
        for axes, shown in (
            (picture, pixels),
            (seen, small[0].permute(1, 2, 0).clamp(0, 1).numpy()),
        ):
            axes.imshow(shown)
            axes.set_axis_off()
        values = [found.probabilities[k] for k in order]
        bars.barh(range(len(order)), values, color=COLOURS[0], height=0.6)
        bars.set(xlim=(0, 1), xticks=(0, 0.5, 1), yticks=range(len(order)), yticklabels=names)
        bars.invert_yaxis()
        bars.spines[["top", "right"]].set_visible(False)
    for axes, title in zip(grid[0], ("picture", "what the model sees", "probability"), strict=True):
        axes.set_title(title, fontsize="medium")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(png(figure, dpi=80))
    return first


if __name__ == "__main__":
    from skimage import data

    classifier = sl.load(sys.argv[2])
    print(
        main(Path(sys.argv[1]), classifier, {name: getattr(data, name)() for name in PHOTOGRAPHS})
    )
