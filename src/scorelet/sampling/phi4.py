"""The φ^4 ensemble on a periodic square lattice.

Symbols: φ field (L, L), E = -b sum_<ij> φ_i φ_j + sum (a φ^2 + q φ^4), bonds once, p ~ exp(-E).
At a = -1, q = 1 the two-dimensional model has its phase transition at b = 0.68 (Ising class).

At q = 0 fields are Gaussian, drawn exactly and independently. Otherwise they come from Markov
chains that leave p as it is: field i of a seed from chain i mod 16 of block i // 1024, 64 fields
from each, with the proposals, burn-in and thinning of `plan`: 112 and 16 sweeps at the critical
point, where the autocorrelation time of m^2 is 10 sweeps at L = 16 and 14 at L = 128. So a field
depends on (seed, L, i) and on the potential only, not on how many fields are asked for at once.
Fields of one chain are nearly, not quite, independent; `Phi4.chains` says which those are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.progress import Progress
from scorelet.core.typing import Image, PerSample
from scorelet.data.fields.ensembles.base import CHUNK_PIXELS, Ensemble
from scorelet.data.fields.ensembles.checks import check_size
from scorelet.data.fields.ensembles.lattice_ou import LatticeOrnsteinUhlenbeck
from scorelet.sampling.cluster import ClusterSampler
from scorelet.sampling.plan import ChainPlan, make_plan
from scorelet.sampling.scalar_potential import ScalarPotential

CHAINS, FIELDS_PER_CHAIN = 16, 64
_BLOCK = CHAINS * FIELDS_PER_CHAIN

PRESETS = {
    "critical": (0.68, -1.0, 1.0),
    "disordered": (0.5, -1.0, 1.0),
    "ordered": (0.9, -1.0, 1.0),
    "soft": (0.6065, 0.8, 0.1),
}
"""(b, a, q): λ = 1 at, above and below the critical temperature; λ = 0.1 at its critical point."""


@dataclass(frozen=True)
class Phi4(Ensemble):
    """Lattice φ^4 fields, mean zero by symmetry.

    Args:
        b, a, q: coefficients of E, bonds once; b >= 0. The default is critical.

    Raises:
        InputError: as `ScalarPotential`, or b < 0; when fields are drawn, chains that have not
            converged.
    """

    version: ClassVar[int] = 2
    name: ClassVar[str] = "phi4"
    formula: ClassVar[str] = "lattice φ⁴, E = -b Σ_<ij> φᵢφⱼ + Σ (a φ² + q φ⁴) (bonds once)"
    reference: ClassVar[str] = "Milchev, Heermann, Binder 1986"

    b: float = 0.68
    a: float = -1.0
    q: float = 1.0

    def __post_init__(self) -> None:
        if self.potential.b < 0:
            raise InputError(f"The coupling b = {self.b:g} is negative: φ^4 needs b >= 0.")

    @classmethod
    def preset(cls, name: str) -> "Phi4":
        """Return a preset: critical, disordered, ordered or soft.

        Raises:
            InputError: another name.
        """
        if name not in PRESETS:
            raise InputError(f"There is no φ^4 preset {name!r}: use one of {', '.join(PRESETS)}.")
        return cls(*PRESETS[name])

    @property
    def potential(self) -> ScalarPotential:
        """The energy, with its conversions."""
        return ScalarPotential(self.b, self.a, self.q)

    def chunk_length(self, size: int) -> int:
        """Return a multiple of 1024: a chain that is cut would start anew."""
        return _BLOCK * max(1, CHUNK_PIXELS // (_BLOCK * size**2))

    def draw(
        self, size: int, seed: int, numbers: range, *, progress: Progress | None = None
    ) -> Tensor:
        """Draw the fields of these numbers, as `sample` does, and say how far it is.

        Args:
            size: L, even; any at q = 0.
            seed: any non-negative integer.
            numbers: of the fields; chains run from their beginning to the last one.
            progress: called with (sweeps done, sweeps in all).

        Returns:
            (len(numbers), L, L), float32.
        """
        if self.q == 0:
            return self._free.sample(len(numbers), size, seed, start=numbers.start)[:, 0]
        plan = make_plan(self.potential, size)
        chain, step = place(np.asarray(numbers))
        chains, row = np.unique(chain, return_inverse=True)
        sampler = ClusterSampler(self.potential, size, chains, seed=seed, widths=plan.widths)
        fields = np.empty((len(numbers), size, size), np.float32)
        for now, phi in enumerate(_recorded(sampler, plan, _last_steps(row, step), progress)):
            wanted = np.flatnonzero(step == now)
            fields[wanted] = phi[row[wanted]]
        return torch.from_numpy(fields)

    def chains(self, numbers: range) -> np.ndarray:
        """Return the chain that draws each field; at q = 0 each has one of its own."""
        return super().chains(numbers) if self.q == 0 else place(np.asarray(numbers))[0]

    @property
    def _free(self) -> LatticeOrnsteinUhlenbeck:
        """The same law at q = 0."""
        return LatticeOrnsteinUhlenbeck(mass=2 * self.a, coupling=self.b)

    def _sample(self, size: int, seed: int, indices: range) -> Tensor:
        return self.draw(size, seed, indices)

    def _check_size(self, size: int) -> None:
        check_size(size, even=self.q > 0)

    def _power(self, size: int) -> Tensor:
        return self._free.power(size) if self.q == 0 else super()._power(size)

    def _energy(self, x: Image) -> PerSample:
        return self.potential.energy(x)

    def _force(self, x: Image) -> Image:
        return self.potential.force(x)

    def _hessian_vec(self, x: Image, v: Image) -> Image:
        return self.potential.hessian_vec(x, v)


def place(number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the chain that draws a field, and its step there, by the field's number."""
    block, rest = number // _BLOCK, number % _BLOCK
    return block * CHAINS + rest % CHAINS, rest // CHAINS


def _last_steps(row: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return the last step that is wanted from each chain."""
    last = np.zeros(row.max() + 1, np.int64)
    np.maximum.at(last, row, step)
    return last


def _recorded(
    sampler: ClusterSampler, plan: ChainPlan, last: np.ndarray, progress: Progress | None
) -> Iterator[np.ndarray]:
    """Burn in; then yield the fields of all chains at steps 0, 1, ... as long as one is needed."""
    total = plan.burn_in + plan.thinning * (int(last.max()) + 1)
    for done in range(plan.thinning, total + 1, plan.thinning):
        step = (done - plan.burn_in) // plan.thinning - 1
        sampler.advance(plan.thinning, members=np.flatnonzero(last >= step))
        if progress:
            progress(done, total)
        if step >= 0:
            yield sampler.fields
