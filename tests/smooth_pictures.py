"""Smooth pictures of one law, and denoisers that know the law or pictures by heart."""

import numpy as np

from scorelet.data.fields.ensembles import ensemble
from scorelet.models import FiniteSetDenoiser, StationaryGaussianDenoiser
from scorelet.tasks.picture_arrays import images_of, load_picture_array

LAW = ensemble("power_law", eta=3.0)


def pictures(count, *, side=12, seed=0):
    """8-bit pictures (n, side, side)."""
    x = 0.5 + 0.12 * LAW.sample(count, side, seed)[:, 0].numpy()
    return np.rint(255 * x.clip(0, 1)).astype(np.uint8)


def floats(count, *, seed):
    """Floats (n, 1, 12, 12) in [0, 1]."""
    return (0.5 + 0.12 * LAW.sample(count, 12, seed)).clip(0, 1).float()


def law_denoiser(spread=0.12):
    """The best denoiser of the law of `pictures`, which knows none of them."""
    return StationaryGaussianDenoiser(spread**2 * LAW.power(12), mean=0.5)


def finite(path):
    """The denoiser that answers with pictures of that file."""
    return FiniteSetDenoiser(images_of(load_picture_array(path)))
