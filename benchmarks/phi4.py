"""Benchmark of the φ^4 sampler: speed beside numpy and scipy, anchors, autocorrelation.

Three parts: `speed` of cluster sweeps beside the same algorithm in numpy with scipy's graph
components, and what a large set and the first compilation cost; `anchors`, the order parameter at
three couplings and three sizes beside published-quality values; `mixing`, autocorrelation times of
the cluster sampler, of Hamiltonian dynamics with Fourier acceleration and of Langevin.
"""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from measure import Row, alternate, quartiles
from phi4_peer import sweep
from program import run_parts

from scorelet.analysis import diagnose_chains
from scorelet.analysis.field_statistics import by_chain, critical
from scorelet.core.random import Noise
from scorelet.sampling import (
    ClusterSampler,
    Hamiltonian,
    Phi4,
    fourier_acceleration,
    run,
    tune_epsilon,
)
from scorelet.sampling.phi4 import place

PACKAGES = ("scorelet", "torch", "numpy", "numba", "scipy")
EXPECTED = {
    (16, 0.66): (0.883, 1.47),
    (16, 0.68): (0.913, 1.19),
    (16, 0.70): (0.939, 1.078),
    (32, 0.66): (0.878, 1.87),
    (32, 0.68): (0.912, 1.17),
    (32, 0.70): (0.941, 1.032),
    (64, 0.66): (0.876, 2.52),
    (64, 0.68): (0.909, 1.193),
    (64, 0.70): (0.941, 1.008),
}
"""(L, b) → deviation and Binder ratio from an independent numpy implementation, errors 0.0005 and
0.02; the ratio at L = 64 and b = 0.68 is of a longer run, with an error of 0.002."""
WIDTHS = (1.2,)
"""Half width of proposals at the critical point, where `Phi4` makes no shifts of blocks."""
COMPILE = """
import time
import numpy as np
from scorelet.sampling import ClusterSampler, ScalarPotential
start = time.perf_counter()
ClusterSampler(ScalarPotential(0.68, -1.0, 1.0), 4, 1, seed=0, widths=(1.2,)).advance(1)
print(time.perf_counter() - start)
"""


def measure_speed(*, quick: bool) -> dict[str, list[Row]]:
    """Return rows with seconds of what a user waits for."""
    chains, size, sweeps = (16, 64, 4 if quick else 230)
    seconds = alternate(
        {
            "scorelet": lambda: _cluster(chains, size, sweeps),
            "numpy and scipy": lambda: _peer(chains, size, max(1, sweeps // 10)),
        },
        rounds=1 if quick else 5,
    )
    what = f"{chains} chains of {size}x{size}, {sweeps} sweeps"
    rows = []
    for program, values in seconds.items():
        scale = 1 if program == "scorelet" else sweeps / max(1, sweeps // 10)
        rows.append(_timed(what, program, [value * scale for value in values], sweeps * chains))
    count = 16 if quick else 1024  # a whole block, so that it can be scaled
    start = time.perf_counter()
    Phi4().sample(count, 128, 0)
    elapsed = time.perf_counter() - start
    rows.append({"what": f"{count} fields of 128x128", "program": "scorelet", "seconds": elapsed})
    rows.append(
        {
            "what": "10000 fields of 128x128, scaled from these",
            "program": "scorelet",
            "seconds": elapsed * 10_000 / count,
        }
    )
    return {"rows": rows + _compilation()}


def _cluster(chains: int, size: int, sweeps: int) -> None:
    ClusterSampler(Phi4().potential, size, chains, seed=0, widths=WIDTHS).advance(sweeps)


def _peer(chains: int, size: int, sweeps: int) -> None:
    rng = np.random.default_rng(0)
    fields = rng.uniform(-1, 1, (chains, size, size))
    for _ in range(sweeps):
        sweep(fields, (0.68, -1.0, 1.0), rng)


def _timed(what: str, program: str, seconds: list[float], fields: int) -> Row:
    time_ = quartiles(seconds)
    return {
        "what": what,
        "program": program,
        "seconds": time_.median,
        "seconds_low": time_.low,
        "seconds_high": time_.high,
        "sweeps_per_second": fields / time_.median,
    }


def _compilation() -> list[Row]:
    """Time the first call in a process, with an empty cache of machine code and with a full one."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for what in ("first call, nothing compiled yet", "first call, compiled before"):
            words = [sys.executable, "-c", COMPILE]
            environment = os.environ | {"NUMBA_CACHE_DIR": folder}
            done = subprocess.run(
                words, env=environment, capture_output=True, text=True, check=True
            )
            rows.append({"what": what, "program": "scorelet", "seconds": float(done.stdout)})
    return rows


def measure_anchors(*, quick: bool) -> dict[str, list[Row]]:
    """Return rows with the order parameter, with errors over chains, beside what is expected."""
    count = 32 if quick else 16_384
    rows = [_anchor(size, b, count) for size in (16, 32, 64) for b in (0.66, 0.68, 0.70)]
    return {"rows": rows}


def _anchor(size: int, b: float, count: int) -> Row:
    fields = Phi4(b=b).sample(count, size, 0)
    found = by_chain(critical(fields), torch.from_numpy(place(np.arange(count))[0]))
    (m, chi, ratio, length), errors = found.values[0].tolist(), found.errors[0].tolist()
    deviation, binder = EXPECTED[size, b]
    return {
        "L": size,
        "b": b,
        "deviation": float(fields.double().std()),
        "expected deviation": deviation,
        "Binder ratio": ratio,
        "error of it": errors[2],
        "expected Binder ratio": binder,
        "mean |m|": m,
        "chi": chi,
        "error of chi": errors[1],
        "xi": length,
    }


def measure_mixing(*, quick: bool) -> dict[str, list[Row]]:
    """Return rows with autocorrelation times of m^2 and of the energy at the critical point."""
    rows = [_cluster_mixing(size, 20 if quick else 1000) for size in (16, 32, 64, 128)]
    rows += [_dynamics_mixing(size, 10, 20 if quick else 1000) for size in (8, 16, 32)]
    rows.append(_dynamics_mixing(8, 1, 20 if quick else 10_000))
    return {"rows": rows}


def _cluster_mixing(size: int, steps: int) -> Row:
    ensemble, chains = Phi4(), 16
    sampler = ClusterSampler(ensemble.potential, size, chains, seed=1, widths=WIDTHS)
    sampler.advance(100)
    squares, energies, acceptance = [], [], []
    start = time.perf_counter()
    for _ in range(steps):
        fields = torch.from_numpy(sampler.advance(1))[:, None]
        squares.append(fields.mean((1, 2, 3)).square())
        energies.append(ensemble.energy(fields))
        acceptance.append(sampler.acceptance)
    rate = sum(acceptance) / len(acceptance)
    return _mixing("cluster", size, squares, energies, rate, time.perf_counter() - start)


def _dynamics_mixing(size: int, leapfrogs: int, steps: int) -> Row:
    """Hamiltonian dynamics with Fourier acceleration; Langevin if there is one leapfrog."""
    ensemble, chains, noise = Phi4(), 16, Noise(2, range(16))
    kinetic = fourier_acceleration(size, ensemble.b) if leapfrogs > 1 else None
    kernel = Hamiltonian(ensemble, 0.1, leapfrogs=leapfrogs, kinetic=kinetic, flip=leapfrogs > 1)
    state = kernel.init(ensemble.sample(chains, size, 3).double())
    kernel, state = tune_epsilon(kernel, state, min(steps, 200), noise=noise)
    noise = noise.at(200)
    squares, energies, acceptance = [], [], []
    start = time.perf_counter()
    for now, info in run(kernel, state, steps, noise=noise):
        squares.append(now.x.mean((1, 2, 3)).square())
        energies.append(now.energy)
        acceptance.append(float(info.probability.mean()))
    seconds, rate = time.perf_counter() - start, sum(acceptance) / len(acceptance)
    name = "Hamiltonian, Fourier" if leapfrogs > 1 else "Langevin, Metropolis-adjusted"
    return _mixing(name, size, squares, energies, rate, seconds)


def _mixing(
    name: str,
    size: int,
    squares: list[torch.Tensor],
    energies: list[torch.Tensor],
    acceptance: float,
    seconds: float,
) -> Row:
    square, energy = (torch.stack(draws, 1).numpy() for draws in (squares, energies))
    order = diagnose_chains(square, acceptance=acceptance, seconds=seconds)
    return {
        "kernel": name,
        "L": size,
        "steps": square.shape[1],
        "tau of m^2": order.autocorrelation_time,
        "tau of the energy": diagnose_chains(energy).autocorrelation_time,
        "R-hat of m^2": order.r_hat,
        "acceptance": acceptance,
        "effective samples per second": order.samples_per_second,
    }


if __name__ == "__main__":
    measures = {"speed": measure_speed, "anchors": measure_anchors, "mixing": measure_mixing}
    sys.exit(run_parts("phi4", measures, PACKAGES, __doc__ or ""))
