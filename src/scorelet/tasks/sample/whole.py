"""A denoiser of whole pictures, as it is drawn from: its plan, size and channels.

The diffusion starts from noise of level 1 around middle gray, and goes down to 0.003. What steps
did wrong is forgotten by churn, see `ReversePlan`: samples of the built-in denoisers have little
contrast without it.
"""

from scorelet.core.errors import InputError
from scorelet.models import Denoiser
from scorelet.models.schedules import VarianceExploding
from scorelet.sampling.reverse import ReversePlan, sampler_named
from scorelet.tasks.sample.settings import SampleSettings, Size

STEPS, LEVELS, POWER, CHURN = 64, (1.0, 0.003), 7.0, 0.5
MEAN = 0.5
"""Around which samples start; of data that a denoiser knows the mean of, that."""


def plan_of(settings: SampleSettings) -> ReversePlan:
    """Return the plan of whole pictures.

    Raises:
        InputError: an unknown sampler.
    """
    sampler = sampler_named(settings.sampler)
    schedule = VarianceExploding(*LEVELS)
    return ReversePlan(settings.steps or STEPS, schedule, sampler, POWER, churn=CHURN)


def channels_of(model: Denoiser) -> int:
    """Return the most channels that a denoiser takes; 1 if it takes any number."""
    return max(model.channels or (1,))


def size_of(model: Denoiser, settings: SampleSettings) -> Size:
    """Return the size of the samples; without one that of a mean that the denoiser knows.

    Raises:
        InputError: none is given or known, a coarse picture is given, or the denoiser must be told
            something.
    """
    if model.needs_cond:
        raise InputError(
            "The model denoises details beside a coarser picture, which it must be told: sample "
            "draws from a whole cascade, or from a denoiser of whole pictures."
        )
    if settings.coarse is not None:
        raise InputError(
            "The model denoises whole pictures and knows no coarser ones: enlarge a picture with "
            "it by restore and the task superres (scorelet restore --task superres)."
        )
    known = None if model.centre is None else tuple(model.centre.shape[-2:])
    size = settings.size or (known if known and max(known) > 1 else None)
    if size is None:
        raise InputError(
            "A denoiser of whole pictures does not say how large they are: give size (--size HxW)."
        )
    return int(size[0]), int(size[1])
