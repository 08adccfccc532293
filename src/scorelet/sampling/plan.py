"""How long chains of a lattice potential run: proposals, burn-in and thinning, by measurement.

Symbols: m mean of φ, τ the larger of the integrated autocorrelation times of m^2 and of the mean of
φ^2, in sweeps. Fields are taken every τ sweeps, rounded up to a multiple of 8, after seven times
as many; so two neighbours of a chain have a correlation of about exp(-2), and the start is
forgotten to exp(-14). `by_chain` of the field statistics gives errors that know what is left.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from scorelet.core.chain_diagnostics import diagnose_chains
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.sampling.cluster import ClusterSampler
from scorelet.sampling.proposals import half_widths
from scorelet.sampling.scalar_potential import ScalarPotential

LONGEST = 8192
"""Sweeps of the last try; chains that have not mixed by then are refused."""
_CHAINS, _FIRST, _STRIDE = 8, 128, 2
_TIMES, _R_HAT = 25, 1.1  # a measurement is of so many τ, and its chains agree
_STEP, _BURN_IN = 8, 7
_SEED = 0x5CA1E  # of the measurement: a plan is a function of potential and size


class ChainPlan(NamedTuple):
    """Half widths of proposals, and numbers of sweeps: before the first field, between two."""

    widths: tuple[float, ...]
    burn_in: int
    thinning: int


@lru_cache(maxsize=64)
def make_plan(potential: ScalarPotential, size: int) -> ChainPlan:
    """Return the plan of chains of E at side L.

    It is known where λ = 1 (a = -1, q = 1): τ is below 20 sweeps at every coupling, up to L = 128.
    For other potentials eight chains are run, from ordered and from disordered starts.

    Raises:
        InputError: the chains do not agree after `LONGEST` sweeps.
    """
    if (potential.a, potential.q) == (-1.0, 1.0):
        return ChainPlan((1.2,), 112, 16)
    return _measured(potential, size)


def _measured(potential: ScalarPotential, size: int) -> ChainPlan:
    sampler = ClusterSampler(potential, size, _CHAINS, seed=_SEED)
    _disorder(sampler.fields[1::2])
    sweeps = _FIRST
    squares = _run(sampler, sweeps)[1]
    while sweeps < LONGEST:
        sweeps *= 2
        widths = half_widths(potential, size, mean_square=float(squares.mean()))
        sampler.widths = np.array(widths)
        orders, squares = _run(sampler, sweeps)
        found = [diagnose_chains(draws) for draws in (orders, squares)]
        tau = _STRIDE * max(one.autocorrelation_time for one in found)
        if sweeps >= _TIMES * tau and max(one.r_hat for one in found) < _R_HAT:
            thinning = _STEP * int(np.ceil(tau / _STEP))
            return ChainPlan(widths, _BURN_IN * thinning, thinning)
    raise InputError(
        f"Chains of b = {potential.b:g}, a = {potential.a:g}, q = {potential.q:g} at side {size} "
        f"have not converged after {LONGEST} sweeps: expected an autocorrelation time below "
        f"{LONGEST // _TIMES}; choose a less extreme potential or a smaller side."
    )


def _disorder(fields: np.ndarray) -> None:
    """Give each site a random sign."""
    signs = torch.randint(2, fields.shape, generator=generator(_SEED)).numpy()
    fields *= 2 * signs - 1


def _run(sampler: ClusterSampler, sweeps: int) -> tuple[np.ndarray, np.ndarray]:
    """Advance; return m^2 and the mean of φ^2, (chains, draws).

    Raises:
        InputError: they are not finite, or nothing moves.
    """
    draws = []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(sweeps // _STRIDE):
            fields = sampler.advance(_STRIDE)
            draws.append((fields.mean((1, 2)) ** 2, (fields**2).mean((1, 2))))
    orders, squares = np.moveaxis(np.array(draws), 0, -1)
    if not np.isfinite([orders, squares]).all() or np.ptp(squares) == 0:
        raise InputError(
            f"{sampler.potential} is beyond floating-point numbers at side {fields.shape[-1]}: the "
            "fields do not move, or are infinite; choose less extreme coefficients."
        )
    return orders, squares
