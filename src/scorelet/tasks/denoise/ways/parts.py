"""Pages of which a part has far more noise than the rest: collages, photographs on slides.

A network finds the level by what is around, and leaves noise in beside quieter parts. So it answers
twice: to the page as it is, and to the page with white noise up to the level of the noisy part in
the rest of it. The second answer is taken in the noisy part, by cells of 8x8 pixels.
"""

from dataclasses import replace

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, label, median_filter

from scorelet.analysis.cell_details import CELL
from scorelet.analysis.local_noise import SQUARE
from scorelet.analysis.noisy_part import AROUND, NoisyPart, levels_of_cells, noisy_part
from scorelet.core.blocks import block_means
from scorelet.data import from_unit, to_unit
from scorelet.models import Denoiser
from scorelet.tasks.denoise.faults import IS_UNEVEN
from scorelet.tasks.denoise.plan import PagePlan, moved_by_share, plan_page, run_plan
from scorelet.tasks.denoise.remarks import number, unit
from scorelet.tasks.denoise.settings import Denoised, DenoiseSettings
from scorelet.tasks.denoise.shown.view import View
from scorelet.tasks.inference import run_tile
from scorelet.tasks.listener import NOBODY, Listener, Repeated

Pixels = np.ndarray

HALF = 0.5
"""Level of a cell over that of the noisy part, from which it is one of its own."""
TAKEN, MOST = 0.4, 512
"""How much of its level the model takes out of the part by itself: of leaves under a sky it is next
to nothing. Side of the window in which that is seen, in pixels.
"""


def noisier_part(plan: PagePlan, denoiser: Denoiser) -> NoisyPart | None:
    """Return which part of a page has far more noise than the rest, if one has.

    Where the noise of the rest is cut off it is shown as if it went on: there is no such part.

    Args:
        plan: from `plan_page`.
        denoiser: blind, prepared.
    """
    if plan.dots or plan.view.cut_off is not None or min(plan.page.pixels.shape[:2]) < CELL:
        return None
    part = noisy_part(plan.noise, plan.step)
    if part is None:
        return None
    labels, count = label(part.squares)
    areas = [labels == k for k in range(1, count + 1)]
    noisy = [a for a in areas if _is_noise(plan.view, a, part.level, denoiser)]
    return replace(part, squares=np.logical_or.reduce(noisy)) if noisy else None


def _is_noise(view: View, area: np.ndarray, level: float, denoiser: Denoiser) -> bool:
    """Whether the model finds the noise of an area in the middle of it, without the rest."""
    inside = binary_erosion(area, AROUND)
    inside = inside if inside.any() else area
    box = tuple(_within(np.flatnonzero(inside.any(axis))) for axis in (1, 0))
    rows, columns = (slice(k.start * SQUARE, k.stop * SQUARE) for k in box)
    height, width = view.pixels.shape[:2]
    shown = view.shown(
        slice(rows.start, min(rows.stop, height)), slice(columns.start, min(columns.stop, width))
    )[1]
    power = block_means(np.square(shown - run_tile(denoiser, shown, None)), SQUARE).mean(2)
    here = inside[box][: power.shape[0], : power.shape[1]]
    return bool(view.unit * np.sqrt(np.median(power[here])) > TAKEN * level)


def _within(numbers: np.ndarray) -> slice:
    """Return from the first to the last of some numbers, at most so many about the middle."""
    first, last, most = int(numbers[0]), int(numbers[-1]) + 1, MOST // SQUARE
    start = max(first, (first + last - most) // 2)
    return slice(start, min(last, start + most))


def part_apart(
    plan: PagePlan,
    part: NoisyPart,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    listener: Listener = NOBODY,
) -> Denoised:
    """Denoise a page, and its noisy part beside as much noise.

    Args:
        plan: from `plan_page`.
        part: the noisy one.
        denoiser: blind, prepared.
        settings: how.
        listener: is told how it goes on.
    """
    pixels, full = plan.page.pixels, replace(settings, nodata=None, strength=1.0)
    out = run_plan(plan, denoiser, full, Repeated(listener, 0, 2))
    lacking, taken = _lacking(plan.view.pixels, part)
    noisier = plan_page(replace(plan.page, pixels=_with_noise(pixels, lacking)), denoiser, full)
    apart = run_plan(noisier, denoiser, full, Repeated(listener, 1, 2))
    result = out.picture.pixels
    for top, cells in enumerate(taken):
        rows, here = slice(top * CELL, (top + 1) * CELL), _by_pixel(cells, pixels.shape[1])
        if plan.page.mask is not None:
            here = here & plan.page.mask[rows]
        result[rows] = np.where(here[..., None], apart.picture.pixels[rows], result[rows])
    said = _said(part, apart.sigma, floats=pixels.dtype.kind == "f")
    picture = replace(
        plan.page, pixels=moved_by_share(plan.page.mask, pixels, result, settings.strength)
    )
    others = (text for text in out.warnings if not text.startswith(IS_UNEVEN))
    return replace(out, image=picture.plain, picture=picture, warnings=(*others, said))


def _lacking(pixels: Pixels, part: NoisyPart) -> tuple[Pixels, Pixels]:
    """Return what deviation cells lack of the level of the noisy part, 0 in it; and which are its.

    Returns:
        (rows, columns) of cells of 8x8 pixels; what is over at the right and at the bottom has one.
    """
    levels = median_filter(levels_of_cells(pixels), 3)
    near = binary_dilation(part.squares, AROUND)
    near = near.repeat(SQUARE // CELL, 0).repeat(SQUARE // CELL, 1)
    inside = near[: levels.shape[0], : levels.shape[1]] & (levels > HALF * part.level)
    lacking = np.sqrt(np.maximum(part.level**2 - levels**2, 0))
    lacking = np.where(inside, 0, np.maximum(lacking, HALF * part.level))
    over = [(0, -(-n // CELL) - have) for n, have in zip(pixels.shape, lacking.shape, strict=False)]
    return np.pad(lacking, over, mode="edge"), np.pad(inside, over, mode="edge")


def _with_noise(pixels: Pixels, lacking: Pixels) -> Pixels:
    """Add white noise of so much deviation, by cells."""
    rng = np.random.default_rng(0)  # the same picture gets the same noise
    result = np.empty_like(pixels)
    for top, missing in enumerate(lacking):
        part = to_unit(pixels[top * CELL : (top + 1) * CELL])
        noise = rng.standard_normal(part.shape, np.float32)
        noise *= _by_pixel(missing, part.shape[1]).astype(np.float32)[:, None]
        result[top * CELL : (top + 1) * CELL] = from_unit(part + noise, pixels.dtype)
    return result


def _by_pixel(cells: Pixels, width: int) -> Pixels:
    return cells.repeat(CELL)[:width]


def _said(part: NoisyPart, level: float, *, floats: bool) -> str:
    words, others = (number(sigma, floats=floats) for sigma in (level, part.others))
    return (
        f"a part is noisier than the rest: sigma is {words} in {part.squares.mean():.0%} of the "
        f"picture and at most {others} at most other places{unit(floats=floats)}; it was denoised "
        "apart"
    )
