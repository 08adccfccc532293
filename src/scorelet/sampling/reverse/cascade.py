"""Images from coarse to fine: the low band, then the details of each level, by reverse diffusion
or by ascent.

Each level has a number of steps of its own, and may have a schedule and a sampler of its own. What
is told a denoiser of details, the low band, has no noise. From a given image on it is
super-resolution: the low band of the result is that image.

Learned denoisers draw details that are too much alike in sharpness: that some pictures are sharp
and others soft is little of the error that they learn from. A scale may therefore be a Gaussian
scale mixture of what its plan draws, with a spread τ and one standard normal z for each sample: all
its details d become

    exp(τ z - τ²) d,

which keeps E|d|² and makes the deviation v of log|d| √(v² + τ²).

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, algorithm 1; Kadkhodaie, Guth,
Mallat, Simoncelli 2023, arXiv 2303.02984 (by ascent); Wainwright, Simoncelli, NIPS 1999 (scale
mixtures).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import Levels, fold, unfold
from scorelet.sampling.ascent import AscentSchedule, ascend
from scorelet.sampling.reverse.diffusion import ReversePlan, reverse

_STRENGTH = 1
"""The use of noise that z has; steps have the use 0."""


def _nothing() -> None:
    return


@dataclass(frozen=True)
class Cascade:
    """What draws images of a model of denoisers.

    Args:
        model: its factors, and the unit that they work in.
        plans: for the low band, then for the details of each level, coarse to fine: of a reverse
            diffusion, or the schedule of an ascent.
        on_step: called after each step of each scale.
        spreads: τ of each scale, as `plans`; none: 0 of all.

    Raises:
        InputError: another number of plans or spreads than of factors, spreads that are negative or
            not finite, or bands that are no octaves.
    """

    model: Multiscale[Denoiser]
    plans: Sequence[ReversePlan | AscentSchedule]
    on_step: Callable[[], None] = _nothing
    spreads: Sequence[float] = ()

    def __post_init__(self) -> None:
        """Check plans and spreads."""
        wanted = 1 + len(self.model.details)
        for name, given in (("plans", self.plans), ("spreads", self.spreads or wanted * (0,))):
            if len(given) != wanted:
                raise InputError(
                    f"There are {len(given)} {name} for {wanted} factors: give each one."
                )
        if not all(0 <= spread < math.inf for spread in self.spreads):
            raise InputError(
                f"The spreads are {list(self.spreads)}: they must be zero or positive, and finite."
            )
        Levels.of(self.model)

    def sample(self, like: Tensor, noise: Noise) -> Tensor:
        """Draw whole images.

        Args:
            like: low bands, a batch of the shape, dtype and device that is wanted; its numbers are
                not used.
            noise: seed and numbers of the samples.

        Raises:
            InputError: shapes that the factors do not take.
            DivergenceError: a step whose result is not finite; the sentence names scale and step.
        """
        levels = Levels.of(self.model)
        units = levels.normalization(like)
        found = self._draw(self.model.coarse, like, 0, noise)  # ty: ignore[invalid-argument-type]
        low = levels.unwhiten(found, 0)
        return self.refine(units.unnormalize_low(low, levels.count), noise)

    def refine(self, low: Tensor, noise: Noise, *, level: int | None = None) -> Tensor:
        """Draw the details of all levels from `level` down, given the low band of that level.

        Args:
            low: x_j, in the unit of the transform, a batch.
            noise: seed and numbers of the samples.
            level: j; None: J, the coarsest.

        Raises:
            InputError: no such level, or a low band that is not finite; otherwise, and
                DivergenceError, as in `sample`.
        """
        levels = Levels.of(self.model)
        start = levels.count if level is None else level
        if not 1 <= start <= levels.count:
            raise InputError(f"There is no level {level} to refine: the model has {levels.count}.")
        if not bool(low.isfinite().all()):
            raise InputError("The low band holds NaN or infinite values: expected finite numbers.")
        units = levels.normalization(low)
        x = low
        for number in range(start, 0, -1):
            scale = levels.count + 1 - number
            told = units.normalize_low(x, number)
            factor = self.model.details[scale - 1]
            found = self._draw(factor, fold(_details_like(x)), scale, noise, told)
            normal = levels.unwhiten(found, scale, told)
            details = units.unnormalize_detail(unfold(normal), number)
            x = levels.merge(x, fold(details))
        return x

    def _draw(
        self, factor: Denoiser, like: Tensor, scale: int, noise: Noise, cond: Tensor | None = None
    ) -> Tensor:
        """Draw one scale by its plan, and multiply each sample of it by its own number."""
        own = replace(noise, scale=scale)
        drawn = self._by_plan(factor, like, scale, own, cond)
        if not self.spreads or not self.spreads[scale]:
            return drawn
        spread = self.spreads[scale]
        z = own.normal(like[:, :1, :1, :1], use=_STRENGTH)
        return drawn * torch.exp(spread * z - spread**2)

    def _by_plan(
        self, factor: Denoiser, like: Tensor, scale: int, own: Noise, cond: Tensor | None
    ) -> Tensor:
        plan, x = self.plans[scale], like
        if isinstance(plan, AscentSchedule):
            mean = like.new_zeros(()) if factor.centre is None else factor.centre.to(like)
            for risen in ascend(factor, mean.expand_as(like), plan, own, cond=cond):
                x = risen.denoised
                self.on_step()
            return x
        for state in reverse(factor, like, plan, own, cond=cond):
            x = state.x
            self.on_step()
        return x


def _details_like(low: Tensor) -> Tensor:
    return low[:, :, None].expand(-1, -1, 3, -1, -1)
