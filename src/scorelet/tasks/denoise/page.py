"""A page is denoised in the way that suits its noise: white, that of a camera, or photons.

In this order: what the network is shown (`shown`), which noise it is (`noise`), the way (`ways`).
"""

from dataclasses import replace

import numpy as np

from scorelet.analysis.toning import toning
from scorelet.data import Picture
from scorelet.models import Denoiser
from scorelet.tasks.denoise.noise.agreement import Taken, in_doubt, settled, taken_by_both
from scorelet.tasks.denoise.noise.choice import Choice, choose
from scorelet.tasks.denoise.plan import PagePlan, plan_page
from scorelet.tasks.denoise.settings import CAMERA, GRAIN, MODEL, Denoised, DenoiseSettings
from scorelet.tasks.denoise.ways.camera import camera_plan, denoised_camera, looks_at, told_words
from scorelet.tasks.denoise.ways.photons import denoised_photons, stable_page
from scorelet.tasks.denoise.ways.toned import in_one_channel, in_tones
from scorelet.tasks.denoise.ways.white import denoised_white, is_unlike
from scorelet.tasks.listener import NOBODY, Listener

Pixels = np.ndarray


def denoised_page(
    page: Picture,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    cond: Pixels | None = None,
    *,
    choice: Choice | None = None,
    fractions: bool = True,
    listener: Listener = NOBODY,
) -> Denoised:
    """Denoise a page in the way that suits its noise, see `scorelet.tasks.denoise.noise.choice`.

    Args:
        page: as it was read.
        denoiser: of white noise, prepared.
        settings: how.
        cond: what the denoiser is told, of the height and width of the page.
        choice: that of the stack that the page belongs to; None: its own.
        fractions: integers of few photons become 32-bit floats.
        listener: is told how it goes on.

    Raises:
        InputError: the page cannot be denoised.
    """
    built_in = settings.model in (MODEL, CAMERA, GRAIN)
    in_full = page.metadata.jpeg is None  # a JPEG stores colours coarser
    by_itself = choice is None and cond is None and built_in and in_full
    tones = toning(page.pixels, page.mask) if by_itself else None
    if tones is not None:
        gray = in_one_channel(page, tones)
        out = denoised_page(gray, denoiser, settings, fractions=fractions, listener=listener)
        return in_tones(page, tones, out)
    looks = looks_at(denoiser, settings)
    plan = plan_page(page, looks, settings, cond)  # plan
    choice = choice or _chosen(plan, denoiser, settings)
    if choice.noise == "camera" and (plan.view.scaled or plan.view.cut_off is not None):
        plan = camera_plan(page, looks, settings, cond)  # it is shown in another way
        choice = replace(choice, glance=None)
    if choice.photons is not None:
        stable = stable_page(plan.page, choice.photons, fractions=fractions)
        out = denoised_photons(plan, stable, denoiser, settings, listener)
    elif choice.noise == "camera":
        out = denoised_camera(plan, choice, settings, listener)
    else:
        out = denoised_white(plan, denoiser, settings, listener)  # run
    reason = choice.reason + told_words(out, plan.page)
    return replace(out, noise=choice.noise, reason=reason)


def _chosen(plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings) -> Choice:
    """Return how a page is denoised that is no part of a stack."""
    choice = choose(plan.page, settings)
    if not in_doubt(choice, settings):
        return choice
    if choice.noise == "white" and is_unlike(plan, denoiser):
        return choice
    taken = taken_of(plan, denoiser, settings)
    return replace(settled(choice, [taken]), glance=taken.glance)


def taken_of(plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings) -> Taken:
    """Return what the models of white noise and of cameras take out of a page."""
    camera = settings.camera().denoiser
    return taken_by_both(plan.view, denoiser, camera, bounded=plan.bounded)
