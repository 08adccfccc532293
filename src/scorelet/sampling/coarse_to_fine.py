"""Fields from coarse to fine: the coarsest one exactly, then the details of each band by chains.

Symbols: c coarse field, d details of a band, p(d | c) its conditional law; ε_t step of a chain.

Every chain starts from d = 0, or near it where that is outside the window of sigmoids. Steps are
found by a pilot: chains of their own, in which ε moves towards the best acceptance for a while, and
then stays. The whole path of ε is kept, and the chains of samples follow it: they begin where small
steps are needed, too, and a sample depends on (seed, number) and the model only, not on the others
in its batch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models.field_energy import BandEnergy, ConditionalEnergy, ScalarDensity
from scorelet.models.multiscale import Multiscale
from scorelet.sampling.langevin import (
    TARGET_ACCEPTANCE,
    Langevin,
    LangevinInfo,
    LangevinState,
)
from scorelet.sampling.whitening import WhitenedBand, whitening_root

ADAPTATION = 150
PILOTS = 32
LONGEST = 200  # steps of pilots: after ADAPTATION, enough for their acceptance
_RATE = 0.1  # of log ε, per unit of excess acceptance
_PILOT_SEED = 20230
_POWERS = 10  # of the Hessian, to find its largest eigenvalue

ChainEnergy = BandEnergy | WhitenedBand
"""What the chain of a band samples."""
OnStep = Callable[[int, int, LangevinState, LangevinInfo], None]
"""Is told (band, step, state, what happened) after each step; the state's x are details."""


@dataclass(frozen=True)
class Schedule:
    """How the chains of one band go.

    Args:
        epsilons: ε_t of the first steps; the last one stays.
        acceptance: mean acceptance at the last one, measured by the pilot.
        curvature: m of the preconditioner, see `scorelet.sampling.whitening`; None: there is none.
    """

    epsilons: tuple[float, ...]
    acceptance: float = math.nan
    curvature: float | None = None

    def epsilon(self, step: int) -> float:
        """Return ε of a step."""
        return self.epsilons[min(step, len(self.epsilons) - 1)]


@dataclass(frozen=True)
class Run:
    """What draws samples of a model.

    Args:
        model: factors that are energies.
        schedules: of each band, coarse to fine.
        steps: of the chain of each band.
        adjusted: MALA; False is ULA.
        on_step: is told how the chains go.
    """

    model: Multiscale[ConditionalEnergy]
    schedules: Sequence[Schedule]
    steps: int
    adjusted: bool = True
    on_step: OnStep | None = None

    def sample(self, noise: Noise, shape: tuple[int, int] = (1, 1)) -> Tensor:
        """Draw fields, (batch, 1, h, w), float64.

        Args:
            noise: its seed and the numbers of the samples.
            shape: of the coarsest field.

        Raises:
            InputError: a chain has diverged, or has not come into the window of its potential; the
                sentence names its band.
        """
        return self.refine(draw_coarsest(self.model, noise, shape), noise)

    def refine(self, x: Tensor, noise: Noise, *, start: int = 0) -> Tensor:
        """Draw the details of all bands from `start` on, given the field below: super-resolution.

        Arguments, result and errors as in `sample`.
        """
        for number in range(start, len(chained(self.model))):
            x = self._advance(number, x, noise)
        return x

    def _advance(self, number: int, below: Tensor, noise: Noise) -> Tensor:
        schedule = self.schedules[number]
        factor = chained(self.model)[number]
        energy, state, chain = begin(factor, below, noise, number, schedule.curvature)
        kernel = Langevin(energy, schedule.epsilon(0), self.adjusted)
        state = kernel.init(state)
        for step in range(self.steps):
            kernel = replace(kernel, epsilon=schedule.epsilon(step))
            state, info = kernel.step(state, chain.at(step))
            if self.on_step:
                self.on_step(number, step, state, info)
        if self.adjusted and bool(state.energy.isposinf().any()):
            raise InputError(
                f"Chains of band {number + 1} (coarse to fine) have found no field inside the "
                "window of the potential: no samples were drawn. Fit more fields, or splines "
                "(--basis spline), which have no window."
            )
        return finish(energy, state.x, number)


def chained(model: Multiscale[ConditionalEnergy]) -> list[ConditionalEnergy]:
    """Return the factors that chains sample, coarse to fine: all but a single number."""
    whole = [model.coarse] if isinstance(model.coarse, ConditionalEnergy) else []
    return whole + model.details


def draw_coarsest(
    model: Multiscale[ConditionalEnergy], noise: Noise, shape: tuple[int, int]
) -> Tensor:
    """Draw what chains begin from, (batch, 1, *shape), float64.

    A density of one number is drawn exactly, for each pixel alone if there are several. Where the
    coarsest factor is a field, chains begin from 0.
    """
    like = torch.zeros(len(noise.samples), 1, *shape, dtype=torch.float64)
    density = model.coarse
    if not isinstance(density, ScalarDensity):
        return like
    if shape == (1, 1):
        return density.quantile(noise.uniform(like)).reshape(like.shape)
    return density.quantile(torch.special.ndtr(noise.normal(like)))


def begin(
    factor: ConditionalEnergy,
    below: Tensor,
    noise: Noise,
    number: int,
    curvature: float | None = None,
) -> tuple[ChainEnergy, Tensor, Noise]:
    """Return the energy of a band, details to begin with, and the noise of its chain.

    They are 0, or near it where the potential has a window that the coarse fields alone leave.
    """
    coarse = factor.band.lift(below)
    size = int(coarse.shape[-2]), int(coarse.shape[-1])
    energy, chain = factor.given(coarse), replace(noise, scale=number + 1)
    start = energy.entered(coarse.new_zeros(len(coarse), *factor.band.detail_shape(*size)))
    if curvature is None:
        return energy, start, chain
    whitened = WhitenedBand(energy, whitening_root(factor, size, curvature))
    return whitened, whitened.whitened(start), chain


def finish(energy: ChainEnergy, d: Tensor, number: int) -> Tensor:
    """Return the fields of details, which must be finite."""
    x = energy.picture(d)
    if not bool(x.isfinite().all()):
        raise InputError(
            f"Chains of band {number + 1} (coarse to fine) have diverged: no samples were drawn. "
            "Fit more fields, fewer knots, or with log-concavity enforced (--enforce)."
        )
    return x


def calibrate(
    model: Multiscale[ConditionalEnergy],
    steps: int,
    *,
    shape: tuple[int, int] = (1, 1),
    pilots: int = PILOTS,
    adaptation: int = ADAPTATION,
    curvatures: Sequence[float | None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Schedule]:
    """Find the steps of all bands by pilot chains, coarse to fine.

    Args:
        model: factors that are energies.
        steps: of the chain of each band; pilots have at most 200.
        shape: of the coarsest field.
        pilots: chains.
        adaptation: steps in which ε moves, at most three quarters of all.
        curvatures: m of each band, which its chain is preconditioned with; None: it is not.
        progress: is told how many bands are done.
    """
    noise = Noise(_PILOT_SEED, range(pilots))
    x = draw_coarsest(model, noise, shape)
    schedules = []
    factors = chained(model)
    for number, factor in enumerate(factors):
        m = None if curvatures is None else curvatures[number]
        energy, d, chain = begin(factor, x, noise, number, m)
        schedule, d = calibrate_band(energy, d, chain, min(steps, LONGEST), adaptation=adaptation)
        schedules.append(replace(schedule, curvature=m))
        x = finish(energy, d, number)
        if progress:
            progress(number + 1, len(factors))
    return schedules


def calibrate_band(
    energy: ChainEnergy, d: Tensor, noise: Noise, steps: int, *, adaptation: int = ADAPTATION
) -> tuple[Schedule, Tensor]:
    """Find the steps of one band by chains from details d, which are returned at their end."""
    adaptation = min(adaptation, 3 * steps // 4)
    kernel = Langevin(energy, first_epsilon(energy, d))
    state = kernel.init(d)
    path, accepted = [kernel.epsilon], []
    for step in range(steps):
        state, info = kernel.step(state, noise.at(step))
        mean = float(info.probability.mean())
        if step < adaptation:
            factor = math.exp(_rate(step) * (mean - TARGET_ACCEPTANCE))
            kernel = replace(kernel, epsilon=kernel.epsilon * factor)
            path.append(kernel.epsilon)
        else:
            accepted.append(mean)
    acceptance = sum(accepted) / len(accepted) if accepted else math.nan
    return Schedule(tuple(path), acceptance), state.x


def _rate(step: int) -> float:
    """Large at first, when ε may be far off, then _RATE."""
    return max(_RATE, 1 / (1 + step))


def first_epsilon(energy: ChainEnergy, d: Tensor) -> float:
    """Return 1 / (λ dim^(1/3)), with λ the largest curvature at the first sample, roughly."""
    first = energy.first()
    v = Noise(_PILOT_SEED, (0,)).normal(d[:1])
    size = v.norm()
    for _ in range(_POWERS):
        v = first.hessian_vec(d[:1], v / size)
        size = v.norm().clamp_min(1e-12)
    return 1 / (float(size) * d[0].numel() ** (1 / 3))
