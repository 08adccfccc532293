"""`denoise` in Python: whatever holds a picture goes in, the same without its noise comes out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from torch import nn

from scorelet.core.errors import InputError, warn_of
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.data import iter_pages, locate
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models import Denoiser
from scorelet.tasks.conditions import Conditions
from scorelet.tasks.denoise.page import denoised_page
from scorelet.tasks.denoise.pages import denoised_pages
from scorelet.tasks.denoise.settings import Denoised, DenoiseSettings
from scorelet.tasks.folder_results import FolderFiles
from scorelet.tasks.ready_denoiser import denoiser_given
from scorelet.tasks.tiling import TileSide

Pixels = np.ndarray


@checked
def denoise(  # noqa: PLR0913
    source: Any,  # noqa: ANN401 - paths, arrays, tensors, pictures
    *,
    model: str | Path | nn.Module = "photo",
    sigma: float | None = None,
    strength: float = 1.0,
    label: int | str | None = None,
    tile: TileSide = "auto",
    device: str = "auto",
    dtype: str = "auto",
    nodata: float | Literal["auto"] | None = "auto",
    cond: Any = None,  # noqa: ANN401 - as source
    noise: str = "auto",
    noise_law: tuple[float, float] | None = None,
    self_ensemble: bool = False,
) -> Denoised | Any:  # noqa: ANN401 - or a list; no type of the source tells
    """Denoise a picture.

    Args:
        source: path of a picture or a folder; an array (height, width) or ([batch,] height, width,
            channels); a tensor ([batch,] channels, height, width); a Pillow picture. Of uint8,
            uint16 or floats, gray or colour, with or without opacity. Floats have any unit and
            offset if the model is blind, as `photo`; one that is told the level, as a joint law,
            means [0, 1], and warns of others. Where they are NaN or infinite they are left alone.
        model, sigma, strength, label, tile, device, dtype, nodata: see `DenoiseSettings`.
        cond: what a conditional denoiser is told: of files see `DenoiseSettings`; of what is in
            memory as `source`, of the same height and width, or the path of a picture.
        noise, noise_law, self_ensemble: see `DenoiseSettings`.

    Returns:
        One result; a list for a folder, a file of several pages and a batch. Files of a folder that
        cannot be used are left out, and named at the end by a `scorelet.data.PictureWarning`. To
        write folders, use `denoise_files`. What is doubtful is in `warnings` of a result, and is
        warned of (`scorelet.core.errors.ResultWarning`).

    Raises:
        InputError: shapes, dtypes or options that cannot be used.
        ImageFileError: a file that cannot be read; of a folder, all of them.

    Example:
        >>> import numpy as np, scorelet as sl
        >>> out = sl.denoise(np.full((32, 32), 128, np.uint8))
        >>> out.image.shape, out.image.dtype, out.sigma < 1 / 255
        ((32, 32), dtype('uint8'), True)
    """
    settings = DenoiseSettings(
        denoiser_given(model),
        sigma=sigma,
        strength=strength,
        label=label,
        tile=tile,
        device=device,
        dtype=dtype,
        nodata=nodata,
        noise=noise,
        noise_law=noise_law,
        self_ensemble=self_ensemble,
    )
    denoiser = settings.ready().denoiser
    if isinstance(source, str | Path):
        outs, several = _denoise_path(as_path(source), denoiser, settings, cond)
    else:
        given = in_memory(source)
        told = _conditions(cond, len(given.pictures))
        found = (
            denoised_page(picture, denoiser, settings, one, fractions=given.fractions)
            for picture, one in zip(given.pictures, told, strict=True)
        )
        outs = [replace(out, image=given.back(out.picture)) for out in found]
        several = given.batch
    warn_of(text for out in outs for text in out.warnings)
    return outs if several else outs[0]


def _denoise_path(
    path: Path,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    cond: Any,  # noqa: ANN401 - what a user gave
) -> tuple[list[Denoised], bool]:
    """Return the results, and whether there may be several."""
    if not isinstance(cond, str | Path | None):
        raise InputError("The source is a path: give that of the condition, too.")
    files = FolderFiles(path)
    told = None if cond is None else Conditions(locate(cond), [path])

    def pages(file: Path) -> Iterator[Denoised]:
        cond = told.of(file) if told else None
        for out in denoised_pages(file, denoiser, settings, cond=cond):
            yield replace(out, file=file)

    outs = list(files.each(pages))
    files.warn()
    return outs, files.folder or len(outs) > 1


def _conditions(cond: Any, count: int) -> Sequence[Pixels | None]:  # noqa: ANN401
    """Return the condition of each of so many pictures that are in memory."""
    if cond is None:
        return [None] * count
    path = isinstance(cond, str | Path)
    found = list(iter_pages(locate(cond))) if path else in_memory(cond).pictures
    if len(found) != count:
        raise InputError(f"cond holds {len(found)} pictures for {count}: give one for each.")
    if any(picture.mask is not None for picture in found):
        raise InputError("cond holds pixels that are NaN, infinite or masked: fill them first.")
    return [picture.pixels for picture in found]
