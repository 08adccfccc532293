"""Draw what a classifier withstands: accuracy by the radius of attacks, and attacked pictures.

Run:  export SCORELET_DATA=...          # cifar10.npz below it; five minutes on one core
      python examples/draw_robust.py docs/images docs/results/robust.json
"""

import json
import sys
from pathlib import Path
from typing import Any

import scorelet as sl
from scorelet.plots import png
from scorelet.plots.robustness import examples_figure
from scorelet.tasks.robust.report import curves, examples

COMMAND = "python examples/draw_robust.py docs/images docs/results/robust.json"
EPS = (0.25 / 255, 0.5 / 255, 1 / 255, 2 / 255)


def main(
    folder: Path,
    target: Path,
    *,
    model: Any = "cifar10-scattering",  # noqa: ANN401 - a name, or a network
    data: Any = "cifar10",  # noqa: ANN401 - a name, or pictures with labels
    limit: int = 100,
) -> dict[str, Any]:
    """Write robust.png, attacked.png and the document; return that."""
    found = sl.robust(
        data,
        model=model,
        eps=EPS,
        attack=["pgd", "square"],
        limit=limit,
        steps=10,
        queries=100,
        calibration=True,
    )
    document = {"command": COMMAND, **found.document}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "robust.png").write_bytes(png(curves(document), dpi=80))
    shown = examples(found.work, found.found)
    (folder / "attacked.png").write_bytes(png(examples_figure(shown), dpi=80))
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return document


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
