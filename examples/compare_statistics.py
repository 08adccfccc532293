"""Draw maps, maps with the same power spectrum and random phases, and a statistic that differs.

Run:  python examples/compare_statistics.py docs/images

Writes fields.png and peaks.png into the folder.
"""

import sys
from pathlib import Path

from scorelet.analysis.field_statistics import (
    gaussian_reference,
    peaks,
    phase_randomized,
    power_map,
)
from scorelet.core.random import generator
from scorelet.data.fields.ensembles import ensemble
from scorelet.plots import fields_figure, png, statistic_figure


def main(folder: Path, *, count: int = 64, side: int = 128) -> None:
    """Write the drawings of `count` maps of `side` pixels."""
    maps = ensemble("log_normal").sample(count, side, seed=1)[:, 0]
    sets = {"log-normal": maps, "random phases": phase_randomized(maps, rng=generator(0))}
    first = peaks(maps)
    found = {title: peaks(x, like=first) for title, x in sets.items()}
    reference = gaussian_reference(power_map(maps), first)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fields.png").write_bytes(png(fields_figure(sets, count=3), dpi=54))
    (folder / "peaks.png").write_bytes(png(statistic_figure(found, reference=reference), dpi=80))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
