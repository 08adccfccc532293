"""Pages whose channels have unlike noise: one is far noisier, or it cancels in their sum.

A network of three channels expects one level. Where one channel is far noisier it would take out
too little there, and details of the others.

- That channel is shown beside the others with white noise, up to its level.
- The others are shown beside a third that has next to no noise and the details of all: the mean of
  what came out for that channel and of their own mean.
"""

import math
import statistics
from dataclasses import replace

import numpy as np

from scorelet.analysis.channel_noise import ChannelNoise, channel_noise
from scorelet.data import from_unit, to_unit
from scorelet.models import Denoiser
from scorelet.tasks.denoise.plan import PagePlan, moved_by_share, plan_page, run_plan
from scorelet.tasks.denoise.remarks import number, unit
from scorelet.tasks.denoise.settings import Denoised, DenoiseSettings
from scorelet.tasks.listener import NOBODY, Listener, Repeated

Pixels = np.ndarray

NAMES = ("red", "green", "blue")
SHARE = 17 / 24
"""Mean variance of three channels over that of two, where the third has half their mean's noise."""
_BAND = 256
"""Rows that are in memory at once as floats."""


def noisiest_channel(plan: PagePlan) -> ChannelNoise | None:
    """Return which channel of a page is far noisier than the others, if one is."""
    if plan.dots or plan.page.pixels.shape[2] != len(NAMES):
        return None
    return channel_noise(plan.noise, plan.step)


def noisiest_apart(
    plan: PagePlan,
    noise: ChannelNoise,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    listener: Listener = NOBODY,
) -> Denoised:
    """Denoise the noisiest channel of a page, then the others.

    Args:
        plan: from `plan_page`.
        noise: of its channels.
        denoiser: blind, prepared.
        settings: how.
        listener: is told how it goes on.
    """
    pixels, noisiest = plan.page.pixels, noise.noisiest
    full = replace(settings, nodata=None, strength=1.0)
    outs, shown = [], _with_noise(pixels, noise.levels)
    for index in range(2):
        inner = plan_page(replace(plan.page, pixels=shown), denoiser, full)
        outs.append(run_plan(inner, denoiser, full, Repeated(listener, index, 2)))
        if not index:
            shown = _with_guide(pixels, outs[0].picture.pixels, noisiest)
    result = outs[1].picture.pixels
    result[..., noisiest] = outs[0].picture.pixels[..., noisiest]
    picture = replace(
        plan.page, pixels=moved_by_share(plan.page.mask, pixels, result, settings.strength)
    )
    most, others = outs[0].sigma, outs[1].sigma / math.sqrt(SHARE)
    said = _said(NAMES[noisiest], most, others, floats=pixels.dtype.kind == "f")
    sigma = math.sqrt((most**2 + 2 * others**2) / 3)
    return Denoised(picture.plain, sigma, (*plan.said, *outs[0].warnings, said), picture)


def one_by_one(plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings) -> Denoised:
    """Denoise the channels of a page one by one.

    Args:
        plan: from `plan_page`.
        denoiser: blind, prepared.
        settings: how.
    """
    outs = []
    for channel in range(plan.page.pixels.shape[2]):
        page = replace(plan.page, pixels=plan.page.pixels[..., channel : channel + 1])
        inner = plan_page(page, denoiser, replace(settings, nodata=None))
        outs.append(run_plan(inner, denoiser, settings))
    picture = replace(plan.page, pixels=np.concatenate([one.picture.pixels for one in outs], 2))
    sigma = math.sqrt(statistics.fmean(one.sigma**2 for one in outs))
    return Denoised(picture.plain, sigma, (*plan.said, *outs[0].warnings), picture)


def _with_noise(pixels: Pixels, levels: Pixels) -> Pixels:
    """Add white noise to channels, from their levels up to the highest."""
    lacking = np.sqrt(levels.max() ** 2 - levels**2).astype(np.float32)
    rng = np.random.default_rng(0)  # the same picture gets the same noise
    result = pixels.copy()
    for channel in np.flatnonzero(lacking):
        for top in range(0, len(pixels), _BAND):
            part = to_unit(pixels[top : top + _BAND, :, channel])
            noise = lacking[channel] * rng.standard_normal(part.shape, np.float32)
            result[top : top + _BAND, :, channel] = from_unit(part + noise, pixels.dtype)
    return result


def _with_guide(pixels: Pixels, denoised: Pixels, noisiest: int) -> Pixels:
    """Put in place of a channel the mean of what it became and of the mean of the others."""
    result = pixels.copy()
    first, second = (c for c in range(len(NAMES)) if c != noisiest)
    for top in range(0, len(pixels), _BAND):
        rows = slice(top, top + _BAND)
        others = to_unit(pixels[rows, :, first]) / 4 + to_unit(pixels[rows, :, second]) / 4
        guide = others + to_unit(denoised[rows, :, noisiest]) / 2
        result[rows, :, noisiest] = from_unit(guide, pixels.dtype)
    return result


def _said(name: str, most: float, others: float, *, floats: bool) -> str:
    most_words, others_words = (number(sigma, floats=floats) for sigma in (most, others))
    return (
        f"one channel is noisier than the others: sigma is {most_words} in {name} and "
        f"{others_words} in the others{unit(floats=floats)}; they were denoised apart"
    )
