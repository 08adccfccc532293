"""Embedded cluster sampling of even lattice potentials: many chains on all cores.

Symbols: φ field (L, L), periodic; E of `ScalarPotential` with b >= 0; m mean of φ. Metropolis
moves |φ|; Swendsen-Wang moves the signs, which are an Ising model with couplings b |φ_i φ_j|. So
m is forgotten in a few sweeps, also at the critical point, where local moves take L^2.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import nullcontext

import numpy as np
import torch
from torch import Generator

from scorelet.core.errors import InputError
from scorelet.core.parallel import thread_pool
from scorelet.sampling.cluster_kernel import draw_start, run_sweeps
from scorelet.sampling.philox import draw_key
from scorelet.sampling.scalar_potential import ScalarPotential

HALF_WIDTH = 1.2
"""Of the Metropolis proposal; half of them are accepted at the critical point of φ^4."""
_TASKS_PER_THREAD = 4  # small enough to even out threads of different pace


class ClusterSampler:
    """Chains of the embedded cluster algorithm, advanced in place.

    The numbers of a chain are a function of the key drawn from `rng` and of its number: chains do
    not depend on one another, on the number of threads or on how sweeps are split into calls.

    Args:
        potential: E, with b >= 0.
        size: L, even.
        chains: their numbers, non-negative integers below 2^32; or how many there are.
        rng: where the key comes from.
        start: φ of each chain, (chains, L, L); uniform in (-1, 1) if None.
        half_width: of the Metropolis proposal, unit of φ.

    Attributes:
        fields: φ now, (chains, L, L), float64.
        acceptance: share of Metropolis proposals accepted in the last call of `advance`.

    Raises:
        InputError: b < 0, odd size, or a start of another shape or not finite.
    """

    def __init__(
        self,
        potential: ScalarPotential,
        size: int,
        chains: np.ndarray | int,
        *,
        rng: Generator,
        start: np.ndarray | None = None,
        half_width: float = HALF_WIDTH,
    ) -> None:
        if potential.b < 0:
            raise InputError(
                f"The cluster sampler joins equal signs, so it needs b >= 0, got {potential.b:g}."
            )
        if size < 2 or size % 2:
            raise InputError(f"The size {size} does not work: a checkerboard needs an even one.")
        if not half_width > 0:
            raise InputError(
                f"The half width of the proposal is {half_width}: it must be positive."
            )
        self.potential, self.half_width = potential, float(half_width)
        self.chains = np.arange(chains) if isinstance(chains, int) else np.asarray(chains, np.int64)
        self.acceptance = float("nan")
        self._key = draw_key(rng)
        self._sweeps = np.zeros(len(self.chains), np.int64)
        self.fields = self._start(size, start)

    def _start(self, size: int, start: np.ndarray | None) -> np.ndarray:
        shape = (len(self.chains), size, size)
        if start is None:
            fields = np.empty(shape)
            draw_start(fields, self.chains, *self._key)
            return fields
        if start.shape != shape or not np.isfinite(start).all():
            raise InputError(
                f"The start must be finite numbers of shape {shape}, got shape {start.shape}."
            )
        return np.array(start, np.float64, order="C")

    def advance(
        self, sweeps: int, *, members: np.ndarray | None = None, pool: Executor | None = None
    ) -> np.ndarray:
        """Run some sweeps and return `fields`.

        Args:
            sweeps: how many; each is two Metropolis passes and a Swendsen-Wang step.
            members: rows of `fields` to advance; all if None. They must have run equally long.
            pool: threads to use; one of torch's number of threads if None.
        """
        members = np.arange(len(self.chains)) if members is None else members
        first = int(self._sweeps[members[0]])
        parts = np.array_split(
            members, min(len(members), _TASKS_PER_THREAD * torch.get_num_threads())
        )
        with thread_pool() if pool is None else nullcontext(pool) as workers:
            accepted = sum(workers.map(lambda part: self._run(part, first, sweeps), parts))
        self._sweeps[members] += sweeps
        self.acceptance = accepted / max(1, 2 * sweeps * len(members) * self.fields[0].size)
        return self.fields

    def _run(self, members: np.ndarray, first: int, count: int) -> int:
        p = self.potential
        potential = float(p.b), float(p.a), float(p.q)
        return run_sweeps(
            self.fields, members, self.chains, potential, self.half_width, first, count, self._key
        )


Progress = Callable[[int, int], None]
"""Called with (sweeps done, sweeps in all) from time to time."""
