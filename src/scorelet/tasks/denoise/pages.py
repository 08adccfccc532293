"""The pages of a file: denoised one by one, all in the way that suits the noise of them all."""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.data import Picture, count_pages, iter_pages
from scorelet.data.pictures.formats.base import FLOATS, SIXTEEN
from scorelet.data.pictures.kinds import is_raw_file
from scorelet.models import Denoiser
from scorelet.tasks.conditions import condition_pages
from scorelet.tasks.denoise.noise.agreement import Taken, in_doubt, settled
from scorelet.tasks.denoise.noise.choice import PAGES, Choice, asked, choose_for_stack
from scorelet.tasks.denoise.noise.grain_level import shows_noise
from scorelet.tasks.denoise.page import denoised_page, taken_of
from scorelet.tasks.denoise.plan import plan_page
from scorelet.tasks.denoise.raw import denoised_raw
from scorelet.tasks.denoise.settings import CAMERA, Denoised, DenoiseSettings
from scorelet.tasks.denoise.shown.kept import EmptyPageError, keep
from scorelet.tasks.denoise.ways.camera import camera_plan, grain_of, looks_at
from scorelet.tasks.listener import NOBODY, Listener

EVERYTHING = frozenset({FLOATS, SIXTEEN})
"""What arrays can hold."""


def denoised_pages(
    path: Path,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    *,
    cond: Path | None = None,
    can: frozenset[str] = EVERYTHING,
    check: Callable[[Picture], None] | None = None,
    listener: Listener = NOBODY,
) -> Iterator[Denoised]:
    """Denoise the pages of a file, one at a time, all in the way that suits the noise of them all.

    Args:
        path: of a picture.
        denoiser: prepared.
        settings: how.
        cond: the file of the conditions of its pages, if there are any.
        can: what the target can hold, of `FLOATS` and `SIXTEEN`: where it has them, integers of few
            photons become 32-bit floats, and raw files are developed to 16 bits, else to 8.
        check: may refuse a page before work is put into it.
        listener: is told how it goes on.

    Raises:
        ImageFileError: a file cannot be read.
        InputError: a page cannot be denoised.
    """
    if is_raw_file(path):
        if cond is not None:
            raise InputError(
                f"{path} is a camera raw file, which takes no condition: leave it out."
            )
        bits = 16 if SIXTEEN in can else 8
        yield denoised_raw(path, denoiser, settings, bits=bits, check=check, listener=listener)
        return
    choice = _stack_choice(path, denoiser, settings)
    denoised = partial(
        denoised_page,
        denoiser=denoiser,
        settings=settings,
        choice=choice,
        fractions=FLOATS in can,
        listener=listener,
    )
    nothing = True
    for page, told in zip(iter_pages(path, gaps=True), condition_pages(cond), strict=False):  # read
        if check:
            check(page)
        try:
            out, nothing = denoised(page, cond=told), False
        except EmptyPageError:
            out = _as_it_was(page)
        yield out
    if nothing:
        raise EmptyPageError


def _as_it_was(page: Picture) -> Denoised:
    """Return a page without data as it is."""
    return Denoised(page.plain, 0.0, (), page, reason="nothing of it is data")


def _stack_choice(path: Path, denoiser: Denoiser, settings: DenoiseSettings) -> Choice | None:
    """Return how all pages of a file are to be denoised; None: each as it is by itself."""
    count = count_pages(path)
    if count == 1:
        return None
    every = math.ceil(count / PAGES)

    def some() -> Iterator[Picture]:
        return islice(iter_pages(path, gaps=True), 0, None, every)

    choice = asked(settings)
    if choice is None:
        kept = _kept(some(), settings)
        choice = choose_for_stack(kept, math.ceil(count / every), settings)
        if choice is not None and in_doubt(choice, settings):
            choice = settled(choice, _taken_of_stack(some(), denoiser, settings))
    if choice is None or choice.noise != "camera":
        return choice
    if settings.sigma is not None or settings.model == CAMERA or choice.level is not None:
        return choice
    return replace(choice, level=_stack_level(some(), denoiser, settings, choice))


def _taken_of_stack(
    pages: Iterable[Picture], denoiser: Denoiser, settings: DenoiseSettings
) -> list[Taken]:
    """Return what the models take out of pages that have data."""
    found = []
    for page in pages:
        with suppress(EmptyPageError):
            found.append(taken_of(plan_page(page, denoiser, settings), denoiser, settings))
    return found


def _kept(pages: Iterable[Picture], settings: DenoiseSettings) -> Iterator[Picture]:
    """Yield pages without what carries no noise; those without data are left out."""
    for page in pages:
        try:
            kept = keep(page, settings.nodata).page
        except EmptyPageError:
            continue
        yield kept


def _stack_level(
    pages: Iterable[Picture], denoiser: Denoiser, settings: DenoiseSettings, choice: Choice
) -> float | None:
    """Return the median level of grain of pages, in their unit, of those that can show noise.

    They have one camera, and so one grain; with a level for each page it would come and go. None
    for pages of several sizes or dtypes, which are no stack.
    """
    looks, camera = looks_at(denoiser, settings), settings.camera().denoiser
    kinds, telling, rest = set(), [], []
    for page in pages:
        kinds.add((page.pixels.shape, page.pixels.dtype))
        if len(kinds) != 1:
            return None
        try:
            plan = camera_plan(page, looks, settings)
        except EmptyPageError:
            continue
        told = shows_noise(plan.view, camera, bounded=plan.bounded)
        (telling if told else rest).append(grain_of(plan, camera, choice))
    levels = telling or rest
    return statistics.median_high(levels) if levels else None
