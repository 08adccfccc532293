"""Draw the log of a run: its loss, its rate, and what its validation found.

Run:  python examples/write_digits.py digits
      scorelet train examples/digits.yaml --cfg.validate_every 10 --cfg.log_every 2
      python examples/draw_training.py runs/digits docs/images/train.png
"""

import sys
from pathlib import Path

from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure
from scorelet.training import read_log

PANELS = {"loss": "log", "rate": "linear", "accuracy": "linear", "psnr": "linear"}
"""Figures that are drawn where the log has them, and their scales."""


def main(run: Path, picture: Path) -> list[str]:
    """Write the drawing; return the names of what it shows."""
    lines = read_log(run / "log.jsonl")
    names = [name for name in PANELS if any(name in line for line in lines)]
    figure = new_figure(3.2 * len(names), 2.6)
    row = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name, colour in zip(row, names, COLOURS, strict=False):
        points = [(line["step"], line[name]) for line in lines if name in line]
        axes.plot(*zip(*points, strict=True), color=colour)
        axes.set(title=name, xlabel="step", yscale=PANELS[name])
        axes.spines[["top", "right"]].set_visible(False)
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(png(figure, dpi=80))
    return names


if __name__ == "__main__":
    print(", ".join(main(Path(sys.argv[1]), Path(sys.argv[2]))))
