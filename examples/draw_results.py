"""Draw the errors of the networks of a recipe beside published ones, and separation by depth.

Run:  python examples/draw_results.py docs/results/phase_collapse.json phase_collapse.png
"""

import json
import sys
from pathlib import Path

from scorelet.plots import png
from scorelet.plots.network_errors import errors_figure

CURVES = {"fisher_ratios": "Fisher ratio without bias", "trace_ratios": "tr Σ_B / tr Σ_W"}


def main(results: Path, picture: Path) -> None:
    """Write the drawing of what ``scorelet reproduce`` has written."""
    found = json.loads(results.read_text(encoding="utf-8"))
    key = next((key for key in CURVES if key in found), None)
    if key is None:
        sys.exit(
            f"{results} has no separation of classes by depth: expected what scorelet reproduce "
            "wrote of phase_collapse or separation_concentration."
        )
    figure = errors_figure(found["networks"], found[key], label=CURVES[key])
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(png(figure, dpi=80))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
