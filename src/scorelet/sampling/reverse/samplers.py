"""One step of a reverse diffusion, from time t to an earlier time u.

Symbols: x = x_t; x̂ = E[x_0 | x_t]; s = (α x̂ - x)/σ² the score; δ = t - u; α, σ, f, g² at t, α', σ'
at u; z standard normal; α_u = α/α', β = σ² - α_u² σ'² what is added between u and t.

- euler-maruyama:  x + δ (g² s - f x) + g √δ z, with noise in the last step, too.
- ancestral:       (α_u σ'²/σ²) x + (α' β/σ²) x̂ + √v z: the law of x_u given x_t and x_0 = x̂, with
  v = β σ'²/σ² (small) or v = β (large, and no noise in the last step).
- ddim:            α' x̂ + (σ'/σ) (x - α x̂), without noise.
- flow:            x - δ (f x - g² s/2): an Euler step of the probability-flow equation.
- heun:            its second-order step for x/α as a function of the level σ/α; where u = 0 it ends
  with an Euler step, as the level is 0 there. Two network calls a step.

References: Song et al. 2021, arXiv 2011.13456, sections 3 and 4; Ho, Jain, Abbeel 2020, arXiv
2006.11239, eqs. 6 and 7; Song, Meng, Ermon 2021, arXiv 2010.02502, eq. 12; Karras, Aittala, Aila,
Laine 2022, arXiv 2206.00364, algorithm 1; Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003,
section 2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.models.schedules import NoiseSchedule

Posterior = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Maps (x_t, α, σ) to E[x_0 | x_t]."""


@dataclass(frozen=True)
class Interval:
    """From time t back to u < t.

    Times are float64 tensors: a number each, or several that broadcast with x.
    """

    schedule: NoiseSchedule
    t: Tensor
    u: Tensor

    @property
    def length(self) -> Tensor:
        """δ."""
        return self.t - self.u

    @property
    def here(self) -> tuple[Tensor, Tensor]:
        """(α, σ) at t."""
        return self.schedule.alpha(self.t), self.schedule.sigma(self.t)

    @property
    def there(self) -> tuple[Tensor, Tensor]:
        """(α', σ') at u."""
        return self.schedule.alpha(self.u), self.schedule.sigma(self.u)


Move = Callable[[Tensor, Interval, Posterior], tuple[Tensor, Tensor]]
"""Returns the mean of x_u, and the deviation of the noise that is to be added."""


@dataclass(frozen=True)
class Sampler:
    """How steps are made.

    Attributes:
        name: in `SAMPLERS`.
        move: one step.
        calls: of the network, in a step.
        noisy_end: whether noise is added in the last step.
    """

    name: str
    move: Move
    calls: int = 1
    noisy_end: bool = True

    def step(self, x: Tensor, interval: Interval, posterior: Posterior) -> tuple[Tensor, Tensor]:
        """Return what `move` does; without noise at time 0 where none belongs."""
        mean, deviation = self.move(x, interval, posterior)
        return mean, deviation if self.noisy_end else deviation * (interval.u > 0)


def _euler_maruyama(x: Tensor, step: Interval, posterior: Posterior) -> tuple[Tensor, Tensor]:
    strength = step.schedule.diffusion(step.t)
    slope = strength * _score(x, step, posterior) - step.schedule.drift(step.t) * x
    return x + step.length * slope, torch.sqrt(strength * step.length)


def _ancestral(
    x: Tensor, step: Interval, posterior: Posterior, *, large: bool
) -> tuple[Tensor, Tensor]:
    (alpha, sigma), (alpha_u, sigma_u) = step.here, step.there
    ratio = alpha / alpha_u
    added = sigma**2 - (ratio * sigma_u) ** 2
    estimate = posterior(x, alpha, sigma)
    mean = ratio * (sigma_u / sigma) ** 2 * x + alpha_u * added / sigma**2 * estimate
    noise = torch.sqrt(added.clamp_min(0))
    return mean, noise if large else noise * sigma_u / sigma


def _ddim(x: Tensor, step: Interval, posterior: Posterior) -> tuple[Tensor, Tensor]:
    (alpha, sigma), (alpha_u, sigma_u) = step.here, step.there
    estimate = posterior(x, alpha, sigma)
    return alpha_u * estimate + sigma_u / sigma * (x - alpha * estimate), _none(step)


def _flow(x: Tensor, step: Interval, posterior: Posterior) -> tuple[Tensor, Tensor]:
    strength = step.schedule.diffusion(step.t)
    slope = strength / 2 * _score(x, step, posterior) - step.schedule.drift(step.t) * x
    return x + step.length * slope, _none(step)


def _heun(x: Tensor, step: Interval, posterior: Posterior) -> tuple[Tensor, Tensor]:
    (alpha, sigma), (alpha_u, sigma_u) = step.here, step.there
    level, level_u = sigma / alpha, sigma_u / alpha_u
    y = x / alpha
    slope = (y - posterior(x, alpha, sigma)) / level
    euler = y + (level_u - level) * slope
    if not bool(level_u.any()):  # the end, where no denoiser is asked
        return alpha_u * euler, _none(step)
    other = (euler - posterior(alpha_u * euler, alpha_u, sigma_u)) / level_u
    return alpha_u * (y + (level_u - level) * (slope + other) / 2), _none(step)


def _none(step: Interval) -> Tensor:
    return torch.zeros_like(step.u)


def _score(x: Tensor, step: Interval, posterior: Posterior) -> Tensor:
    alpha, sigma = step.here
    return (alpha * posterior(x, alpha, sigma) - x) / sigma**2


SAMPLERS = {
    sampler.name: sampler
    for sampler in (
        Sampler("euler-maruyama", _euler_maruyama),
        Sampler("ancestral-large", partial(_ancestral, large=True), noisy_end=False),
        Sampler("ancestral-small", partial(_ancestral, large=False)),
        Sampler("ddim", _ddim),
        Sampler("flow", _flow),
        Sampler("heun", _heun, calls=2),
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
