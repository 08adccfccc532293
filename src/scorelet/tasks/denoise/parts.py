"""Pages of which a part has far more noise than the rest: collages, photographs on slides.

A network finds the level by what is around, and leaves noise in beside quieter parts. So it answers
twice: to the page as it is, and to the page with white noise up to the level of the noisy part in
the rest of it. The second answer is taken in the noisy part, with a border by cells of 8x8 pixels.
"""

from dataclasses import replace

import numpy as np
from scipy.ndimage import binary_dilation, median_filter

from scorelet.analysis.cell_details import CELL
from scorelet.analysis.local_noise import SQUARE
from scorelet.analysis.noisy_part import NoisyPart, levels_of_cells, noisy_part
from scorelet.data import from_unit, to_unit
from scorelet.models import Denoiser
from scorelet.tasks.denoise.channels import moved_by_share
from scorelet.tasks.denoise.plan import PagePlan, plan_page, run_plan
from scorelet.tasks.denoise.remarks import number, unit
from scorelet.tasks.denoise.settings import Denoised, DenoiseSettings
from scorelet.tasks.listener import NOBODY, Listener, Repeated

Pixels = np.ndarray

HALF, LARGE = 0.5, 1.0
"""Level of a cell over that of the noisy part, from which it is one of its own; half the largest
detail but one of a cell at its border over that level, from which it is taken, too.
"""
_AROUND = np.ones((3, 3), bool)


def noisier_part(plan: PagePlan) -> NoisyPart | None:
    """Return which part of a page has far more noise than the rest, if one has.

    Where the noise of the rest is cut off it is shown as if it went on: there is no such part.
    """
    kind, sides = plan.page.pixels.dtype, plan.page.pixels.shape[:2]
    if plan.dots or plan.view.cut_off is not None or min(sides) < CELL:
        return None
    return noisy_part(plan.noise, 1 / np.iinfo(kind).max if kind.kind == "u" else 0.0)


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
    return replace(out, image=picture.plain, picture=picture, warnings=(*out.warnings, said))


def _lacking(pixels: Pixels, part: NoisyPart) -> tuple[Pixels, Pixels]:
    """Return what deviation cells lack of the level of the noisy part, 0 in it; and which to take.

    Those are its own, and at its border those that have some details as large as its noise.

    Returns:
        (rows, columns) of cells of 8x8 pixels; what is over at the right and at the bottom has one.
    """
    levels, large = levels_of_cells(pixels)
    levels = median_filter(levels, 3)
    near = binary_dilation(part.squares, _AROUND)
    near = near.repeat(SQUARE // CELL, 0).repeat(SQUARE // CELL, 1)
    inside = near[: levels.shape[0], : levels.shape[1]] & (levels > HALF * part.level)
    border = binary_dilation(inside, _AROUND) & (large > LARGE * part.level)
    lacking = np.sqrt(np.maximum(part.level**2 - levels**2, 0))
    lacking = np.where(inside, 0, np.maximum(lacking, HALF * part.level))
    over = [(0, -(-n // CELL) - have) for n, have in zip(pixels.shape, lacking.shape, strict=False)]
    return np.pad(lacking, over, mode="edge"), np.pad(inside | border, over, mode="edge")


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
