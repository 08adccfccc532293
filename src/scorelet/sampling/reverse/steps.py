"""What a step of a reverse diffusion is: from where to where, and by which weights.

Symbols as in `samplers`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from scorelet.models.schedules import NoiseSchedule

Number = TypeVar("Number", Tensor, float)

_ROUNDING = 1e-14

Posterior = Callable[[Tensor, Number, Number], Tensor]
"""Maps (x_t, α, σ) to E[x_0 | x_t]."""


@dataclass(frozen=True)
class Interval:
    """From time t back to u < t, and forward again to `again`, if that is given.

    Times are float64 tensors that broadcast with each other; u = 0 stands alone.

    Attributes:
        before: h_p, ∞ where there is no step before; None: it does not matter, as where u = 0.
    """

    schedule: NoiseSchedule
    t: Tensor
    u: Tensor
    again: Tensor | None = None
    before: Tensor | None = None

    @property
    def length(self) -> Tensor:
        """δ."""
        return self.t - self.u

    @property
    def log_ratio(self) -> Tensor:
        """h, of the levels σ/α at t and at u > 0."""
        (alpha, sigma), (alpha_u, sigma_u) = self.here, self.there
        return torch.log(sigma / alpha * alpha_u / sigma_u)

    @property
    def here(self) -> tuple[Tensor, Tensor]:
        """(α, σ) at t."""
        return self.schedule.alpha(self.t), self.schedule.sigma(self.t)

    @property
    def there(self) -> tuple[Tensor, Tensor]:
        """(α', σ') at u."""
        return self.schedule.alpha(self.u), self.schedule.sigma(self.u)

    @property
    def columns(self) -> "Interval":
        """The same with vectors of times as columns."""
        again, before = (x if x is None else x[:, None] for x in (self.again, self.before))
        return Interval(self.schedule, self.t[:, None], self.u[:, None], again, before)


@dataclass(frozen=True)
class Step(Generic[Number]):
    """What a step computes; numbers are those of one step, or tensors that broadcast with x.

    Attributes:
        points: (α, σ) of each estimate.
        weights: of x and of the estimates so far: their sum is where the next estimate is taken,
            and in the end the mean of x_u.
        deviation: √v.
        memory: the weight of the estimate of the step before in that mean; None: it has none.
    """

    points: tuple[tuple[Number, ...], ...]
    weights: tuple[tuple[Number, ...], ...]
    deviation: Number
    memory: Number | None = None

    def mean(
        self, x: Tensor, posterior: Posterior[Number], earlier: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the mean of x_u, and the first estimate, `earlier` of the next step.

        Args:
            x: x_t.
            posterior: asked for the estimates.
            earlier: the first estimate of the step before; None: this is the first step.
        """
        point, estimates = x, []
        for (alpha, sigma), weights in zip(self.points, self.weights, strict=True):
            estimates.append(posterior(point, alpha, sigma))
            point = _sum(weights, (x, *estimates))
        if self.memory is not None and earlier is not None:
            point = _plus(point, self.memory, earlier)
        return point, estimates[0]

    def each(self: "Step[Tensor]") -> Iterator["Step[float]"]:
        """Yield steps of Python numbers, one for each element of numbers that are vectors."""
        for k in range(len(self.deviation)):
            points, weights = (
                tuple(tuple(float(number[k]) for number in row) for row in rows)
                for rows in (self.points, self.weights)
            )
            memory = None if self.memory is None else float(self.memory[k])
            yield Step(points, weights, float(self.deviation[k]), memory)


def _sum(weights: tuple[Tensor | float, ...], terms: tuple[Tensor, ...]) -> Tensor:
    """Return Σ weight · term; if weights are Python numbers, in few passes over memory."""
    numbers = [weight for weight in weights if not isinstance(weight, Tensor)]
    if len(numbers) == 2 and abs(sum(numbers) - 1) < _ROUNDING:  # a mean, as where α = 1
        return torch.lerp(terms[0], terms[1], numbers[1])
    total = weights[0] * terms[0]
    for weight, term in zip(weights[1:], terms[1:], strict=True):
        total = _plus(total, weight, term)
    return total


def _plus(total: Tensor, weight: Tensor | float, term: Tensor) -> Tensor:
    if isinstance(weight, Tensor):
        return total + weight * term
    return torch.add(total, term, alpha=weight)
