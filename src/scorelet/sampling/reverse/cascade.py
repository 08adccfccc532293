"""Images from coarse to fine: the low band by a reverse diffusion, then the details of each level.

Each level has a number of steps of its own, and may have a schedule and a sampler of its own. What
is told a denoiser of details, the low band, has no noise. From a given image on it is
super-resolution: the low band of the result is that image.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, algorithm 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import Levels, fold, unfold
from scorelet.sampling.reverse.diffusion import ReversePlan, draw


@dataclass(frozen=True)
class Cascade:
    """What draws images of a model of denoisers.

    Args:
        model: its factors, and the unit that they work in.
        plans: for the low band, then for the details of each level, coarse to fine.

    Raises:
        InputError: another number of plans than of factors, or bands that are no octaves.
    """

    model: Multiscale[Denoiser]
    plans: Sequence[ReversePlan]

    def __post_init__(self) -> None:
        """Check the number of plans."""
        wanted = 1 + len(self.model.details)
        if len(self.plans) != wanted:
            raise InputError(
                f"There are {len(self.plans)} plans for {wanted} factors: give each one."
            )
        Levels(self.model)

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
        levels = Levels(self.model)
        units = levels.normalization(like)
        low = draw(self.model.coarse, like, self.plans[0], replace(noise, scale=0))  # ty: ignore[invalid-argument-type]
        return self.refine(units.unnormalize_low(low, levels.count), noise)

    def refine(self, low: Tensor, noise: Noise) -> Tensor:
        """Draw the details of all levels, given the low band x_J, in the unit of the transform.

        Arguments and errors as in `sample`.
        """
        levels = Levels(self.model)
        units = levels.normalization(low)
        x = low
        factors = zip(self.model.details, self.plans[1:], strict=True)
        for scale, (factor, plan) in enumerate(factors, start=1):
            number = levels.count + 1 - scale
            like = fold(_details_like(x))
            told = units.normalize_low(x, number)
            found = draw(factor, like, plan, replace(noise, scale=scale), cond=told)
            details = units.unnormalize_detail(unfold(found), number)
            x = levels.merge(x, fold(details))
        return x


def _details_like(low: Tensor) -> Tensor:
    return low[:, :, None].expand(-1, -1, 3, -1, -1)
