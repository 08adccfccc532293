"""The problems of `restore.py` by deepinv, with what needs no download: total variation.

x̂ = argmin ‖A x - c‖²/2 + λ TV(x) by proximal gradients, from what is made without a prior; λ is the
best of `WEIGHTS` for each picture, with the truth, as for the Wiener filters. deepinv's networks
(DRUNet, DnCNN, DiffUNet ...) are not in its package, but fetched when they are made.

    pip install deepinv
    python benchmarks/restore_peers.py --quick         # does it run; writes nothing
    python benchmarks/restore_peers.py --pictures 12   # into docs/results/restore_peers.json
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from measure import Pixels, Row, describe_run, merge_run
from program import FOLDER
from restore import centres
from restore_tasks import PLAIN, PROBLEMS, Problem, clipped_decibels
from rich.console import Console
from tables import table_of

from scorelet.analysis.denoising import standard_error

WEIGHTS = {
    "x4 super-resolution": (3e-4, 1e-3, 3e-3),
    "90 % missing": (3e-3, 1e-2, 3e-2),
    "deblurring": (3e-5, 1e-4, 3e-4),
}
STEPS, INNER_STEPS = 60, 20


def total_variation(problem: Problem, weight: float) -> Pixels:
    """Return what deepinv makes of a problem."""
    import deepinv

    measurement = problem.measurement
    gains = torch.as_tensor(measurement.gains).float()
    physics = deepinv.physics.LinearPhysics(
        A=lambda x, **_: measurement.measure(x),
        A_adjoint=lambda c, **_: measurement.image(gains * c),
    )
    model = deepinv.optim.PGD(
        data_fidelity=deepinv.optim.L2(),
        prior=deepinv.optim.TVPrior(n_it_max=INNER_STEPS),
        stepsize=1 / float(gains.max()) ** 2,
        lambda_reg=weight,
        max_iter=STEPS,
    )
    start = torch.from_numpy(np.ascontiguousarray(problem.plain, np.float32))[None, None]
    with torch.no_grad():
        return model(problem.measured.float(), physics, init=start)[0, 0].numpy()


def measured(task: str, pictures: list[Pixels]) -> Row:
    """Return the row of a task: the mean over pictures, each with its best weight."""
    found, gains, weights = [], [], []
    start = time.process_time()
    for number, x in enumerate(pictures):
        problem = PROBLEMS[task](x, number)
        tried = [clipped_decibels(total_variation(problem, w), x) for w in WEIGHTS[task]]
        found.append(max(tried))
        gains.append(max(tried) - clipped_decibels(problem.plain, x))
        weights.append(WEIGHTS[task][int(np.argmax(tried))])
    return {
        "task": task,
        "method": "total variation (deepinv), tuned with the truth",
        "pictures": len(pictures),
        "psnr": float(np.mean(found)),
        "gain": float(np.mean(gains)),
        "gain_error": standard_error(gains),
        "least_gain": min(gains),
        "over": PLAIN[task],
        "weights": weights,
        "by_picture": [round(value, 3) for value in found],
        "seconds_per_weight": (time.process_time() - start) / len(pictures) / len(WEIGHTS[task]),
    }


def main() -> int:
    """Measure; print the table and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", default="photos/set12", help="folder of pictures (photos/set12)")
    add("--pictures", type=int, default=12, help="how many (12)")
    add("--side", type=int, default=256, help="of the centres, in pixels (256)")
    add("--quick", action="store_true", help="does it run: little work, nothing is written")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.quick:
        options.pictures, options.side = 1, 32
    pictures = centres(options.data, options.pictures, options.side)
    run = describe_run("restore_peers", "deepinv", ("scorelet", "torch", "deepinv"))
    run |= {"quick": options.quick, "data": options.data, "side": options.side}
    run["rows"] = [measured(task, pictures) for task in WEIGHTS]
    Console().print(table_of("restore_peers", run["rows"]))
    if not options.quick:
        merge_run(Path(FOLDER) / "restore_peers.json", run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
