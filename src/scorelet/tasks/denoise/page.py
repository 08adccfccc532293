"""A page is denoised in the way that suits its noise: white, that of a camera, or photons."""

import math
from dataclasses import replace

import numpy as np

from scorelet.data import Picture
from scorelet.models import Denoiser
from scorelet.tasks.denoise.agreement import Taken, in_doubt, settled, taken_by_both
from scorelet.tasks.denoise.channels import noisiest_apart, noisiest_channel, one_by_one
from scorelet.tasks.denoise.choice import Choice, choose
from scorelet.tasks.denoise.direction import LEAST, SHARE, with_lines
from scorelet.tasks.denoise.evenness import evened
from scorelet.tasks.denoise.grain_level import STRONGEST, grain_level
from scorelet.tasks.denoise.parts import noisier_part, part_apart
from scorelet.tasks.denoise.photons import StablePage, stable_page
from scorelet.tasks.denoise.plan import PagePlan, plan_page, run_plan
from scorelet.tasks.denoise.remarks import colours_left, noise_of_colours
from scorelet.tasks.denoise.settings import CAMERA, MODEL, Denoised, DenoiseSettings
from scorelet.tasks.inference import tiles_of
from scorelet.tasks.listener import NOBODY, Listener, Repeated

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
    """Denoise a page in the way that suits its noise, see `choice`.

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
    looks = looks_at(denoiser, settings)
    plan = plan_page(page, looks, settings, cond)  # plan
    choice = choice or _chosen(plan, denoiser, settings)
    if choice.noise == "camera" and plan.view.cut_off is not None:
        plan = plan_page(page, looks, settings, cond, ends=False)  # the rule is for white noise
    if choice.photons is not None:
        stable = stable_page(plan.page, choice.photons, fractions=fractions)
        out = _denoised_photons(plan, stable, denoiser, settings, listener)
    elif choice.noise == "camera":
        plan, denoiser = _camera_plan(plan, settings, choice)
        out = _denoised_camera(plan, denoiser, replace(settings, noise="camera"), listener)
    else:
        out = _denoised_white(plan, denoiser, settings, listener)  # run
    told = None if plan.told is None else plan.told * plan.view.unit
    reason = choice.reason + ("" if told is None else _told_words(told, plan.page, out.picture))
    return replace(out, noise=choice.noise, reason=reason, told=told)


def _chosen(plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings) -> Choice:
    """Return how a page is denoised that is no part of a stack."""
    choice = choose(plan.page, settings)
    if not in_doubt(choice, settings) or _is_unlike(plan, choice, denoiser):
        return choice
    return settled(choice, [taken_of(plan, denoiser, settings)])


def _is_unlike(plan: PagePlan, choice: Choice, denoiser: Denoiser) -> bool:
    """Whether white noise is unlike in channels or parts, which alone keeps `photo` from it."""
    if choice.noise != "white":
        return False
    return noisiest_channel(plan) is not None or noisier_part(plan, denoiser) is not None


def taken_of(plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings) -> Taken:
    """Return what the models of white noise and of cameras take out of a page."""
    camera = settings.camera().denoiser
    return taken_by_both(plan.view, denoiser, camera, bounded=plan.bounded)


def _denoised_white(
    plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings, listener: Listener
) -> Denoised:
    """Denoise a page at once; channels or parts apart where their noise is unlike."""
    apart = settings.model == MODEL
    noisiest = noisiest_channel(plan) if apart else None
    if noisiest is not None:
        return noisiest_apart(plan, noisiest, denoiser, settings, listener)
    part = noisier_part(plan, denoiser) if apart else None
    if part is not None:
        return part_apart(plan, part, denoiser, settings, listener)
    out = run_plan(plan, denoiser, settings, listener)
    noise = colours_left(plan.view, out.sigma, bounded=plan.bounded)
    if noise is None:
        return out
    said = noise_of_colours(noise, apart=apart, floats=plan.page.pixels.dtype.kind == "f")
    out = one_by_one(plan, denoiser, settings) if apart else out
    return replace(out, warnings=(*out.warnings, said))


def _denoised_camera(
    plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings, listener: Listener
) -> Denoised:
    """Denoise a page of a camera; at a level that may take faint lines out, at half of it, too."""
    twice = plan.told is not None and plan.told >= LEAST
    out = run_plan(plan, denoiser, settings, Repeated(listener, 0, 2) if twice else listener)
    pixels = out.picture.pixels
    if plan.told is not None and twice:
        half = replace(plan, told=SHARE * plan.told)
        weak = run_plan(half, denoiser, settings, Repeated(listener, 1, 2))
        pixels = with_lines(pixels, weak.picture.pixels)
    picture = replace(out.picture, pixels=evened(plan.page.pixels, pixels))
    return replace(out, picture=picture, image=picture.plain)


def looks_at(denoiser: Denoiser, settings: DenoiseSettings) -> Denoiser:
    """Return the denoiser whose way a page is looked at.

    That is the blind one for `grain` too, whose level is no standard deviation of white noise.
    """
    measured = settings.drowns and settings.noise in ("auto", "camera")
    return settings.camera().denoiser if measured else denoiser


def _camera_plan(
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


def _told_words(told: float, page: Picture, out: Picture) -> str:
    floats = page.pixels.dtype.kind == "f"
    if np.array_equal(out.pixels, page.pixels, equal_nan=floats):
        return ", nothing was taken out"
    level = f"{told:.3g}" if floats else f"{255 * told:.1f}"
    return f", white noise of {level} would drown it"


def grain_of(plan: PagePlan, camera: Denoiser, choice: Choice) -> float:
    """Return the level of grain of a page in its unit, see `grain_level`."""
    jpeg = plan.page.metadata.jpeg
    step = None if jpeg is None else jpeg.median_step
    step = None if step is None else step / plan.view.unit
    level = grain_level(
        plan.view, camera, step, sure=choice.sure, noisy=choice.noisy, bounded=plan.bounded
    )
    return plan.view.unit * level


def _denoised_photons(
    plan: PagePlan,
    stable: StablePage,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    listener: Listener,
) -> Denoised:
    """Denoise a page whose noise was made white, and go back."""
    inner = replace(settings, noise="white", noise_law=None, strength=1.0, nodata=None)
    inner = replace(inner, sigma=None if denoiser.blind else stable.sigma)
    outs = [
        run_plan(
            plan_page(page, denoiser, inner, plan.cond, ends=False),  # a count of 0 is whole
            denoiser,
            inner,
            Repeated(listener, index, len(stable.pages)),
        )
        for index, page in enumerate(stable.pages)
    ]
    result = stable.back([out.picture.pixels for out in outs], settings.strength)
    said = plan.said + outs[0].warnings + stable.said()
    picture = replace(plan.page, pixels=result)
    return Denoised(picture.plain, stable.level(), said, picture)
