"""Speed of two checkouts of scorelet beside each other, in seconds of the processor.

    git worktree add ../before v0.1.0
    python benchmarks/two_checkouts.py ../before .

A process of each prepares a case, compiles what is compiled, and then they take turns call by call,
in one thread: what else the machine does slows both. The ratio is the median of those of all pairs
of calls: above 1, the second checkout is slower.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from measure import Row, describe_run, merge_run
from program import FOLDER
from rich.console import Console
from tables import table_of

CASES = {
    "denoise, gray 512x512": (
        "x = np.clip(0.5 + 0.1 * rng.standard_normal((512, 512)), 0, 1).astype('f')",
        "sl.denoise(x)",
        9,
    ),
    "denoise, gray bytes 512x512": (
        "x = (255 * np.clip(0.5 + 0.1 * rng.standard_normal((512, 512)), 0, 1)).astype('u1')",
        "sl.denoise(x)",
        9,
    ),
    "denoise, colour 2000x3000": (
        "x = np.clip(0.5 + 0.1 * rng.standard_normal((2000, 3000, 3)), 0, 1).astype('f')",
        "sl.denoise(x)",
        2,
    ),
    "wavelet db4, 16x256x256": (
        "w, x = OrthogonalWavelet('db4', levels=3), torch.rand(16, 1, 256, 256)",
        "w.analyze(x)",
        60,
    ),
    "wavelet db2, 512x32x32": (
        "w, x = OrthogonalWavelet('db2', levels=2), torch.rand(512, 1, 32, 32)",
        "w.analyze(x)",
        60,
    ),
    "scattering J=2, 128x3x32x32": (
        "s, x = Scattering2d(2), torch.rand(128, 3, 32, 32)",
        "s(x)",
        25,
    ),
    "scattering J=4, 16x3x128x128": (
        "s, x = Scattering2d(4), torch.rand(16, 3, 128, 128)",
        "s(x)",
        15,
    ),
    "scattering J=2, gradient, 64x3x32x32": (
        "s, x = Scattering2d(2), torch.rand(64, 3, 32, 32, requires_grad=True)",
        "s(x).sum().backward()",
        15,
    ),
}
"""Preparation, what is timed, and how often with `--rounds 1`."""

_PROCESS = """
import json, sys, time
import numpy as np, torch
import scorelet as sl
from scorelet.wavelets import OrthogonalWavelet, Scattering2d
torch.set_num_threads(1)
rng, codes = np.random.default_rng(0), {}
for line in sys.stdin:
    before, text = json.loads(line)
    if before:
        exec(before)
        codes[text] = compile(text, "call", "exec")
        for _ in range(2):
            exec(codes[text])
    call = codes[text]
    start = time.process_time()
    exec(call)
    print(time.process_time() - start, flush=True)
"""


class Checkout:
    """A process that computes with the sources of a folder."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(folder.resolve() / "src")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROCESS],
            env=environment | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seconds(self, call: str, before: str = "") -> float:
        """Return what a call takes, after a preparation if there is one."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([before, call]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{before or call}: the process of a checkout has ended.")
        return float(line)


def compared(before: Path, after: Path, rounds: int) -> list[Row]:
    """Let both checkouts take turns."""
    first, second = Checkout(before), Checkout(after)
    rows: list[Row] = []
    for name, (prepare, call, count) in CASES.items():
        for checkout in (first, second):
            checkout.seconds(call, prepare)
        pairs = [(first.seconds(call), second.seconds(call)) for _ in range(rounds * count)]
        rows.append(
            {
                "case": name,
                "before_ms": 1e3 * statistics.median(a for a, _ in pairs),
                "after_ms": 1e3 * statistics.median(b for _, b in pairs),
                "ratio": statistics.median(b / a for a, b in pairs),
            }
        )
    for checkout in (first, second):
        checkout.process.kill()
    return rows


def main() -> None:
    """Compare two checkouts, print the table and write it to docs/results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path, help="folder of a checkout")
    parser.add_argument("after", type=Path, help="folder of another")
    parser.add_argument("--rounds", type=int, default=5, help="times the calls of a case (5)")
    options = parser.parse_args()
    rows = compared(options.before, options.after, options.rounds)
    Console().print(table_of("two checkouts", rows))
    commits = {name: _commit(path) for name, path in vars(options).items() if name != "rounds"}
    run = describe_run("two_checkouts", "speed", ("scorelet", "torch", "numpy", "numba"))
    merge_run(
        FOLDER / "two_checkouts.json", run | {"quick": False, "commits": commits, "rows": rows}
    )


def _commit(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
