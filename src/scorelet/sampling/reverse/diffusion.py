"""Reverse diffusion: samples from noise, by a denoiser and a number of steps."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import holds, is_whole
from scorelet.core.random import Noise, check_noise
from scorelet.core.typing import Image
from scorelet.models import LabelLike
from scorelet.models.denoiser import check_tensor
from scorelet.models.schedules import NoiseSchedule, OrnsteinUhlenbeck
from scorelet.models.told import Told, told_denoiser
from scorelet.sampling.ascent import DivergenceError
from scorelet.sampling.reverse.samplers import SAMPLERS, Sampler
from scorelet.sampling.reverse.steps import Interval, Step


@dataclass(frozen=True)
class ReversePlan:
    """How a reverse diffusion goes; results are always stated with all of it.

    Args:
        steps: N.
        schedule: of the noise.
        sampler: from `SAMPLERS`.
        power: of the times, see `NoiseSchedule.times`: 1 uniform, 2 quadratic.
        restraint: ε: of what the denoiser takes away, y - f(y), so much less is taken. Learned
            denoisers take away too much, so that samples have too little power; a variance d grows
            by (σ_max²/d)^ε along the flow (heun, dpmpp-2m, ddim, flow), by 1/(1 - 2ε) with samplers
            that add noise, by 1/(1 - (1 + c) ε/c) along the flow with churn c. A blind denoiser
            judges the noise that is left, and is as far as it was: to it a restraint is another
            time. Karras, Aittala, Aila, Laine 2022, arXiv 2206.00364, section 4, inflate noise for
            the same reason.
        churn: c in [0, 1]: after a step from t to u noise is added, as far as u + c (t - u), where
            the next one begins; none after the last. What earlier steps did wrong is forgotten; an
            exact denoiser has samples of the same law, but for the error of steps. Karras et al.,
            algorithm 2, whose noise is a share of the level.
        churn_max: the largest level σ/α at which noise is added. Where the noise is far above the
            images a learned denoiser may know less about these than the start does.

    Raises:
        InputError: no step, a power that is not positive, a restraint beyond (-1, 1), a churn
            beyond [0, 1], a largest level that is not positive, or names in the place of a schedule
            or a sampler.
    """

    steps: int
    schedule: NoiseSchedule = field(default_factory=OrnsteinUhlenbeck)
    sampler: Sampler = SAMPLERS["euler-maruyama"]
    power: float = 1.0
    restraint: float = 0.0
    churn: float = 0.0
    churn_max: float = math.inf

    def __post_init__(self) -> None:
        """Check all of it."""
        if not isinstance(self.schedule, NoiseSchedule):
            raise InputError(
                f"The schedule is {self.schedule!r}: expected a noise schedule, as "
                "VarianceExploding(5.0)."
            )
        if not isinstance(self.sampler, Sampler):
            raise InputError(
                f"The sampler is {self.sampler!r}: expected one of SAMPLERS, as SAMPLERS['heun']."
            )
        if not holds(lambda: -1 < self.restraint < 1):
            raise InputError(f"A restraint of {self.restraint!r}: it must lie between -1 and 1.")
        if not holds(lambda: 0 <= self.churn <= 1):
            raise InputError(f"A churn of {self.churn!r}: it must lie between 0 and 1.")
        if not holds(lambda: self.churn_max > 0):
            raise InputError(
                f"The largest level of churn is {self.churn_max!r}: it must be positive."
            )
        if is_whole(self.steps):
            object.__setattr__(self, "steps", int(self.steps))  # torch takes no integers of NumPy
        self.schedule.times(self.steps, power=self.power)

    def intervals(self, most: int | None = None) -> Iterator[Interval]:
        """Yield the steps, from T to 0, in pieces; the last step comes alone.

        Args:
            most: steps in a piece at most; None: any number.
        """
        times = self.schedule.times(self.steps, power=self.power).flip(0)
        t, u = times[:-1].clone(), times[1:]
        low = self.schedule.level(u[:-1]) <= self.churn_max
        t[1:] += self.churn * low.to(t) * (times[:-2] - u[:-1])
        if self.steps > 1:
            before = Interval(self.schedule, t[:-1], u[:-1]).log_ratio.roll(1)
            before[0] = math.inf
            vectors = (t[:-1], u[:-1], t[1:], before)
            pieces = zip(*(x.split(most or self.steps) for x in vectors), strict=True)
            for *times, again, h_p in pieces:
                yield Interval(self.schedule, *times, again if self.churn else None, h_p)
        yield Interval(self.schedule, t[-1:], u[-1:])

    @property
    def start(self) -> float:
        """α at T: the share of the images' mean that samples start around."""
        return float(self.schedule.alpha(self.schedule.times(self.steps, power=self.power)[-1]))

    @cached_property
    def table(self) -> tuple[Step[float], ...]:
        """The numbers of each step, from T to 0."""
        return tuple(step for piece in self.intervals() for step in self.sampler.step(piece).each())

    @property
    def calls(self) -> int:
        """Network calls in all: the last step, to time 0, has one whatever the sampler is."""
        return (self.steps - 1) * self.sampler.calls + 1


@dataclass(frozen=True)
class ReverseState:
    """Where samples are: x after `step` of the steps."""

    x: Image
    step: int


def reverse(
    denoiser: Told,
    like: Image,
    plan: ReversePlan,
    noise: Noise,
    *,
    mean: Tensor | None = None,
    cond: Tensor | None = None,
    label: LabelLike | None = None,
) -> Iterator[ReverseState]:
    """Yield the state after each step; the last one holds the samples.

    It works under `torch.no_grad`: samples know no gradients.

    Args:
        denoiser: of what is sampled, in the unit of the schedule: for `OrnsteinUhlenbeck` and
            `VariancePreserving` data of variance near 1; as in `scorelet.models.score`.
        like: a batch of the shape, dtype and device that is wanted; its numbers are not used.
        plan: how.
        noise: seed, numbers of the samples, and scale of a cascade; step 0 is that of the start.
        mean: what the start is noise around, which broadcasts with `like`; None: the `centre` of
            the denoiser, 0 if it has none.
        cond, label: what the denoiser is told, see `Denoiser`.

    Raises:
        InputError: no denoiser, plan or noise, shapes that do not fit, as those of a mean that is
            larger than `like`, or what a denoiser refuses.
        DivergenceError: a step whose result is not finite; the sentence names scale and step.
    """
    f = told_denoiser(denoiser)
    check_plan(plan)
    check_noise(noise)
    check_tensor(like)
    if len(like) != len(noise.samples):
        raise InputError(
            f"A batch of {len(like)} with the noise of {len(noise.samples)} samples: give the "
            "number of each sample in the batch."
        )

    def posterior(x: Tensor, alpha: float, sigma: float) -> Tensor:
        y = x if alpha == 1 else x / alpha
        found = f(y, sigma / alpha, cond=cond, label=label)
        return torch.lerp(found, y, plan.restraint) if plan.restraint else found

    x = plan.schedule.noise_std * noise.at(0).normal(like)
    x = x + plan.start * mean_of(f, like, mean)
    earlier = None
    for number, step in enumerate(plan.table, start=1):
        with torch.no_grad():
            x, earlier = step.mean(x, posterior, earlier)
            if step.deviation:
                x = torch.add(x, noise.at(number).normal(x), alpha=step.deviation)
        if not _is_finite(x):
            raise DivergenceError(
                f"The samples are not finite at step {number} of {plan.steps} of scale "
                f"{noise.scale}: take more steps, or another sampler."
            )
        yield ReverseState(x, number)


def check_plan(plan: object) -> None:
    """Refuse what is no plan, as a number of steps."""
    if not isinstance(plan, ReversePlan):
        raise InputError(f"The plan is {plan!r}: expected a ReversePlan, as ReversePlan(32).")


def mean_of(denoiser: Told, like: Image, given: Tensor | float | None = None) -> Tensor:
    """Return the mean of the images, which broadcasts with `like`.

    Args:
        denoiser: its `centre` is taken if none is given; 0 if it has none.
        like: a batch of such images, or of noisy ones.
        given: the mean, if it is known.

    Raises:
        InputError: it would make the images larger, all channels with one noise.
    """
    mean = getattr(denoiser, "centre", None) if given is None else given
    try:
        mean = torch.as_tensor(0.0 if mean is None else mean).to(like)
    except TypeError:
        raise InputError(f"The mean of the images is {mean!r}: expected numbers.") from None
    if not mean.isfinite().all():
        raise InputError("The mean of the images holds NaN or infinite numbers.")
    try:
        fits = torch.broadcast_shapes(mean.shape, like.shape) == like.shape
    except RuntimeError:
        fits = False
    if not fits:
        raise InputError(
            f"The mean of the images has shape {tuple(mean.shape)}, and the batch "
            f"{tuple(like.shape)}: give one of the channels, height and width of the mean."
        )
    return mean


def _is_finite(x: Tensor) -> bool:
    """Whether all numbers are: the least and the largest tell, in one pass without a mask."""
    return not x.numel() or all(math.isfinite(float(number)) for number in x.aminmax())


def draw(
    denoiser: Told,
    like: Image,
    plan: ReversePlan,
    noise: Noise,
    *,
    mean: Tensor | None = None,
    cond: Tensor | None = None,
    label: LabelLike | None = None,
) -> Image:
    """Return samples: the last state of `reverse`, whose arguments and errors it has."""
    *_, state = reverse(denoiser, like, plan, noise, mean=mean, cond=cond, label=label)
    return state.x
