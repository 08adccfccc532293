"""Pages whose channels tell one picture (`scorelet.analysis.toning`), denoised as a gray one.

Networks of three channels know noise of each channel by itself, and of cameras, which is mostly
one of brightness, but none that is of one hue with the picture: grain of a toned photograph they
take for what is shown. So one channel is denoised alone, and the others move as it does.
"""

from dataclasses import replace

import numpy as np

from scorelet.analysis.toning import Toning
from scorelet.data import Picture, from_unit
from scorelet.tasks.denoise.settings import Denoised

_BAND = 256
"""Rows that are in memory at once as floats."""


def in_one_channel(page: Picture, tones: Toning) -> Picture:
    """Return the page in the channel that the others follow."""
    return replace(page, pixels=page.pixels[..., tones.channel : tones.channel + 1])


def in_tones(page: Picture, tones: Toning, out: Denoised) -> Denoised:
    """Return a page as its channel was denoised: others move by as much, times their slopes."""
    gray, unit = out.picture.pixels, page.scale
    unit = unit if gray.dtype == page.pixels.dtype else 1.0  # few photons became floats
    result = np.empty(page.pixels.shape, gray.dtype)
    for top in range(0, len(result), _BAND):
        rows = slice(top, top + _BAND)
        y, x = (p[rows].astype(np.float64) for p in (page.pixels, gray))
        before = y[..., tones.channel, None]
        moves = np.subtract(x, before, out=np.zeros_like(x), where=x != before)
        moves[np.isnan(moves)] = 0  # gaps
        result[rows] = from_unit((y + np.array(tones.slopes) * moves) / unit, gray.dtype)
    picture = replace(out.picture, pixels=result)
    return replace(out, image=picture.plain, sigma=tones.strength * out.sigma, picture=picture)
