"""One step of a reverse diffusion, from time t to an earlier time u.

Symbols: x = x_t; x̂ = E[x_0 | x_t]; s = (α x̂ - x)/σ² the score; δ = t - u; α, σ, f, g² at t, α', σ'
at u; z standard normal; α_u = α/α', β = σ² - α_u² σ'² what is added between u and t.

- euler-maruyama:  x + δ (g² s - f x) + g √δ z, with noise in the last step, too.
- ancestral:       (α_u σ'²/σ²) x + (α' β/σ²) x̂ + √v z: the law of x_u given x_t and x_0 = x̂, with
  v = β σ'²/σ² (small) or v = β (large, and no noise in the last step).
- ddim:            α' x̂ + (σ'/σ) (x - α x̂), without noise.
- flow:            x - δ (f x - g² s/2): an Euler step of the probability-flow equation.
- heun:            its second-order step for x/α as a function of the level σ/α; where u = 0 it ends
  with an Euler step, as the level is 0 there. Two network calls a step. The Euler step is ddim's.
- dpmpp-2m:        DPM-Solver++(2M), of second order with one network call a step: ddim's step with

      x̂ + w (x̂ - x̂_p),   w = h/(2 h_p),

  in place of x̂, x̂_p the estimate of the step before; h = log((σ/α)/(σ'/α')) is the length of the
  step in the logarithm of α/σ, h_p that of the step before. In the first step, and where u = 0, as
  h is infinite there, w = 0.

All are sums a x + b x̂ + √v z, or a x + b x̂ + b' x̂' with x̂' the estimate at the point that the
Euler step leads to, or x̂_p. Their weights are known before any network is asked. After each of
them the process may go forward again from u to a time û, x_û = (α_û/α') x_u + √β_û z: the sum of
two noises is one. x̂_p is kept over that, as is h_p: given x_û, the estimate there is the mean of
the estimate at u, so that in the mean noise changes nothing of x̂ - x̂_p.

References: Song et al. 2021, arXiv 2011.13456, sections 3 and 4; Ho, Jain, Abbeel 2020, arXiv
2006.11239, eqs. 6 and 7; Song, Meng, Ermon 2021, arXiv 2010.02502, eq. 12; Karras, Aittala, Aila,
Laine 2022, arXiv 2206.00364, algorithm 1; Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003,
section 2; Lu, Zhou, Bao, Chen, Li, Zhu 2022, arXiv 2211.01095, algorithm 2.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.sampling.reverse.steps import Interval, Step

Move = Callable[[Interval], tuple[Tensor, ...]]
"""Returns the weights of x and of the estimates."""


def _none(step: Interval) -> Tensor:
    return torch.zeros_like(step.u)


@dataclass(frozen=True)
class Sampler:
    """How steps are made.

    Attributes:
        name: in `SAMPLERS`.
        moves: one for each network call in a step; those after the first one start from u, and at
            u = 0 there are none.
        deviation: of the noise that is added.
        noisy_end: whether noise is added in the last step.
        two_step: whether the estimate of the step before is taken into account; of samplers of one
            network call in a step.
    """

    name: str
    moves: tuple[Move, ...]
    deviation: Callable[[Interval], Tensor] = _none
    noisy_end: bool = True
    two_step: bool = False

    @property
    def calls(self) -> int:
        """Network calls in a step that does not end at time 0."""
        return len(self.moves)

    def step(self, interval: Interval) -> Step[Tensor]:
        """Return the weights of a step; without noise at time 0 where none belongs."""
        inside = bool((interval.u > 0).all())
        moves = self.moves if inside else self.moves[:1]
        points = (interval.here, interval.there)[: len(moves)]
        deviation = self.deviation if inside or self.noisy_end else _none
        step = Step(points, tuple(move(interval) for move in moves), deviation(interval))
        if self.two_step and inside and interval.before is not None:
            step = _extrapolated(step, interval, interval.before)
        return step if interval.again is None else _forward(step, interval, interval.again)


def _forward(step: Step[Tensor], interval: Interval, again: Tensor) -> Step[Tensor]:
    """Return a step that is followed by the process from u to a later time."""
    up = Interval(interval.schedule, again, interval.u)
    kept = up.here[0] / up.there[0]
    *estimates, last = step.weights
    weights = (*estimates, tuple(kept * weight for weight in last))
    deviation = torch.sqrt((kept * step.deviation) ** 2 + _added(up))
    memory = None if step.memory is None else kept * step.memory
    return replace(step, weights=weights, deviation=deviation, memory=memory)


def _extrapolated(step: Step[Tensor], interval: Interval, before: Tensor) -> Step[Tensor]:
    """Return a step of one estimate with x̂ + w (x̂ - x̂_p) in its place."""
    w = interval.log_ratio / (2 * before)
    ((kept, taken),) = step.weights
    return replace(step, weights=((kept, taken * (1 + w)),), memory=-taken * w)


def _by_score(step: Interval, *, share: float) -> tuple[Tensor, Tensor]:
    """x + δ (share g² s - f x)."""
    alpha, sigma = step.here
    strength = share * step.schedule.diffusion(step.t) / sigma**2
    kept = 1 - step.length * (step.schedule.drift(step.t) + strength)
    return kept, step.length * strength * alpha


def _diffusion(step: Interval) -> Tensor:
    return torch.sqrt(step.schedule.diffusion(step.t) * step.length)


def _ancestral(step: Interval) -> tuple[Tensor, Tensor]:
    (alpha, sigma), (alpha_u, sigma_u) = step.here, step.there
    return alpha / alpha_u * (sigma_u / sigma) ** 2, alpha_u * _added(step) / sigma**2


def _large(step: Interval) -> Tensor:
    return torch.sqrt(_added(step))


def _small(step: Interval) -> Tensor:
    return _large(step) * step.there[1] / step.here[1]


def _added(step: Interval) -> Tensor:
    """β."""
    (alpha, sigma), (alpha_u, sigma_u) = step.here, step.there
    return (sigma**2 - (alpha / alpha_u * sigma_u) ** 2).clamp_min(0)


def _ddim(step: Interval) -> tuple[Tensor, Tensor]:
    (alpha, sigma), (alpha_u, sigma_u) = step.here, step.there
    return sigma_u / sigma, alpha_u - sigma_u / sigma * alpha


def _trapezium(step: Interval) -> tuple[Tensor, Tensor, Tensor]:
    """α' (y + (l' - l) (d + d')/2) with y = x/α, l = σ/α and the slopes d = (y - x̂)/l at t and
    d' = (y + (l' - l) d - x̂')/l' at u; that is α' (r y + (1 - r - c) x̂ + c x̂'), r = l'/l,
    c = (1/r - 1)/2.
    """
    (alpha, sigma), (alpha_u, sigma_u) = step.here, step.there
    r = sigma_u / alpha_u * alpha / sigma
    last = (1 / r - 1) / 2
    return sigma_u / sigma, alpha_u * (1 - r - last), alpha_u * last


_euler_maruyama, _flow = partial(_by_score, share=1.0), partial(_by_score, share=0.5)

SAMPLERS = {
    sampler.name: sampler
    for sampler in (
        Sampler("euler-maruyama", (_euler_maruyama,), _diffusion),
        Sampler("ancestral-large", (_ancestral,), _large, noisy_end=False),
        Sampler("ancestral-small", (_ancestral,), _small),
        Sampler("ddim", (_ddim,)),
        Sampler("flow", (_flow,)),
        Sampler("heun", (_ddim, _trapezium)),
        Sampler("dpmpp-2m", (_ddim,), two_step=True),
    )
}
"""All samplers, by name."""


def sampler_named(name: str) -> Sampler:
    """Return a sampler of `SAMPLERS`.

    Raises:
        InputError: an unknown name.
    """
    if name not in SAMPLERS:
        raise InputError(f"Unknown sampler {name!r}: use {', '.join(SAMPLERS)}.")
    return SAMPLERS[name]
