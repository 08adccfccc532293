"""Benchmark of transforms: speed beside other packages, and how near it is to the memory limit.

Part `wavelets`: the orthogonal transform beside ptwt and pytorch_wavelets. All run in one process,
in turns, with the threads that torch uses. What other packages need is in
pip install 'scorelet[benchmarks]'; one that is missing is said to be.
"""

import sys

from program import run_parts
from transforms_wavelets import measure_wavelets

PACKAGES = ("scorelet", "torch", "numpy", "numba", "PyWavelets", "ptwt", "pytorch_wavelets")

if __name__ == "__main__":
    parts = {"wavelets": measure_wavelets}
    sys.exit(run_parts("transforms_benchmark", parts, PACKAGES, __doc__ or ""))
