"""Draw samples of twins that have no picture in common: of one picture copies, of many new ones.

Two small networks are trained on one drawn picture each, and two on 400. Samples in one column
start from the same noise.

Run:  python examples/draw_audit.py docs/images/audit.png
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from torch import Tensor

from scorelet.data.fields.ensembles import ensemble
from scorelet.plots import png
from scorelet.plots.memorisation import twins_figure
from scorelet.tasks.audit import AuditSettings, Network, audit_twins

NAMES = {
    "near_first": "nearest of the first",
    "first": "first network",
    "second": "second network",
    "near_second": "nearest of the second",
}


def main(
    target: Path, *, sizes: tuple[int, int] = (1, 400), side: int = 16, steps: int = 800
) -> list[str]:
    """Train, draw; return the verdicts."""
    held_out = 32
    count = 2 * sizes[-1] + held_out
    pictures = ensemble("c_alpha_regular").sample(count + count // 5, side, 0)[:, 0]
    network = Network("UNet", {"width": 16}, steps, batch=16, rate=3e-3)
    settings = AuditSettings(sizes, held_out, samples=8, network=network)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "pictures.npy"
        np.save(source, pictures.numpy())
        found = audit_twins(source, Path(folder) / "run", settings)
    rows: dict[str, Tensor] = {}
    for k, size in enumerate(sizes):
        rows |= {f"{size} learned: {name}": found.shown[k][key] for key, name in NAMES.items()}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(png(twins_figure(rows), dpi=80))
    print(found.document["conclusion"])
    for row in found.document["rows"]:
        print(f"{row['size']} learned: {row['sentence']}")
    return [row["verdict"] for row in found.document["rows"]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
