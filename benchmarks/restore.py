"""Inverse problems with the prior photo: quality beside what is done without one.

Super-resolution by 4 beside cubics, 90 % of the pixels missing beside the nearest known one,
deblurring (standard deviation 2 pixels, noise 2/255) beside Wiener filters tuned with the truth, on
the centres of Set12, in gray, their edges mirrored; and of photographs of cameras that are cut out
of larger blurred ones, every fourth of a folder. The estimate is the mean of samples. What is
finished stands in OUTPUT.partial, one line for each picture, and is not done again when the program
is interrupted.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import Pixels, Row, describe_run, merge_run
from restore_tasks import CUT_OUT, PLAIN, PROBLEMS, REACH, clipped_decibels
from rich.console import Console
from tables import table_of

import scorelet as sl
from scorelet.analysis.denoising import standard_error
from scorelet.core.errors import ScoreletError
from scorelet.data import load_pictures, locate, to_unit
from scorelet.tasks.restore.ways.base import SCHEDULE
from scorelet.tasks.restore.ways.inpaint import FILLING

OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "restore.json"
EXAMPLES = """examples:
  python benchmarks/restore.py --quick                           # does it run; writes nothing
  python benchmarks/restore.py --samples 8        # 12 pictures, into docs/results
"""


def main() -> int:
    """Measure, picture by picture; print the table and write it."""
    options = _options()
    try:
        pictures = {task: _pictures(task, options) for task in options.tasks}
    except ScoreletError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    run = describe_run(
        "restore", f"mean of {options.samples}", ("scorelet", "torch", "numpy", "scipy")
    )
    run |= {"quick": options.quick, "data": options.data, "side": options.side}
    run |= {"cut_data": options.cut_data, "samples": options.samples}
    run |= {"calls": len(SCHEDULE.sigmas())}
    partial = None if options.output is None else Path(f"{options.output}.partial")
    done = _finished(partial, options)
    console = Console()
    for task in options.tasks:
        for number, x in enumerate(pictures[task]):
            place = (task, number)
            if place in done:
                continue
            done[place] = _measured(task, x, number, options)
            console.print(f"{task} {number}: {done[place]}")
            if partial:
                line = json.dumps([_key(options), *place, done[place]])
                with partial.open("a", encoding="utf-8") as stream:
                    stream.write(line + "\n")
    run["rows"] = [
        row
        for task in options.tasks
        for row in _rows(task, [done[task, k] for k in range(len(pictures[task]))])
    ]
    console.print(table_of("restore", run["rows"]))
    if options.output:
        merge_run(options.output, run)
        if partial:
            partial.unlink(missing_ok=True)
    return 0


def _measured(task: str, x: Pixels, number: int, options: argparse.Namespace) -> Row:
    """Restore one picture; the numbers of samples count from 0, the seed is the picture's."""
    problem = PROBLEMS[task](x, number)
    start = time.perf_counter()
    found = sl.restore(
        problem.given,
        samples=options.samples,
        seed=number,
        device=options.device,
        **problem.words,
    )
    image = torch.from_numpy(np.ascontiguousarray(found.image, np.float32))[None, None]
    off = problem.measurement.measure(image) - problem.measured
    return {
        "plain": clipped_decibels(problem.plain, problem.truth),
        "mean": clipped_decibels(found.image, problem.truth),
        "sample": clipped_decibels(found.samples[0], problem.truth),
        "deviation": float(found.deviation.mean()) * 255,
        "largest_deviation_from_measurement": float(off.abs().max()) * 255,
        "rms_from_measurement": float(off.square().mean().sqrt()) * 255,
        "seconds": round(time.perf_counter() - start, 2),
        **problem.settings,
    }


def _rows(task: str, found: list[Row]) -> list[Row]:
    """Return a row for each way to restore."""
    ways = {"plain": PLAIN[task], "sample": "one sample", "mean": "mean of samples"}
    rows = []
    for key, method in ways.items():
        values = [one[key] for one in found]
        gains = [one[key] - one["plain"] for one in found]
        rows.append(
            {
                "task": task,
                "method": method,
                "pictures": len(found),
                "psnr": float(np.mean(values)),
                "gain": float(np.mean(gains)),
                "gain_error": standard_error(gains),
                "least_gain": min(gains),
                "by_picture": [round(value, 3) for value in values],
            }
        )
    last = rows[-1]
    last["seconds_per_picture"] = float(np.mean([one["seconds"] for one in found]))
    last["consistency"] = max(one["largest_deviation_from_measurement"] for one in found)
    last["consistency_rms"] = max(one["rms_from_measurement"] for one in found)
    schedule = FILLING if task == "90 % missing" else SCHEDULE
    last["twice_last_level"] = 2 * schedule.end * 255
    last["deviation"] = float(np.mean([one["deviation"] for one in found]))
    return rows


def _pictures(task: str, options: argparse.Namespace) -> list[Pixels]:
    """Return the pictures of a task, of one that cuts them out with what the kernel reaches."""
    if task != CUT_OUT:
        return centres(options.data, options.pictures, options.side)
    every = centres(options.cut_data, 4 * options.pictures, options.side + 2 * REACH)
    return every[::4]


def centres(data: str, count: int, side: int) -> list[Pixels]:
    """Return the centres of the first pictures of a folder, gray, in [0, 1]."""
    found = []
    for whole in load_pictures(locate(data), channels=1, limit=count):
        top, left = ((n - side) // 2 for n in whole.shape[:2])
        found.append(to_unit(whole[top : top + side, left : left + side, 0]))
    return found


def _key(options: argparse.Namespace) -> list[Any]:
    return [options.data, options.cut_data, options.side, options.samples]


def _finished(partial: Path | None, options: argparse.Namespace) -> dict[tuple[str, int], Row]:
    """Return what an interrupted run of the same settings has measured."""
    if partial is None or not partial.is_file():
        return {}
    lines = [json.loads(line) for line in partial.read_text(encoding="utf-8").splitlines()]
    return {(task, k): row for key, task, k, row in lines if key == _key(options)}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", default="photos/set12", help="folder of pictures (photos/set12)")
    add("--cut-data", default="photos/camera_mean", help="to cut out of (photos/camera_mean)")
    add("--pictures", type=int, default=12, help="how many (12)")
    add("--side", type=int, default=256, help="of the centres, in pixels (256)")
    add("--samples", type=int, default=8, help="how many the mean is of (8)")
    add("--tasks", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS), help="which (all)")
    add("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    add("--quick", action="store_true", help="does it run: little work, nothing is written")
    add("--output", type=Path, help="results file (docs/results/restore.json; quick: none)")
    options = parser.parse_args()
    if options.quick:
        options.pictures, options.side, options.samples = 1, 64, 2
    elif options.output is None:
        options.output = OUTPUT
    return options


if __name__ == "__main__":
    sys.exit(main())
