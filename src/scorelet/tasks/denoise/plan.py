"""A page is planned (what the network is shown, in which tiles), then run."""

import math
from dataclasses import dataclass, replace

import numpy as np

from scorelet.analysis.few_levels import few_levels
from scorelet.analysis.local_noise import LocalNoise, local_noise
from scorelet.analysis.noise_level import ResidualMeter, curve_name
from scorelet.core.errors import InputError
from scorelet.data import Picture, from_unit, to_unit
from scorelet.models import Denoiser
from scorelet.tasks.conditions import check_size
from scorelet.tasks.denoise.faults import faults
from scorelet.tasks.denoise.remarks import remarks
from scorelet.tasks.denoise.settings import Denoised, DenoiseSettings
from scorelet.tasks.denoise.shown.kept import keep
from scorelet.tasks.denoise.shown.pedestal import on_pedestal
from scorelet.tasks.denoise.shown.view import View, look
from scorelet.tasks.denoise.told_unit import other_unit
from scorelet.tasks.inference import run_tile, tiles_of
from scorelet.tasks.listener import NOBODY, Listener
from scorelet.tasks.tiling import Tile

Pixels = np.ndarray

_RANGE = (np.finfo(np.float32).min, np.finfo(np.float32).max)


@dataclass(frozen=True)
class PagePlan:
    """What is to be done with a page.

    Attributes:
        page: as it was read.
        view: what the network is shown of it.
        noise: of what is shown, place by place, in the unit of the page.
        tiles: in which parts.
        sigma: the noise level that the denoiser is told, in the unit of the page; None: it is blind
            and nothing was given.
        wide: whether pixels are float32 so large that it is computed in float64.
        said: what is to be said of the page already.
        cond: what the denoiser is told of the page, of its height and width; None: nothing.
        told: the level that the denoiser is told in its place, in the unit that the view shows,
            where that is no standard deviation of the noise.
        dots: the view shows the noise of dots alone.
    """

    page: Picture
    view: View
    noise: LocalNoise
    tiles: list[Tile]
    sigma: float | None
    wide: bool = False
    said: tuple[str, ...] = ()
    cond: Pixels | None = None
    told: float | None = None
    dots: bool = False

    @property
    def step(self) -> float:
        """Of integers, in the unit of [0, 1] images; 0 of floats."""
        kind = self.page.pixels.dtype
        return 1 / np.iinfo(kind).max if kind.kind == "u" else 0.0

    @property
    def bounded(self) -> bool:
        """Whether black and white are at 0 and 1 in what is shown."""
        return self.page.pixels.dtype.kind == "u" and not self.view.scaled


def plan_page(
    page: Picture,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    cond: Pixels | None = None,
    *,
    ends: bool = True,
    most: float = math.inf,
) -> PagePlan:
    """Look at a page: its unit, its gaps, its noise place by place, its tiles.

    Of dots in few levels the network is shown the noise alone: it would take the dots for noise.

    Args:
        page: as it was read.
        denoiser: prepared.
        settings: how.
        cond: what the denoiser is told, of the height and width of the page.
        ends: whether noise may be cut off at the lowest and the highest value.
        most: noise that floats are shown with at most, see `look`.

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
    pedestal = levels is None and on_pedestal(pixels, page.mask)
    view = look(
        pixels,
        noise,
        mask=page.mask,
        scaled=denoiser.blind and (page.pixels.dtype.kind == "f" or pedestal),
        given=None if denoiser.blind else sigma,
        ends=ends,
        most=most,
    )
    tiles = tiles_of(denoiser, page.pixels.shape[:2], tile=settings.tile)
    return PagePlan(
        page,
        view,
        noise,
        tiles,
        sigma,
        kept.wide,
        kept.said,
        cond,
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
    page, bounded = plan.page, plan.bounded
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
    strange = other_unit(plan.view, page, denoiser, sigma)
    said = remarks(
        plan.view, page, settings, denoiser, strange, sigma=sigma, taken=taken, bounded=bounded
    )
    if not plan.dots:
        ends = plan.noise.quietest(bounded=bounded), meter.noisiest() * plan.view.unit
        ends = None if strange or settings.noise == "camera" else ends
        floats = page.pixels.dtype.kind == "f"
        said += faults(plan.view, sigma, ends, floats=floats, bounded=bounded)
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
    moves = view.moves(before, answer[keep], place)
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


def moved_by_share(
    mask: np.ndarray | None, before: Pixels, after: Pixels, strength: float
) -> Pixels:
    """Return data moved by a share of the way; the others are as they were."""
    if strength == 1:
        return after
    y, x = to_unit(before), to_unit(after)
    with np.errstate(invalid="ignore"):  # gaps may be infinite
        mixed = from_unit(y + strength * (x - y), before.dtype)
    return mixed if mask is None else np.where(mask[..., None], mixed, before)
