"""Denoise a folder of pictures by many workers, on one machine or a cluster, with Ray Data.

pip install 'ray[data]'
python examples/bulk_ray.py photos clean
python examples/bulk_ray.py /shared/photos /shared/clean --workers 64

Each worker keeps one model and one core, and names what it cannot denoise. Pictures whose result is
there are left out, so that an interrupted job goes on when it is started again. On a cluster the
folders are ones that all machines see, and `ray` finds the cluster by RAY_ADDRESS.
"""

import argparse
import os
import sys
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.data import find_pictures
from scorelet.tasks.denoise import denoise_files

Row = dict[str, str]


class Worker:
    """Denoises one picture after the other; the model is read with the first."""

    def __call__(self, row: Row) -> Row:
        """Return {source, target, error}; no error: an empty text."""
        Path(row["target"]).parent.mkdir(parents=True, exist_ok=True)
        try:
            (outcome,) = denoise_files([row["source"]], row["target"])
        except InputError as error:
            return row | {"error": str(error)}
        return row | {"error": outcome.error or ""}


def pictures(source: Path, output: Path) -> list[Row]:
    """Return {source, target} of the pictures below a folder whose results are not there."""
    rows = [
        {"source": str(path), "target": str(output / path.relative_to(source))}
        for path in find_pictures(source)
        if not path.is_relative_to(output)
    ]
    return [row for row in rows if not Path(row["target"]).exists()]


def main(source: Path, output: Path, workers: int) -> list[Row]:
    """Denoise the pictures that are left; return those that failed, with their errors."""
    import ray

    rows = pictures(source.resolve(), output.resolve())
    if not rows:
        return []
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=min(workers, len(rows)))
    results = ray.data.from_items(rows).map(Worker, compute=pool, num_cpus=1)
    return [row for row in results.iter_rows() if row["error"]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    if not given.source.is_dir() or given.source.resolve() == given.output.resolve():
        parser.error(f"{given.source} has to be a folder, and another one than the output")
    failed = main(given.source, given.output, given.workers)
    for row in failed:
        print(row["error"])
    sys.exit(1 if failed else 0)
