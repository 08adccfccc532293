"""Draw one field of every reference law.

Run:  python examples/draw_fields.py docs/images/ensembles.png
"""

import math
import sys
from pathlib import Path

from scorelet.data.fields.ensembles import ENSEMBLES, ensemble
from scorelet.plots import png
from scorelet.plots.figures import new_figure

COLUMNS = 5


def main(path: Path, *, side: int = 128) -> None:
    """Write the drawing to `path`; `side` of the fields, in pixels."""
    rows = math.ceil(len(ENSEMBLES) / COLUMNS)
    figure = new_figure(1.9 * COLUMNS, 2.1 * rows)
    grid = figure.subplots(rows, COLUMNS).flat
    for name, axes in zip(ENSEMBLES, grid, strict=False):
        axes.imshow(ensemble(name).sample(1, side, seed=1)[0, 0].numpy(), cmap="gray")
        axes.set_title(name, fontsize="medium")
    for axes in figure.axes:
        axes.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure, dpi=80))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
