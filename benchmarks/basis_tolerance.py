"""What a looser or a tighter tolerance of `scorelet basis` costs, and what it passes over.

At a patch with noise of 25 of 255 the largest eigenvalues of `photo` are found with several
tolerances of the residual, and once with twice as many vectors from another start, whose space is
twice as large: the reference. A value is missed if it is more than 1 % off. In one thread, in
seconds of the processor.
"""

import sys
import time
from typing import Any

import torch
from measure import Row
from program import run_parts

from analysis import LEVEL, denoiser, noisy
from scorelet.analysis.jacobian import jacobian_basis
from scorelet.core.memory import keep_large_buffers

TOLERANCES = (0.02, 0.01, 0.005)
REFERENCE = 0.005
MISSED = 0.01


def few(*, quick: bool) -> dict[str, Any]:
    """Return the rows of 16 vectors, the default of the verb, at 64x64."""
    return {"rows": rows(*((24, 4) if quick else (64, 16)))}


def many(*, quick: bool) -> dict[str, Any]:
    """Return the rows of 64 vectors at 64x64."""
    return {"rows": rows(*((24, 8) if quick else (64, 64)))}


def large(*, quick: bool) -> dict[str, Any]:
    """Return the rows of 64 vectors at 128x128, whose eigenvalues lie closer."""
    return {"rows": rows(*((32, 8) if quick else (128, 64)))}


def rows(side: int, k: int) -> list[Row]:
    """Return what each tolerance costs and misses."""
    torch.set_num_threads(1)
    f, y = denoiser(), noisy(side)
    options = {"method": "iterative", "probes": 2}
    reference = jacobian_basis(f, y, 2 * k, LEVEL, tolerance=REFERENCE, seed=1, **options)
    found = []
    for tolerance in TOLERANCES:
        start = time.process_time()
        basis = jacobian_basis(f, y, k, LEVEL, tolerance=tolerance, **options)
        off = (basis.values / reference.values[:k] - 1).abs()
        found.append(
            {
                "side": y.shape[-1],
                "k": k,
                "tolerance": tolerance,
                "products": basis.products,
                "seconds": time.process_time() - start,
                "worst_residual": float((basis.residuals / basis.values.abs()).max()),
                "missed": int((off > MISSED).sum()),
                "largest_change": float(off.max()),
                "products_of_reference": reference.products,
            }
        )
        print(found[-1], file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    keep_large_buffers()  # as the verb does
    parts = {"few": few, "many": many, "large": large}
    sys.exit(run_parts("basis_tolerance", parts, ("scorelet", "torch", "scipy"), __doc__ or ""))
