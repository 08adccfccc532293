"""Coarse-to-fine stochastic ascent: samples of an image density, by its denoiser alone.

Symbols: f denoiser, d numbers in an image, h step size, β in (0, 1], z standard normal,

    r_t = f(y_{t-1}) - y_{t-1},   σ_{t-1} the noise level of y_{t-1},
    γ_t² = ((1 - β h_t)² - (1 - h_t)²) σ_{t-1}²,
    y_t = y_{t-1} + h_t r_t + γ_t z_t,   so   σ_t = (1 - β h_t) σ_{t-1}.

f(y) - y is σ² times the score: each step climbs log p and adds a part of the noise again. β = 1
adds none. With an observation, f(y) is made consistent with it before r is taken.

References: Kadkhodaie, Simoncelli 2021, arXiv 2007.13640, algorithms 1 and 2; Kadkhodaie, Guth,
Simoncelli, Mallat 2024, arXiv 2310.02557.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from scorelet.core.errors import InputError, ScoreletError
from scorelet.core.numbers import holds, is_whole
from scorelet.core.random import Noise, check_noise
from scorelet.core.typing import Image, NoiseLevel
from scorelet.models import LabelLike
from scorelet.models.denoiser import check_tensor
from scorelet.models.measurements import Observation
from scorelet.models.told import Told, told_denoiser

_DIVERGED = 2.0
"""A level so many times that of the start is none that it has."""
_FAR = 100.0
"""Numbers so many times those at the start are no images."""


class DivergenceError(ScoreletError, RuntimeError):
    """A sampler left the region where its denoiser is one."""


@dataclass(frozen=True)
class AscentSchedule:
    """Step sizes and noise levels.

    Args:
        start: σ_0, the level of the noise that it starts from.
        end: it stops at the first σ_t <= end.
        first: h_1, the first step size, in (0, 1].
        beta: β in (0, 1]: 1 is deterministic, small values explore.
        growing: h_t = h_1 t / (1 + h_1 (t - 1)), which tends to 1; else all steps are h_1.
        levels: "known" takes σ_t from the recursion above; "residual" measures it as |r|/√d, as
            the publication does: right for a denoiser whose residual is all of the noise. One
            that leaves noise in texture measures too little and stops early.
        most: steps after which it stops in any case.

    Raises:
        InputError: numbers out of range, or other levels.
    """

    start: float = 1.0
    end: float = 0.01
    first: float = 0.01
    beta: float = 0.5
    growing: bool = True
    levels: Literal["known", "residual"] = "known"
    most: int = 10_000

    def __post_init__(self) -> None:
        """Check ranges and levels."""
        if self.levels not in ("known", "residual"):
            raise InputError(f"The levels are {self.levels!r}: they must be known or residual.")
        if not holds(lambda: 0 < self.end < self.start < math.inf):
            raise InputError(
                f"The levels go from {self.start!r} to {self.end!r}: the end must be positive and "
                "below the start."
            )
        if not holds(lambda: 0 < self.first <= 1) or not holds(lambda: 0 < self.beta <= 1):
            raise InputError(
                f"The first step is {self.first!r} and beta {self.beta!r}: both must lie in (0, 1]."
            )
        if not is_whole(self.most, least=1):
            raise InputError(f"There are {self.most} steps at most: give a whole number from 1 on.")

    def step_size(self, step: int) -> float:
        """Return h_t, for t from 1 on."""
        return self.first * step / (1 + self.first * (step - 1)) if self.growing else self.first

    def sigmas(self) -> list[float]:
        """Return σ_0, σ_1, ... down to the end: one more than there are steps."""
        found = [self.start]
        while found[-1] > self.end and len(found) <= self.most:
            found.append(found[-1] * (1 - self.beta * self.step_size(len(found))))
        return found

    def noise(self, step: int) -> float:
        """Return γ_t / σ_{t-1}."""
        h = self.step_size(step)
        return math.sqrt(max(0.0, (1 - self.beta * h) ** 2 - (1 - h) ** 2))


@dataclass(frozen=True)
class AscentState:
    """Where samples are.

    Attributes:
        y: the images, with noise.
        denoised: f(y) of the step before, consistent with the measurement.
        sigma: their noise levels.
        step: how many steps have been made.
        active: which of them still move.
    """

    y: Image
    denoised: Image
    sigma: NoiseLevel
    step: int
    active: Tensor


def ascend(
    denoiser: Told,
    mean: Image,
    schedule: AscentSchedule,
    noise: Noise,
    *,
    observation: Observation | None = None,
    cond: Tensor | None = None,
    label: LabelLike | None = None,
) -> Iterator[AscentState]:
    """Yield the state after each step; the last one's `denoised` are the samples.

    It works under `torch.no_grad`: samples know no gradients.

    Args:
        denoiser: of such images, as in `scorelet.models.score`.
        mean: what the start is noise around, one image or one for each sample; its shape, dtype
            and device are those of the samples.
        schedule: step sizes and levels.
        noise: says the seed and the numbers of the samples; a sample does not depend on the
            others in its batch.
        observation: what is known of the images, if anything is.
        cond: what a conditional denoiser is told, one for each sample: as details the low band
            beside them, which is super-resolution.
        label: class, for denoisers that know classes.

    Raises:
        InputError: no denoiser, schedule or noise; a mean that is no tensor, or of another number
            of images than samples.
        DivergenceError: values that are not finite, or a hundred times as large as those at the
            start; or a measured noise level above twice the start.
    """
    denoiser = told_denoiser(denoiser)
    check_tensor(mean)
    if not isinstance(schedule, AscentSchedule):
        raise InputError(f"The schedule is {schedule!r}: expected an AscentSchedule.")
    check_noise(noise)
    count = len(noise.samples)
    if len(mean) not in (1, count):
        raise InputError(
            f"A mean of {len(mean)} images with the noise of {count} samples: give one image, or "
            "one for each sample."
        )
    y = mean.expand(count, *mean.shape[1:])
    if observation is not None:
        y = observation.consistent(y, schedule.start)
    y = y.detach() + schedule.start * noise.at(0).normal(y)
    sigma = y.new_full((len(y),), schedule.start)
    state = AscentState(y, y, sigma, 0, torch.ones(len(y), dtype=torch.bool, device=y.device))
    last = len(schedule.sigmas()) - 1 if schedule.levels == "known" else schedule.most
    bound = max(_largest(y), schedule.start)
    while True:
        with torch.no_grad():
            denoised = denoiser(state.y, state.sigma, cond=cond, label=label)
            if observation is not None:
                denoised = observation.consistent(denoised, state.sigma)
        if state.step == 0:  # images may have an offset that the start has not
            bound = _FAR * max(bound, _largest(denoised))
        _check_images(denoised, bound, state.step, noise.scale)
        if state.step == last or not bool(state.active.any()):
            yield replace(state, denoised=denoised)
            return
        state = _moved(state, denoised, schedule, noise)
        yield state


def _moved(
    state: AscentState, denoised: Image, schedule: AscentSchedule, noise: Noise
) -> AscentState:
    """Make one step with every sample that is still active."""
    step, residual = state.step + 1, denoised - state.y
    level = state.sigma
    if schedule.levels == "residual":
        level = residual.flatten(1).square().mean(1).sqrt()
    _check(level, schedule, step)
    h, share = schedule.step_size(step), schedule.noise(step)
    y = state.y + h * residual
    if share:
        y = y + (share * level)[:, None, None, None] * noise.at(step).normal(y)
    sigma = level * (1 - schedule.beta * h) if schedule.levels == "known" else level
    moving = state.active[:, None, None, None]
    y = torch.where(moving, y, state.y)
    sigma = torch.where(state.active, sigma, state.sigma)
    active = state.active if schedule.levels == "known" else sigma > schedule.end
    return AscentState(y, denoised, sigma, step, active & state.active)


def _largest(x: Image) -> float:
    """Return the largest number; NaN where there is one, 0 of none. One pass without a copy."""
    if not x.numel():
        return 0.0
    low, high = (float(number) for number in x.aminmax())
    return max(-low, high)


def _check_images(denoised: Image, bound: float, step: int, scale: int) -> None:
    largest = _largest(denoised)
    if not largest <= bound or largest == math.inf:
        raise DivergenceError(
            f"The sampler diverged at step {step} of scale {scale}: numbers are as large as "
            f"{largest:.3g}. Take a smaller first step, or another denoiser."
        )


def _check(level: NoiseLevel, schedule: AscentSchedule, step: int) -> None:
    worst = float(level.max())
    if not math.isfinite(worst) or worst > _DIVERGED * schedule.start:
        raise DivergenceError(
            f"The sampler diverged at step {step}: its noise level is {worst:.3g}, and it started "
            f"at {schedule.start:.3g}. Take a smaller first step, or a denoiser that knows such "
            "levels."
        )
