"""First calls of compiled kernels, and their random numbers, in seconds of the processor.

Part `first_calls`: each call is the first one of a new process, once with an empty folder of
machine code (numba compiles), once with the folder that this has left (it is loaded). Imports do
not count.

Part `normals`: nanoseconds for a standard normal number of `scorelet.core.random.Noise`, which is a
function of its place, and of `torch.randn`, in one thread.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import torch
from measure import Row, alternate, quartiles
from program import run_parts

from scorelet.core.random import Noise

PACKAGES = ("scorelet", "torch", "numpy", "numba", "llvmlite")

_SCATTERING = (
    "from scorelet.wavelets import Scattering2d",
    "transform, x = Scattering2d(2), torch.rand(2, 1, 32, 32)",
)
_WAVELET = (
    "from scorelet.wavelets import OrthogonalWavelet",
    "transform, x = OrthogonalWavelet('db4', levels=2), torch.rand(2, 1, 32, 32)",
)
CALLS = {
    "wavelet coefficients": (*_WAVELET, "transform.analyze(x)"),
    "wavelet coefficients, float64": (*_WAVELET, "x = x.double()", "transform.analyze(x)"),
    "picture from wavelet coefficients": (
        *_WAVELET,
        "pyramid = transform.analyze(x)",
        "transform.synthesize(pyramid)",
    ),
    "scattering coefficients": (*_SCATTERING, "transform(x)"),
    "gradient of scattering coefficients": (
        *_SCATTERING,
        "y = transform(x.requires_grad_()).sum()",
        "y.backward()",
    ),
}
"""Statements of a process; the last one is timed."""

_PROGRAM = """
import json, sys, time
import torch
torch.set_num_threads(1)
*before, call = json.loads(sys.argv[1])
for line in before:
    exec(line)
start = time.process_time()
exec(call)
print(time.process_time() - start)
"""


def measure_first_calls(*, quick: bool) -> dict[str, list[Row]]:
    """Return seconds of first calls, compiled and loaded."""
    names = list(CALLS)[:1] if quick else list(CALLS)
    return {"rows": [{"call": name, **_compiled_and_loaded(CALLS[name])} for name in names]}


def measure_normals(*, quick: bool) -> dict[str, list[Row]]:
    """Return nanoseconds for a number, of several ways to draw it."""
    torch.set_num_threads(1)
    count = 1 << (16 if quick else 22)
    noise = Noise(0, range(64))
    double = torch.empty(64, count // 64, dtype=torch.float64)
    calls = {
        "Noise, float64": lambda: noise.normal(double),
        "torch.randn, float64": lambda: torch.randn(count, dtype=torch.float64),
        "torch.randn, float32": lambda: torch.randn(count),
    }
    times = alternate(calls, rounds=3 if quick else 30, clock=time.process_time)
    rows = []
    for name, seconds in times.items():
        found = quartiles([1e9 * s / count for s in seconds])
        row = {"numbers": name, "nanoseconds": found.median}
        rows.append(row | {"nanoseconds_low": found.low, "nanoseconds_high": found.high})
    return {"rows": rows}


def _compiled_and_loaded(statements: tuple[str, ...]) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        compiled, loaded = (_seconds(statements, folder) for _ in range(2))
    return {"compiled_seconds": compiled, "loaded_seconds": loaded}


def _seconds(statements: tuple[str, ...], folder: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(statements)],
        env=os.environ | {"NUMBA_CACHE_DIR": folder, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    parts = {"first_calls": measure_first_calls, "normals": measure_normals}
    sys.exit(run_parts("first_calls", parts, PACKAGES, __doc__ or ""))
