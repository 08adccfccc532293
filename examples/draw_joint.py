"""Draw what one network that labels and denoises pays and gets, beside networks that do one of it.

Run:  python examples/draw_joint.py docs/results/joint_controls.json docs/images/joint.png

Left labels by noise level, middle denoising beside the best linear filter, right labels under PGD
by the radius of its ball, all from what scripts/evaluate_joint.py wrote; the first 1,000 test
pictures, 500 under attack.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = {
    "joint": "labels and denoises",
    "cross-entropy": "labels of clean pictures",
    "noisy cross-entropy": "labels of clean and noisy ones",
}
WAYS = {"joint": "labels and denoises", "direct": "denoises only", "linear": "linear filter"}
Row = dict[str, Any]


def main(results: Path, picture: Path) -> None:
    """Write the drawing."""
    found = json.loads(results.read_text(encoding="utf-8"))
    figure = new_figure(10.5, 3.6)
    panels = figure.subplots(1, 3)
    noisy = [row for row in found["labels"] if row["part"] == "test"]
    draw_accuracy(panels[0], noisy, "sigma", "noise level")
    draw_gains(panels[1], found["denoising"])
    attacked = [row for row in found["attacks"] if row["norm"] == "linf" and of_curve(row)]
    draw_accuracy(panels[2], [row | {"eps": 255 * row["eps"]} for row in attacked], "eps", "255 ε")
    panels[2].set_title("under PGD, L∞", fontsize="medium")
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(png(figure, dpi=80))


def of_curve(row: Row) -> bool:
    """Return whether a row is of the curve by PGD, or of pictures as they are."""
    return row["attack"] == "pgd" or (row["attack"] == "none" and row["pictures"] > 200)


def draw_accuracy(axis: "Axes", rows: list[Row], key: str, label: str) -> None:
    """Draw the accuracy of each network by a number."""
    for (name, title), colour in zip(LABELS.items(), COLOURS, strict=False):
        own = sorted({row[key]: row for row in rows if row["network"] == name}.items())
        places = [place for place, _ in own]
        values = [row["accuracy"] for _, row in own]
        errors = [row["accuracy_error"] for _, row in own]
        axis.errorbar(places, values, errors, label=title, color=colour, marker="o", capsize=3)
    axis.set(xlabel=label, ylabel="labels right, %", ylim=(0, 100))
    finish(axis)


def draw_gains(axis: "Axes", rows: list[Row]) -> None:
    """Draw the gain in PSNR of each way by the PSNR of noisy pictures."""
    for (name, title), colour in zip(WAYS.items(), COLOURS, strict=False):
        places = [row["noisy"] for row in rows]
        gains = [row[name] - row["noisy"] for row in rows]
        axis.plot(places, gains, label=title, color=colour, marker="o")
    axis.set(xlabel="PSNR of noisy pictures, dB", ylabel="gain, dB")
    finish(axis)


def finish(axis: "Axes") -> None:
    """Take away lines that say nothing, and name the curves."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize="x-small")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
