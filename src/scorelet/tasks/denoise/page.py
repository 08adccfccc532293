"""A page is read, then planned (what the network is shown, in which tiles), then run."""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from scorelet.analysis.few_levels import few_levels
from scorelet.analysis.local_noise import LocalNoise, local_noise
from scorelet.analysis.noise_level import ResidualMeter, curve_name
from scorelet.core.errors import InputError
from scorelet.data import Picture, count_pages, from_unit, iter_pages, to_unit
from scorelet.data.pictures.formats.base import FLOATS, SIXTEEN
from scorelet.data.pictures.kinds import is_raw_file
from scorelet.models import Denoiser
from scorelet.tasks.conditions import check_size, condition_pages
from scorelet.tasks.denoise.choice import PAGES, Choice, asked, choose, choose_for_stack
from scorelet.tasks.denoise.evenness import evened
from scorelet.tasks.denoise.faults import faults
from scorelet.tasks.denoise.grain_level import STRONGEST, grain_level, shows_noise
from scorelet.tasks.denoise.kept import EmptyPageError, keep
from scorelet.tasks.denoise.photons import StablePage, stable_page
from scorelet.tasks.denoise.raw import denoised_raw
from scorelet.tasks.denoise.remarks import colours_left, noise_of_colours, remarks
from scorelet.tasks.denoise.settings import CAMERA, MODEL, Denoised, DenoiseSettings
from scorelet.tasks.denoise.view import View, look
from scorelet.tasks.inference import run_tile, tiles_of
from scorelet.tasks.listener import NOBODY, Listener, Repeated
from scorelet.tasks.tiling import Tile

Pixels = np.ndarray

EVERYTHING = frozenset({FLOATS, SIXTEEN})
"""What arrays can hold."""
_RANGE = (np.finfo(np.float32).min, np.finfo(np.float32).max)


@dataclass(frozen=True)
class PagePlan:
    """What is to be done with a page.

    Attributes:
        page: as it was read.
        view: what the network is shown of it.
        tiles: in which parts.
        sigma: the noise level that the denoiser is told, in the unit of the page; None: it is blind
            and nothing was given.
        wide: whether pixels are float32 so large that it is computed in float64.
        said: what is to be said of the page already.
        cond: what the denoiser is told of the page, of its height and width; None: nothing.
        told: the level that the denoiser is told in its place, in the unit that the view shows,
            where that is no standard deviation of the noise.
        quiet: more than the noise of the quietest places, in the unit of the page.
        dots: the view shows the noise of dots alone.
    """

    page: Picture
    view: View
    tiles: list[Tile]
    sigma: float | None
    wide: bool = False
    said: tuple[str, ...] = ()
    cond: Pixels | None = None
    told: float | None = None
    quiet: float = 0.0
    dots: bool = False


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
    if choice is None or choice.noise != "camera":
        return choice
    if settings.sigma is not None or settings.model == CAMERA:
        return choice
    return replace(choice, level=_stack_level(some(), denoiser, settings, choice))


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
    looks, camera = _looks(denoiser, settings), settings.camera().denoiser
    kinds, telling, rest = set(), [], []
    for page in pages:
        kinds.add((page.pixels.shape, page.pixels.dtype))
        if len(kinds) != 1:
            return None
        try:
            plan = plan_page(page, looks, settings)
        except EmptyPageError:
            continue
        bounded = page.pixels.dtype.kind == "u"
        told = shows_noise(plan.view, camera, bounded=bounded)
        (telling if told else rest).append(_level(plan, camera, choice))
    levels = telling or rest
    return statistics.median_high(levels) if levels else None


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
    plan = plan_page(page, _looks(denoiser, settings), settings, cond)  # plan
    choice = choice or choose(plan.page, settings)
    if choice.photons is not None:
        stable = stable_page(plan.page, choice.photons, fractions=fractions)
        out = _denoised_photons(plan, stable, denoiser, settings, listener)
    elif choice.noise == "camera":
        plan, denoiser = _camera_plan(plan, settings, choice)
        out = run_plan(plan, denoiser, replace(settings, noise="camera"), listener)
        picture = replace(out.picture, pixels=evened(plan.page.pixels, out.picture.pixels))
        out = replace(out, picture=picture, image=picture.plain)
    else:
        out = _denoised_white(plan, denoiser, settings, listener)  # run
    told = None if plan.told is None else plan.told * plan.view.unit
    reason = choice.reason + ("" if told is None else _told_words(told, plan.page, out.picture))
    return replace(out, noise=choice.noise, reason=reason, told=told)


def _denoised_white(
    plan: PagePlan, denoiser: Denoiser, settings: DenoiseSettings, listener: Listener
) -> Denoised:
    """Denoise a page at once; its channels one by one if it has noise of colours and most stays."""
    out = run_plan(plan, denoiser, settings, listener)
    noise = colours_left(plan.view, plan.page, out.sigma)
    if noise is None:
        return out
    apart = settings.model == MODEL
    said = noise_of_colours(noise, apart=apart, floats=plan.page.pixels.dtype.kind == "f")
    if not apart:
        return replace(out, warnings=(*out.warnings, said))
    outs = []
    for channel in range(plan.page.pixels.shape[2]):
        page = replace(plan.page, pixels=plan.page.pixels[..., channel : channel + 1])
        inner = plan_page(page, denoiser, replace(settings, nodata=None))
        outs.append(run_plan(inner, denoiser, settings, listener))
    picture = replace(plan.page, pixels=np.concatenate([one.picture.pixels for one in outs], 2))
    sigma = math.sqrt(statistics.fmean(one.sigma**2 for one in outs))
    return Denoised(picture.plain, sigma, (*plan.said, *outs[0].warnings, said), picture)


def _looks(denoiser: Denoiser, settings: DenoiseSettings) -> Denoiser:
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
        level = _level(plan, denoiser, choice) if given is None else given
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


def _level(plan: PagePlan, camera: Denoiser, choice: Choice) -> float:
    """Return the level of grain of a page in its unit, see `grain_level`."""
    jpeg = plan.page.metadata.jpeg
    step = None if jpeg is None else jpeg.median_step
    step = None if step is None else step / plan.view.unit
    bounded = plan.page.pixels.dtype.kind == "u"
    level = grain_level(
        plan.view, camera, step, sure=choice.sure, noisy=choice.noisy, bounded=bounded
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
            plan_page(page, denoiser, inner, plan.cond),
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


def plan_page(
    page: Picture, denoiser: Denoiser, settings: DenoiseSettings, cond: Pixels | None = None
) -> PagePlan:
    """Look at a page: its unit, its gaps, its noise place by place, its tiles.

    Of dots in few levels the network is shown the noise alone: it would take the dots for noise.

    Raises:
        InputError: nothing of it is data, or a condition of another size.
    """
    if cond is not None:
        check_size(cond, page.pixels)
    kept = keep(page, settings.nodata)
    page, pixels, noise = kept.page, kept.pixels, kept.noise
    levels = few_levels(pixels, page.mask)
    if levels is not None:
        pixels = levels.noise_alone(pixels)
        noise = local_noise(pixels, page.mask)
    sigma = settings.sigma
    if sigma is None and not denoiser.blind:
        sigma = _found(noise)
    view = look(
        pixels,
        noise,
        mask=page.mask,
        scaled=denoiser.blind and page.pixels.dtype.kind == "f",
        given=None if denoiser.blind else sigma,
    )
    tiles = tiles_of(denoiser, page.pixels.shape[:2], tile=settings.tile)
    quiet = noise.quietest(bounded=pixels.dtype.kind == "u")
    return PagePlan(
        page,
        view,
        tiles,
        sigma,
        kept.wide,
        kept.said,
        cond,
        quiet=quiet,
        dots=levels is not None,
    )


def _found(noise: LocalNoise) -> float:
    if np.isnan(noise.fine).all():
        raise InputError(
            "The model needs the noise level, and the picture is too small for it to be found: "
            "give sigma."
        )
    return noise.level()


def run_plan(
    plan: PagePlan,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    listener: Listener = NOBODY,
) -> Denoised:
    """Run a denoiser over the tiles of a page.

    Args:
        plan: from `plan_page`.
        denoiser: prepared.
        settings: how.
        listener: is told how it goes on.

    Raises:
        InputError: the denoiser does not take the page, or its numbers overflow.
    """
    page, bounded = plan.page, plan.page.pixels.dtype.kind == "u"
    meter = ResidualMeter(bounded=bounded)
    result = np.empty_like(page.pixels)
    for done, tile in enumerate(plan.tiles, start=1):
        place, part = _denoised_tile(plan, tile, denoiser, settings, meter)
        result[place] = part
        listener.part(done, len(plan.tiles))
    sigma = plan.sigma
    if denoiser.blind or sigma is None or plan.told is not None:
        curve = denoiser.calibration.get(curve_name(page.pixels.shape[2], bounded=bounded))
        sigma = meter.sigma(curve) * plan.view.unit
    picture = replace(page, pixels=result)
    taken = meter.whole() * plan.view.unit
    said = remarks(plan.view, page, settings, denoiser, sigma=sigma, taken=taken)
    if not plan.dots:
        ends = plan.quiet, meter.noisiest() * plan.view.unit
        ends = None if settings.noise == "camera" else ends
        said += faults(plan.view, sigma, ends, floats=page.pixels.dtype.kind == "f")
    return Denoised(picture.plain, sigma, plan.said + said, picture)


def _denoised_tile(
    plan: PagePlan, tile: Tile, denoiser: Denoiser, settings: DenoiseSettings, meter: ResidualMeter
) -> tuple[tuple[slice, slice], Pixels]:
    """Return where a tile belongs, and its pixels; let the meter see its noise.

    For integers the result is cut off at 0 and 1 first, so that half the strength is the mean of
    the input and the full result.
    """
    view, keep = plan.view, (tile.keep_rows, tile.keep_columns)
    place = tile.target_rows, tile.target_columns
    whole, shown = view.shown(tile.rows, tile.columns)
    level = None if plan.sigma is None else plan.sigma / view.unit
    level = level if plan.told is None else plan.told
    told = None if plan.cond is None else to_unit(plan.cond[tile.rows, tile.columns])
    answer = run_tile(denoiser, shown, level, settings.label, told)
    before = whole[keep]
    moves = view.moves(before, before if shown is whole else shown[keep], answer[keep], place)
    meter.add(before, before + moves, None if view.mask is None else view.mask[place])
    pixels = plan.page.pixels[place]
    return place, _moved(pixels, moves, plan, settings.strength)


def _moved(pixels: Pixels, moves: Pixels, plan: PagePlan, strength: float) -> Pixels:
    """Return pixels moved by so much, in the unit shown, as samples of their dtype."""
    noisy = to_unit(pixels)
    if plan.wide:
        noisy, moves = noisy.astype(np.float64), moves.astype(np.float64)
    if pixels.dtype.kind == "u":
        full = np.clip(noisy + moves * plan.view.unit, 0, 1)
        return from_unit(full if strength == 1 else noisy + strength * (full - noisy), pixels.dtype)
    mixed = noisy + moves * (strength * plan.view.unit)
    if plan.wide:
        mixed = np.where(np.isinf(noisy), noisy, np.clip(mixed, *_RANGE))  # gaps stay
    return from_unit(mixed, pixels.dtype)
