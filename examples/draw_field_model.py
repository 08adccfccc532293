"""Draw what a model of critical lattice φ⁴ has learnt: potentials and curvatures, scale by scale.

Run:  python examples/draw_field_model.py docs/images/field_model.png
"""

import sys
from pathlib import Path

from scorelet.plots import png
from scorelet.sampling import Phi4
from scorelet.tasks.field_model import FieldModel

COUNT, SIDE = 2000, 32


def main(path: Path, *, count: int = COUNT, side: int = SIDE) -> None:
    """Fit `count` fields of `side` pixels, and write the drawing to `path`."""
    fields = Phi4().sample(count, side, 1)[:, 0]
    figure = FieldModel().fit(fields).plot()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
