"""`denoise` in Python: whatever holds a picture goes in, the same without its noise comes out."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.data import find_pictures
from scorelet.tasks.denoise.arrays import in_memory
from scorelet.tasks.denoise.model import load_model
from scorelet.tasks.denoise.page import denoised_pages, plan_page, run_plan
from scorelet.tasks.denoise.settings import Denoised, Settings
from scorelet.tasks.tiling import TileSide


@checked
def denoise(  # noqa: PLR0913
    source: Any,  # noqa: ANN401 - paths, arrays, tensors, pictures
    *,
    model: str | Path = "photo",
    sigma: float | None = None,
    strength: float = 1.0,
    label: int | None = None,
    tile: TileSide = "auto",
    device: str = "auto",
    dtype: str = "auto",
    nodata: float | Literal["auto"] | None = "auto",
) -> Denoised | list[Denoised]:
    """Denoise a picture.

    Args:
        source: path of a picture or a folder; an array (height, width) or ([batch,] height, width,
            channels); a tensor ([batch,] channels, height, width); a Pillow picture. Of uint8,
            uint16 or floats, gray or colour, with or without opacity. Floats have any unit and
            offset; where they are NaN or infinite they are left alone.
        model, sigma, strength, label, tile, device, dtype, nodata: see `Settings`.

    Returns:
        One result; a list for a folder, a file of several pages and a batch. To write folders, use
        `denoise_files`.

    Raises:
        InputError: shapes, dtypes or options that cannot be used.
        ImageFileError: a file that cannot be read.

    Example:
        >>> import numpy as np, scorelet as sl
        >>> out = sl.denoise(np.full((32, 32), 128, np.uint8))
        >>> out.image.shape, out.image.dtype, out.sigma < 1 / 255
        ((32, 32), dtype('uint8'), True)
    """
    settings = Settings(model, sigma, strength, label, tile, device, dtype, nodata)
    denoiser = load_model(settings).denoiser
    if isinstance(source, str | Path):
        path = as_path(source)
        files = find_pictures(path) if path.is_dir() else [path]
        outs = [out for file in files for out in denoised_pages(file, denoiser, settings)]
        return outs if path.is_dir() or len(outs) > 1 else outs[0]
    given = in_memory(source)
    plans = (plan_page(picture, denoiser, settings) for picture in given.pictures)
    found = (run_plan(plan, denoiser, settings) for plan in plans)
    outs = [replace(out, image=given.back(out.picture)) for out in found]
    return outs if given.batch else outs[0]
