"""The unit of pictures whose model means its numbers absolutely, as joint laws do: [0, 1]."""

import math

from scorelet.core.blocks import block_means
from scorelet.data import Picture, to_unit
from scorelet.models import Denoiser
from scorelet.tasks.denoise.shown.view import CELL, View
from scorelet.tasks.value_range import SLACK, beyond_words, is_beyond, little_range


def other_unit(view: View, page: Picture, denoiser: Denoiser, sigma: float) -> str | None:
    """Say whether a model that is shown samples as they are was made for others.

    Noise goes beyond [0, 1] anywhere, means of cells of 8x8 pixels by less than half of its level.

    Args:
        view: what was shown of the page.
        page: as it was read.
        denoiser: what is shown it; one that is blind is shown any unit alike, and one that knows
            every level, as closed forms do, has the unit of its law.
        sigma: noise level, in the unit of the page.
    """
    if denoiser.blind or denoiser.homogeneous or math.isinf(denoiser.most):
        return None
    samples, cells = page.unmasked, block_means(to_unit(view.pixels), CELL)
    if not is_beyond(float(cells.min()), float(cells.max()), SLACK + sigma / 2):
        little = little_range(samples)
        return None if little is None else f"the picture {little}"
    ends = float(samples.min()), float(samples.max())
    return f"values of another unit: the picture {beyond_words(*ends, mark=';')}"
