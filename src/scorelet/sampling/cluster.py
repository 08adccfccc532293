"""Embedded cluster sampling of even lattice potentials: many chains on all cores.

Symbols: φ field (L, L), periodic; E of `ScalarPotential` with b >= 0; m mean of φ. Metropolis
moves |φ|; Swendsen-Wang moves the signs, which are an Ising model with couplings b |φ_i φ_j|. So
m is forgotten in a few sweeps, also at the critical point, where local moves take L^2. Where the
potential is nearly that of a free field, |φ| is smooth: shifts of blocks move it.
"""

from collections.abc import Sequence

import numpy as np
import torch

from scorelet.core.errors import InputError
from scorelet.core.parallel import share
from scorelet.core.philox import make_key
from scorelet.sampling.cluster_kernel import draw_start, run_sweeps
from scorelet.sampling.proposals import half_widths, mean_field_level, start_width
from scorelet.sampling.scalar_potential import ScalarPotential
from scorelet.sampling.shift_kernel import level_count

_TASKS_PER_THREAD = 4  # small enough to even out threads of different pace


class ClusterSampler:
    """Chains of the embedded cluster algorithm, advanced in place.

    The numbers of a chain are a function of (seed, L) and of its number: chains do not depend on
    one another, on the number of threads or on how sweeps are split into calls.

    Args:
        potential: E, with b >= 0.
        size: L, even.
        chains: their numbers, non-negative integers below 2^32; or how many there are.
        seed: any non-negative integer.
        start: φ of each chain, (chains, L, L). If None, chains of even numbers start near the level
            of mean-field theory, those of odd numbers with a random sign at every site.
        widths: half widths of the proposals, unit of φ: of a site, and of the shifts of each level;
            `half_widths` if None.

    Attributes:
        fields: φ now, (chains, L, L), float64.
        acceptance: share of the proposals for sites accepted in the last call of `advance`.

    Raises:
        InputError: b < 0, odd size, widths that cannot be used, or a start of another shape or not
            finite.
    """

    def __init__(
        self,
        potential: ScalarPotential,
        size: int,
        chains: np.ndarray | int,
        *,
        seed: int,
        start: np.ndarray | None = None,
        widths: Sequence[float] | None = None,
    ) -> None:
        _check(potential, size, widths)
        self.potential = potential
        wanted = half_widths(potential, size) if widths is None else widths
        self.widths = np.array(wanted, np.float64)
        self.chains = np.arange(chains) if isinstance(chains, int) else np.asarray(chains, np.int64)
        self.acceptance = float("nan")
        self._key = make_key(seed, size)
        self._sweeps = np.zeros(len(self.chains), np.int64)
        self.fields = self._start(size, start)

    def _start(self, size: int, start: np.ndarray | None) -> np.ndarray:
        shape = (len(self.chains), size, size)
        if start is None:
            fields = np.empty(shape)
            level, width = mean_field_level(self.potential), start_width(self.potential)
            draw_start(fields, self.chains, level, width, self._key)
            return fields
        if start.shape != shape or not np.isfinite(start).all():
            raise InputError(
                f"The start must be finite numbers of shape {shape}, got shape {start.shape}."
            )
        return np.array(start, np.float64, order="C")

    def advance(self, sweeps: int, *, members: np.ndarray | None = None) -> np.ndarray:
        """Run some sweeps and return `fields`.

        Args:
            sweeps: how many; each is two Metropolis passes, shifts, and a Swendsen-Wang step.
            members: rows of `fields` to advance; all if None. They must have run equally long.
        """
        members = np.arange(len(self.chains)) if members is None else members
        first = int(self._sweeps[members[0]])
        parts = np.array_split(
            members, min(len(members), _TASKS_PER_THREAD * torch.get_num_threads())
        )
        accepted = np.zeros(len(parts), np.int64)

        def run(number: int) -> None:
            accepted[number] = self._run(parts[number], first, sweeps)

        share(run, len(parts))
        self._sweeps[members] += sweeps
        proposals = 2 * sweeps * len(members) * self.fields[0].size
        self.acceptance = float(accepted.sum()) / max(1, proposals)
        return self.fields

    def _run(self, members: np.ndarray, first: int, count: int) -> int:
        p = self.potential
        potential = float(p.b), float(p.a), float(p.q)
        return run_sweeps(
            self.fields, members, self.chains, potential, self.widths, (first, count), self._key
        )


def _check(potential: ScalarPotential, size: int, widths: Sequence[float] | None) -> None:
    if potential.b < 0:
        raise InputError(
            f"The cluster sampler joins equal signs, so it needs b >= 0, got {potential.b:g}."
        )
    if size < 2 or size % 2:
        raise InputError(f"The size {size} does not work: a checkerboard needs an even one.")
    if widths is not None and not (
        1 <= len(widths) <= 1 + level_count(size) and widths[0] > 0 and min(widths) >= 0
    ):
        raise InputError(
            f"The half widths of proposals are {tuple(widths)}: expected a positive one for sites, "
            f"and at most {level_count(size)} more for shifts."
        )
