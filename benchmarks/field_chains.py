"""Benchmark of chains of conditional energies: Langevin (MALA, ULA) and Hamiltonian (HMC).

The built-in model phi4, critical lattice φ^4, 64 x 64; each band at coarse fields of its samples,
from the details of these samples. Independent states are counted by the slower of the energy and
of one detail; `states_per_100_forces` is for 32 chains alike, `states_per_second` of all chains, in
one thread. Steps of MALA are those of the model; those of HMC, 10 leapfrogs each, are tuned to an
acceptance of 0.8. ULA takes the steps of MALA: `ula_energy` is how much higher its mean energy is,
in standard deviations of the energy.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from measure import Row
from program import run_parts
from torch import Tensor

from scorelet.core.random import Noise
from scorelet.models.field_energy import Band, BandEnergy
from scorelet.sampling import Hamiltonian, Kernel, Langevin, tune_epsilon
from scorelet.tasks.field_model import FieldModel
from scorelet.tasks.field_model.watch import autocorrelation_time

PACKAGES = ("scorelet", "torch", "numpy", "numba")
CHAINS, FORCES, LEAPFROGS = 32, 2000, 10


@dataclass(frozen=True)
class Trace:
    """Energies and one detail of chains, (chain, step), and the seconds that they took."""

    energy: Tensor
    detail: Tensor
    acceptance: float
    seconds: float

    def tau(self) -> float:
        """Return the longer autocorrelation time, in steps."""
        taus = [autocorrelation_time(x.numpy()) for x in (self.energy, self.detail)]
        return max(t or float("nan") for t in taus)


def measure_chains(*, quick: bool) -> dict[str, list[Row]]:
    """Return what the chains of each band are worth."""
    chains, forces = (8, 200) if quick else (CHAINS, FORCES)
    model = FieldModel.load("phi4")
    x = starts(model, chains, 20 if quick else 200)
    rows = [_row(*band, forces) for band in bands(model, x)]
    return {"chains": rows[::-1]}


def starts(model: FieldModel, chains: int, steps: int) -> Tensor:
    """Return samples of the model, standardised, (chains, 1, h, w) float64."""
    x = model.with_steps(steps).sample(chains, seed=5).double()
    return (x[:, None] - model.record["field"]["mean"]) / model.record["field"]["deviation"]


def bands(model: FieldModel, x: Tensor) -> Iterator[tuple[BandEnergy, Tensor, float]]:
    """Yield energy, details and step of MALA of each band, fine to coarse."""
    for factor, chain in zip(reversed(model.model.details), reversed(model.chains), strict=True):
        band = factor.band
        assert isinstance(band, Band)
        yield factor.given(band.coarse(x)), band.analyze(x), chain["epsilon"]
        x = band.lower(x)


def _row(energy: BandEnergy, d: Tensor, epsilon: float, forces: int) -> Row:
    mala = _run(Langevin(energy, epsilon), d, forces)
    ula = _run(Langevin(energy, epsilon, adjusted=False), d, forces)
    start = Hamiltonian(energy, (2 * epsilon) ** 0.5, LEAPFROGS)
    hmc, state = tune_epsilon(start, start.init(d), 40, noise=_noise(len(d)))
    drawn = _run(hmc, state.x, forces // LEAPFROGS)
    rise = (ula.energy.mean(1) - mala.energy.mean(1)) / mala.energy.std(1)
    side = int(energy.coarse.shape[-1])
    row: Row = {"pixels": side}
    for name, trace, each in (("mala", mala, 1), ("hmc", drawn, LEAPFROGS)):
        row |= {
            f"{name}_acceptance": trace.acceptance,
            f"{name}_tau": trace.tau(),
            f"{name}_states_per_100_forces": 100 / (trace.tau() * each),
            f"{name}_states_per_second": trace.energy.numel() / trace.tau() / trace.seconds,
        }
    return row | {"ula_energy": float(rise.mean())}


def _run(kernel: Kernel[Any, Any], d: Tensor, steps: int) -> Trace:
    state, kept, accepted = kernel.init(d), [], []
    noise = _noise(len(d))
    start = time.process_time()
    for step in range(steps):
        state, info = kernel.step(state, noise.at(1000 + step))
        kept.append(torch.stack([state.energy, state.x.flatten(1)[:, 0]]))
        accepted.append(info.probability.mean())
    seconds = time.process_time() - start
    energy, detail = torch.stack(kept, 2)
    return Trace(energy, detail, float(torch.stack(accepted).mean()), seconds)


def _noise(chains: int) -> Noise:
    return Noise(7, range(chains))


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(run_parts("field_chains", {"chains": measure_chains}, PACKAGES, __doc__ or ""))
