"""Benchmark of models of fields beside other ways to compute the same.

Seconds are those of the processor, in one thread; both sides take turns. That both compute the same
is checked before anything is timed.

Part `fit`: score matching of the finest band of critical lattice φ^4, 32 x 32, 47 terms, float64.
scorelet's normal equations come from correlations; beside it is the brute-force formulation: a
tensor of forces of each term by torch.func, with Laplacians that are `traces` of Hessians, or
`probes`, an estimate with one random vector for each field. `fields`: how many; `ratio` of the
seconds; `scorelet_mb`, `brute_mb`: peak memory of a process that fits, above that of one that only
makes the fields; `forces_differ`: relative distance of the forces of both fits at these fields.

Part `sample`: MALA of 32 chains with the energy of the finest band of the model phi4, float64, on
fields of several sizes. Beside scorelet's energy stands a sum of rolls and truncated cubics whose
forces are torch.func's, vmap of grad. `scorelet_ms`, `brute_ms`: of one step of all chains.

Part `hmc`: the finest band of phi4, 64 x 64, 32 chains, beside blackjax with the same energy in
JAX, float32, all chains by vmap, all steps by scan. Table `forces`: milliseconds of energy and
force of all chains; JAX with couplings by rolls, by a convolution, and by FFT, the fastest way,
which blackjax gets. Table `chains`: `tau`: autocorrelation time in steps, the longer one of the
energy and of one detail, by one estimator for all; `forces_per_step`, of NUTS its mean;
`states_per_1000_forces` of one chain; `states_per_second`: independent ones of all chains;
`ms_per_force` of all chains, everything included; `compile_seconds`, which are not among those. HMC
takes 10 leapfrogs and a step tuned to an acceptance of 0.8; NUTS is tuned alike; MALA has the step
of the model.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import field_fits
import numpy as np
import torch
from field_chains import CHAINS, LEAPFROGS, bands, starts
from measure import Row, alternate, quartiles, run_command
from program import run_parts
from torch import Tensor

from scorelet.core.random import Noise
from scorelet.models.field_energy import BandEnergy, ConditionalEnergy
from scorelet.sampling import Hamiltonian, Kernel, Langevin, Phi4, tune_epsilon
from scorelet.tasks.field_model import FieldModel
from scorelet.tasks.field_model.watch import autocorrelation_time

PACKAGES = ("scorelet", "torch", "numpy", "numba", "jax", "blackjax")
TURNS = 4
FITS = (("traces", 2), ("traces", 8), ("probes", 8), ("probes", 64), ("probes", 256))


def measure_fit(*, quick: bool) -> dict[str, list[Row]]:
    """Return what fits cost by correlations and by brute force."""
    plan = (("traces", 1), ("probes", 4)) if quick else FITS
    return {"rows": [_fit_row(*item) for item in plan]}


def _fit_row(kind: str, count: int) -> Row:
    x = field_fits.fields(count)
    ours, brute = field_fits.FITS["correlations"], field_fits.FITS[kind]
    differ = _forces_differ(x, ours(x).theta, brute(x).theta)
    if kind == "traces" and not differ < 1e-6:
        raise AssertionError(f"forces of both fits differ by {differ}")
    calls = {"scorelet": lambda: ours(x), "brute": lambda: brute(x)}
    rounds = 1 if kind == "traces" else 3
    seconds = alternate(calls, rounds=rounds, warm_up=0, clock=time.process_time)
    one, other = (quartiles(seconds[name]).median for name in calls)
    idle = _peak("nothing", count)
    return {
        "laplacians": kind,
        "fields": count,
        "scorelet_seconds": one,
        "brute_seconds": other,
        "ratio": other / one,
        "scorelet_mb": _peak("correlations", count) - idle,
        "brute_mb": _peak(kind, count) - idle,
        "forces_differ": differ,
    }


def _forces_differ(x: Tensor, *thetas: Tensor) -> float:
    moments = field_fits.moments_for(x)
    one, other = (moments.band.analyze(moments.energy(theta).force(x)) for theta in thetas)
    return float((one - other).norm() / one.norm())


def _peak(kind: str, count: int) -> float:
    return run_command([sys.executable, Path(field_fits.__file__), kind, str(count)])[1]


def measure_sample(*, quick: bool) -> dict[str, list[Row]]:
    """Return what a step costs with scorelet's energy and with the brute-force one."""
    factor = FieldModel.load("phi4").model.details[-1]
    return {"rows": [_sample_row(factor, side, quick) for side in (16, 32, 64)]}


def _sample_row(factor: ConditionalEnergy, side: int, quick: bool) -> Row:
    x = Phi4().sample(CHAINS, side, 1).double()
    x /= x.std()
    d, coarse = factor.band.analyze(x), factor.band.coarse(x)
    energies = {"scorelet": factor.given(coarse), "brute": field_fits.PlainEnergy(factor, coarse)}
    chains = {name: ScoreletChains(Langevin(e, 1e-2), d, 5) for name, e in energies.items()}
    one, other = (torch.from_numpy(chain.advance()[0]) for chain in chains.values())
    torch.testing.assert_close(one.diff(), other.diff(), rtol=1e-8, atol=1e-8)  # up to a constant
    calls = {name: chain.advance for name, chain in chains.items()}
    seconds = alternate(calls, rounds=2 if quick else 10, clock=time.process_time)
    steps = {name: quartiles(values).median / 5 * 1000 for name, values in seconds.items()}
    ratio = steps["brute"] / steps["scorelet"]
    return {"pixels": side, **{f"{k}_ms": v for k, v in steps.items()}, "ratio": ratio}


class ScoreletChains:
    """Chains of a kernel of scorelet, some steps in a turn."""

    def __init__(self, kernel: Kernel[Any, Any], d: Tensor, steps: int, *, first: int = 0) -> None:
        self._kernel, self._state, self._steps = kernel, kernel.init(d), steps
        self._noise = Noise(7, range(len(d))).at(first)
        self.forces = float(getattr(kernel, "leapfrogs", 1))

    def advance(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Go on by the steps of a turn; return energies, details and acceptance."""
        kept, accepted = [], []
        for step in range(self._noise.step, self._noise.step + self._steps):
            self._state, info = self._kernel.step(self._state, self._noise.at(step))
            kept.append(torch.stack([self._state.energy, self._state.x.flatten(1)[:, 0]]))
            accepted.append(info.probability.mean())
        self._noise = self._noise.at(self._noise.step + self._steps)
        energy, detail = torch.stack(kept, 2).numpy()
        return energy, detail, float(torch.stack(accepted).mean())


def measure_hmc(*, quick: bool) -> dict[str, list[Row]]:
    """Return what forces and chains cost in scorelet and with JAX and blackjax."""
    model = FieldModel.load("phi4")
    chains, forces = (4, 320) if quick else (CHAINS, 2400)
    energy, d, epsilon = next(bands(model, starts(model, chains, 20 if quick else 200)))
    factor = model.model.details[-1]
    return {
        "forces": _force_rows(factor, energy, d, quick),
        "chains": _chain_rows(factor, energy, d, epsilon, forces),
    }


def _force_rows(factor: ConditionalEnergy, energy: BandEnergy, d: Tensor, quick: bool) -> list[Row]:
    import field_jax

    single, d32 = factor.given(energy.coarse.float()), d.float()
    pairs: dict[str, Callable[[], Any]] = {
        "scorelet float64": lambda: energy.energy_and_force(d),
        "scorelet float32": lambda: single.energy_and_force(d32),
    }
    rows = {name: {"way": name} for name in pairs}
    right = energy.energy_and_force(d)
    for way in field_jax.WAYS:
        start = time.process_time()
        pair = field_jax.pair_of(factor, way, (d.numpy(), energy.coarse[:, 0].numpy()))
        found = pair()
        row = {"way": f"JAX {way}", "compile_seconds": time.process_time() - start}
        for name, one, other in zip(("energy_differs", "force_differs"), right, found, strict=True):
            row[name] = float((one - torch.from_numpy(np.array(other))).norm() / one.norm())
            if not row[name] < 1e-4:
                raise AssertionError(f"{row['way']}: {name} by {row[name]}")
        rows[row["way"]], pairs[row["way"]] = row, pair
    seconds = alternate(pairs, rounds=3 if quick else 20, clock=time.process_time)
    return [row | {"ms": quartiles(seconds[name]).median * 1000} for name, row in rows.items()]


def _chain_rows(
    factor: ConditionalEnergy, energy: BandEnergy, d: Tensor, epsilon: float, forces: int
) -> list[Row]:
    import field_jax

    each = {"mala": forces // TURNS, "hmc": forces // TURNS // LEAPFROGS}
    each["nuts"] = max(8, each["hmc"] // 2)
    leap = (2 * epsilon) ** 0.5
    hmc = Hamiltonian(energy, leap, LEAPFROGS)
    hmc, state = tune_epsilon(hmc, hmc.init(d), 40, noise=Noise(7, range(len(d))))
    chains: dict[str, Any] = {}
    for name, kind in (("float64", torch.float64), ("float32", torch.float32)):
        target = factor.given(energy.coarse.to(kind))
        mala = Langevin(target, epsilon)
        chains[f"scorelet MALA {name}"] = ScoreletChains(mala, d.to(kind), each["mala"], first=99)
        tuned = Hamiltonian(target, hmc.epsilon, LEAPFROGS)
        start = state.x.to(kind)
        chains[f"scorelet HMC {name}"] = ScoreletChains(tuned, start, each["hmc"], first=99)
    theirs = field_jax.energy_of(factor, energy.coarse.shape[-1])
    given = d.numpy(), energy.coarse[:, 0].numpy()
    for kind, steps in each.items():
        step = epsilon if kind == "mala" else leap
        words = {"epsilon": step, "leapfrogs": LEAPFROGS, "steps": steps}
        chains[f"blackjax {kind.upper()}"] = field_jax.Chains(kind, theirs, given, **words)
    draws: dict[str, list[Any]] = {name: [] for name in chains}
    calls = {n: lambda n=n, c=c: draws[n].append(c.advance()) for n, c in chains.items()}
    seconds = alternate(calls, rounds=TURNS, warm_up=0, clock=time.process_time)
    return [_chain_row(n, c, draws[n], sum(seconds[n])) for n, c in chains.items()]


def _chain_row(name: str, chain: Any, draws: list[Any], seconds: float) -> Row:  # noqa: ANN401
    energy, detail = (np.concatenate([d[k] for d in draws], 1) for k in (0, 1))
    tau = max(autocorrelation_time(x) or float("nan") for x in (energy, detail))
    return {
        "sampler": name,
        "acceptance": float(np.mean([d[2] for d in draws])),
        "steps": energy.shape[1],
        "forces_per_step": chain.forces,
        "tau": tau,
        "states_per_1000_forces": 1000 / (tau * chain.forces),
        "states_per_second": energy.size / tau / seconds,
        "ms_per_force": 1000 * seconds / energy.shape[1] / chain.forces,
        "compile_seconds": getattr(chain, "compile_seconds", None),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    parts = {"fit": measure_fit, "sample": measure_sample, "hmc": measure_hmc}
    sys.exit(run_parts("field_peers", parts, PACKAGES, __doc__ or ""))
