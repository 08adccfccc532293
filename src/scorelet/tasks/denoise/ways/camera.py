"""Noise of a camera: one model measures it, another takes it out, and lines and texture stay."""

import math
from dataclasses import replace

import numpy as np

from scorelet.data import Picture
from scorelet.models import Denoiser
from scorelet.tasks.denoise.noise.choice import Choice
from scorelet.tasks.denoise.noise.grain_level import STRONGEST, grain_level
from scorelet.tasks.denoise.noise.quiet import glance
from scorelet.tasks.denoise.plan import PagePlan, moved_by_share, plan_page, run_plan
from scorelet.tasks.denoise.settings import CAMERA, Denoised, DenoiseSettings
from scorelet.tasks.denoise.ways.direction import LEAST, SHARE, with_lines
from scorelet.tasks.denoise.ways.evenness import evened
from scorelet.tasks.inference import tiles_of
from scorelet.tasks.listener import Listener, Repeated

STRONG = 8 / 255
"""Noise that floats are shown with at most, by what its fast part would have if it were white."""


def looks_at(denoiser: Denoiser, settings: DenoiseSettings) -> Denoiser:
    """Return the denoiser whose way a page is looked at.

    That is the blind one for `grain` too, whose level is no standard deviation of white noise.
    """
    measured = settings.drowns and settings.noise in ("auto", "camera")
    return settings.camera().denoiser if measured else denoiser


def camera_plan(
    page: Picture, looks: Denoiser, settings: DenoiseSettings, cond: np.ndarray | None = None
) -> PagePlan:
    """Return what the models of cameras are shown: faint noise, which is not cut off.

    Floats are stretched to their range, and noise with them, to levels that no camera has.
    """
    return plan_page(page, looks, settings, cond, ends=False, most=STRONG)


def grain_of(plan: PagePlan, camera: Denoiser, choice: Choice) -> float:
    """Return the level of grain of a page in its unit, see `grain_level`."""
    jpeg = plan.page.metadata.jpeg
    step = None if jpeg is None else jpeg.median_step
    step = None if step is None else step / plan.view.unit
    seen = choice.glance or glance(plan.view, camera, bounded=plan.bounded)
    level = grain_level(seen, step, sure=choice.sure, noisy=choice.noisy)
    return plan.view.unit * level


def denoised_camera(
    plan: PagePlan, choice: Choice, settings: DenoiseSettings, listener: Listener
) -> Denoised:
    """Denoise a page of a camera; at a level that may take faint lines out, at half of it, too.

    Args:
        plan: of the page, as the model of white noise or the blind one of cameras sees it.
        choice: what is known of its noise.
        settings: how.
        listener: is told how it goes on.

    Returns:
        With the level that `grain` was told.
    """
    plan, denoiser = _with_model(plan, settings, choice)
    full = replace(settings, noise="camera", strength=1.0)
    twice = plan.told is not None and plan.told >= LEAST
    out = run_plan(plan, denoiser, full, Repeated(listener, 0, 2) if twice else listener)
    pixels = out.picture.pixels
    if plan.told is not None and twice:
        half = replace(plan, told=SHARE * plan.told)
        weak = run_plan(half, denoiser, full, Repeated(listener, 1, 2))
        pixels = with_lines(pixels, weak.picture.pixels)
    page = plan.page
    pixels = moved_by_share(page.mask, page.pixels, evened(page.pixels, pixels), settings.strength)
    picture = replace(out.picture, pixels=pixels)
    told = None if plan.told is None else plan.told * plan.view.unit
    return replace(out, picture=picture, image=picture.plain, told=told)


def _with_model(
    plan: PagePlan, settings: DenoiseSettings, choice: Choice
) -> tuple[PagePlan, Denoiser]:
    """Return how a page of a camera is denoised: one model measures, another removes its grain."""
    denoiser, told = settings.camera().denoiser, None
    if settings.model != CAMERA:
        given = choice.level if settings.sigma is None else settings.sigma
        level = grain_of(plan, denoiser, choice) if given is None else given
        told = level / plan.view.unit
    if told == math.inf:
        told = STRONGEST if settings.drowns else None
    if told is not None:
        denoiser = settings.grain().denoiser
    tiles = tiles_of(denoiser, plan.page.pixels.shape[:2], tile=settings.tile)
    return replace(plan, tiles=tiles, told=told), denoiser


def told_words(out: Denoised, page: Picture) -> str:
    """Return what the reason says of the level that `grain` was told; "" if it was not."""
    if out.told is None:
        return ""
    floats = page.pixels.dtype.kind == "f"
    if np.array_equal(out.picture.pixels, page.pixels, equal_nan=floats):
        return ", nothing was taken out"
    level = f"{out.told:.3g}" if floats else f"{255 * out.told:.1f}"
    return f", white noise of {level} would drown it"
