"""A denoiser of whole pictures, as it is drawn from: its plan, size and channels.

The diffusion starts around middle gray, from noise of the largest level that the denoiser says it
has learnt, and goes down to 0.003. It starts from 1 if the denoiser says none, or is blind: not
told the level, it is good far above what it has learnt. One that has learnt to be drawn from, blind
or not, says between which levels. Patterns that vary more than the noise of
the start, in large photographs all slow ones, keep its variance; closed forms, which are right at
every level and know how much their images vary, start above that, and go down as far below, in any
unit. What steps did wrong is forgotten by churn, see `ReversePlan`.
"""

import math

from scorelet.core.errors import InputError
from scorelet.models import Denoiser, LevelMapDenoiser
from scorelet.models.closed_form import ClosedFormDenoiser
from scorelet.models.schedules import VarianceExploding
from scorelet.sampling.reverse import ReversePlan, sampler_named
from scorelet.tasks.denoise.settings import CAMERA
from scorelet.tasks.sample.scales import WHOLE, each_of
from scorelet.tasks.sample.settings import SampleSettings, Size

STEPS, POWER, CHURN = 64, 7.0, 0.5
LEAST, LARGEST = 0.003, 1.0
"""Noise levels: of the end, and of the start of networks."""
EXACT, RANGE = 2.5, 6e-5
"""The start of closed forms, in deviations of what varies most, and the end as a share of it: 50
and 0.003 for photographs of 128x128, whose mean has a deviation of about 0.16, 20 along the image.
"""
ROUNDING = 1e-5
"""By which a mean of 0 or 1 may be off, in deviations of what varies most."""
MEAN = 0.5
"""Around which samples start; of data that a denoiser knows the mean of, that."""


def plan_of(model: Denoiser, settings: SampleSettings) -> ReversePlan:
    """Return the plan of whole pictures.

    Raises:
        InputError: an unknown sampler, or numbers for several scales.
    """
    sampler = sampler_named(settings.sampler)
    if isinstance(model, ClosedFormDenoiser):
        start = EXACT * (model.spread or 1.0)  # 0: of one image
        schedule = VarianceExploding(start, RANGE * start)
    else:
        told = not (model.blind or math.isinf(model.most))
        least, start = model.drawn_between or (LEAST, model.most if told else LARGEST)
        schedule = VarianceExploding(start, least)
    (steps,) = each_of("steps", settings.steps, WHOLE)
    (churn,) = each_of("churn", settings.churn, WHOLE)
    churn = CHURN if churn is None else churn
    return ReversePlan(steps or STEPS, schedule, sampler, POWER, churn=churn)


def channels_of(model: Denoiser) -> int:
    """Return the most channels that a denoiser takes, or those of its mean; 1 if none is known."""
    if model.channels is None and model.centre is not None:
        return model.centre.shape[1]
    return max(model.channels or (1,))


def size_of(model: Denoiser, settings: SampleSettings) -> Size:
    """Return the size of the samples; without one that of the pictures that the model learnt.

    Raises:
        InputError: none is given or known, or another one than that of the mean that the model
            knows; a coarse picture is given; or the model is none of pictures in [0, 1] with white
            noise.
    """
    if model.needs_cond:
        raise InputError(
            "The model denoises details beside a coarser picture, which it must be told: sample "
            "draws from a whole cascade, or from a denoiser of whole pictures."
        )
    if isinstance(model, LevelMapDenoiser) or settings.model == CAMERA:
        raise InputError(
            "The model removes noise that neighbours share, and samples are drawn by one of white "
            "noise: take another one, such as photo."
        )
    if settings.coarse is not None:
        raise InputError(
            "The model denoises whole pictures and knows no coarser ones: enlarge a picture with "
            "it by restore and the task superres (scorelet restore --task superres)."
        )
    known = _known(model)
    size = settings.size or known or model.learnt
    if size is None:
        raise InputError(
            "The denoiser does not say how large its pictures are: give size (--size HxW)."
        )
    if known and size != known:
        raise InputError(
            f"size is {size[0]}x{size[1]}, and the model knows the mean of pictures of "
            f"{known[0]}x{known[1]}: leave size out."
        )
    return size


def _known(model: Denoiser) -> Size | None:
    """Return the size of the mean that a denoiser knows, which must be one of pictures."""
    if model.centre is None:
        return None
    slack = ROUNDING * (model.spread if isinstance(model, ClosedFormDenoiser) else 1.0)
    if not -slack <= float(model.centre.min()) <= float(model.centre.max()) <= 1 + slack:
        raise InputError(
            f"The images of the model lie around {float(model.centre.mean()):g}: sample draws "
            "pictures in [0, 1]; draw others by scorelet.sampling.reverse.draw."
        )
    height, width = model.centre.shape[-2:]
    return (height, width) if max(height, width) > 1 else None
