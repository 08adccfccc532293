"""Images from coarse to fine: the low band, then the details of each level, by reverse diffusion
or by ascent.

Each level has a number of steps of its own, and may have a schedule and a sampler of its own. What
is told a denoiser of details, the low band, has no noise. From a given image on it is
super-resolution: the low band of the result is that image.

Learned denoisers draw details that are too much alike in sharpness: that some pictures are sharp
and others soft is little of the error that they learn from. A scale may therefore be a Gaussian
scale mixture of what its plan draws, with a spread τ and one standard normal z for each sample: all
its details d, and the low band a around its mean m, become

    exp(τ z - τ²) d,      m + exp(τ z - τ²) (a - m),

which keeps E|d|² and E|a - m|², and makes the deviation v of log|d| √(v² + τ²). Of a cascade that
whitens they are the bands themselves, A and b included, and not what its factors see; m is the band
whose `centre` the factor knows, that of 0 if it knows none.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, algorithm 1; Kadkhodaie, Guth,
Mallat, Simoncelli 2023, arXiv 2303.02984 (by ascent); Wainwright, Simoncelli, NIPS 1999 (scale
mixtures).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import holds, is_whole
from scorelet.core.random import Noise, check_noise
from scorelet.models import Denoiser
from scorelet.models.denoiser import check_tensor
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import Levels, fold, unfold
from scorelet.sampling.ascent import AscentSchedule, ascend
from scorelet.sampling.reverse.diffusion import ReversePlan, mean_of, reverse

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
        InputError: no model of denoisers, bands that are no octaves, another number of plans or
            spreads than of factors, what is no plan, or spreads that are negative or not finite.
    """

    model: Multiscale[Denoiser]
    plans: Sequence[ReversePlan | AscentSchedule]
    on_step: Callable[[], None] = _nothing
    spreads: Sequence[float] = ()

    def __post_init__(self) -> None:
        """Check model, plans and spreads."""
        _check_model(self.model)
        wanted = len(self.model.factors)
        plans = _of_each("plans", self.plans, wanted)
        if not all(isinstance(plan, ReversePlan | AscentSchedule) for plan in plans):
            kinds = ", ".join(type(plan).__name__ for plan in plans)
            raise InputError(
                f"The plans are of class {kinds}: expected a ReversePlan or an AscentSchedule of "
                "each factor."
            )
        spreads = _of_each("spreads", self.spreads, wanted, or_none=True)
        if not all(holds(lambda tau=tau: 0 <= tau < math.inf) for tau in spreads):
            raise InputError(
                f"The spreads are {spreads}: they must be zero or positive, and finite."
            )

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
        _check_like(like)
        check_noise(noise)
        levels, coarse = Levels.of(self.model), cast("Denoiser", self.model.coarse)
        units = levels.normalization(like)
        low = levels.unwhiten(self._draw(coarse, like, 0, noise), 0)
        if self.spreads and self.spreads[0]:
            mean = levels.unwhiten(mean_of(coarse, like).expand_as(like), 0)
            low = mean + self._spread(low - mean, 0, noise)
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
        _check_low(low)
        check_noise(noise)
        levels = Levels.of(self.model)
        start = levels.count if level is None else level
        if not is_whole(start, least=1) or start > levels.count:
            raise InputError(f"There is no level {level} to refine: the model has {levels.count}.")
        units = levels.normalization(low)
        x = low
        for number in range(start, 0, -1):
            scale = levels.count + 1 - number
            told = units.normalize_low(x, number)
            factor = self.model.details[scale - 1]
            found = self._draw(factor, fold(_details_like(x)), scale, noise, told)
            normal = self._spread(levels.unwhiten(found, scale, told), scale, noise)
            details = units.unnormalize_detail(unfold(normal), number)
            x = levels.merge(x, fold(details))
        return x

    def _draw(
        self, factor: Denoiser, like: Tensor, scale: int, noise: Noise, cond: Tensor | None = None
    ) -> Tensor:
        """Draw what the factor of one scale sees, by its plan."""
        plan, x, own = self.plans[scale], like, replace(noise, scale=scale)
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

    def _spread(self, band: Tensor, scale: int, noise: Noise) -> Tensor:
        """Multiply a band of each sample, of mean 0, by a number of the sample's own."""
        if not self.spreads or not self.spreads[scale]:
            return band
        spread, own = self.spreads[scale], replace(noise, scale=scale)
        z = own.normal(band[:, :1, :1, :1], use=_STRENGTH)
        gains = [math.exp(spread * each - spread**2) for each in z.flatten().tolist()]
        return band * band.new_tensor(gains)[:, None, None, None]  # torch's differ by batch


def _check_model(model: object) -> None:
    """Refuse what is no cascade of denoisers in octaves."""
    if not isinstance(model, Multiscale):
        raise InputError(
            f"The model is of class {type(model).__name__}: expected a Multiscale of denoisers; "
            "a denoiser of whole images is drawn from by scorelet.sampling.reverse.draw."
        )
    if not all(isinstance(factor, Denoiser) for factor in model.factors):
        raise InputError(
            "The factors of the model are no denoisers: energies are sampled by Markov chains, as "
            "by scorelet field sample."
        )
    Levels.of(model)


def _of_each(name: str, given: object, wanted: int, *, or_none: bool = False) -> list[Any]:
    """Return what is given for each factor; nothing of nothing if that will do."""
    if not isinstance(given, list | tuple):
        raise InputError(
            f"The {name} are of class {type(given).__name__}: expected a list, one for each factor."
        )
    if len(given) != wanted and not (or_none and not given):
        raise InputError(f"There are {len(given)} {name} for {wanted} factors: give each one.")
    return list(given)


def _check_like(low: Any) -> None:  # noqa: ANN401 - whatever was given
    """Refuse what is no batch of low bands."""
    check_tensor(low)
    if low.ndim != 4 or not low.is_floating_point():
        raise InputError(
            f"The low band has shape {tuple(low.shape)} and dtype {low.dtype}: expected floats, "
            "(batch, channel, height, width)."
        )


def _check_low(low: Any) -> None:  # noqa: ANN401 - whatever was given
    """Refuse what is no batch of low bands of finite numbers."""
    _check_like(low)
    if not bool(low.isfinite().all()):
        raise InputError("The low band holds NaN or infinite values: expected finite numbers.")


def _details_like(low: Tensor) -> Tensor:
    return low[:, :, None].expand(-1, -1, 3, -1, -1)
