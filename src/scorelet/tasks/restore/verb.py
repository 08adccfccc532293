"""`restore` in Python: a picture of which something is known in, samples of the whole out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError, warn_of
from scorelet.core.options import checked
from scorelet.data import Picture, read_picture
from scorelet.data.pictures.in_memory import in_memory
from scorelet.tasks.ready_denoiser import denoiser_given
from scorelet.tasks.restore.drawing import restored
from scorelet.tasks.restore.settings import Restored, RestoreSettings
from scorelet.tasks.restore.ways.base import BlurKernel, Mask
from scorelet.tasks.tiling import TileSide


@checked
def restore(  # noqa: PLR0913 - as many as the command has options
    source: Any,  # noqa: ANN401 - paths, arrays, tensors, pictures
    *,
    task: str,
    factor: int | None = None,
    shrunk: str | None = None,
    mask: Mask | None = None,
    blur: float | str | None = None,
    kernel: BlurKernel | None = None,
    edges: str | None = None,
    ratio: float | None = None,
    projections: int | None = None,
    share: float | None = None,
    sigma: float | None = None,
    quality: str = "full",
    samples: int | None = None,
    model: str | Path | nn.Module = "photo",
    label: int | str | None = None,
    seed: int = 0,
    tile: TileSide = "auto",
    device: str = "auto",
    dtype: str = "auto",
) -> Restored:
    """Restore a picture from what is known of it.

    What is doubtful is in `warnings` of the result, and is warned of
    (`scorelet.core.errors.ResultWarning`).

    Args:
        source: path of a picture; an array (height, width[, channels]); a tensor ([channels,]
            height, width); a Pillow picture. Floats in [0, 1].
        task, factor, shrunk, mask, blur, kernel, edges, ratio, projections: see `RestoreSettings`.
        share, sigma, quality, samples, model, label, seed, tile, device, dtype: see there.

    Raises:
        InputError: shapes or options that cannot be used.
        ImageFileError: a file that cannot be read.
        DivergenceError: the sampler left the levels that the denoiser knows.

    Example:
        >>> import numpy as np, scorelet as sl
        >>> out = sl.restore(np.full((8, 8), 128, np.uint8), task="superres", quality="fast")
        >>> out.image.shape, out.image.dtype
        ((16, 16), dtype('uint8'))
        >>> out.deviation.shape
        (16, 16)
    """
    settings = RestoreSettings(
        task,
        factor=factor,
        shrunk=shrunk,
        mask=mask,
        blur=blur,
        kernel=kernel,
        edges=edges,
        ratio=ratio,
        projections=projections,
        share=share,
        sigma=sigma,
        quality=quality,
        samples=samples,
        model=denoiser_given(model),
        label=label,
        seed=seed,
        tile=tile,
        device=device,
        dtype=dtype,
    )
    if isinstance(source, str | Path):
        found = _restored(read_picture(source, gaps=True), settings)
        image = found.image
    else:
        given = in_memory(_emptied(source))
        if given.batch:
            raise InputError("The picture has a batch axis: restore takes one picture at a time.")
        found = _restored(given.pictures[0], settings)
        image = given.back(found.picture)
    warn_of(found.warnings)
    return _alike(found, image)


def _emptied(source: Any) -> Any:  # noqa: ANN401 - what restore takes
    """Return a masked array of floats without what masked pixels hold: none of it is known."""
    if not isinstance(source, np.ma.MaskedArray) or source.dtype.kind != "f":
        return source
    masked = np.ma.getmaskarray(source)
    if masked.ndim == 3:
        masked = np.broadcast_to(masked.any(2, keepdims=True), masked.shape)
    return np.ma.array(np.where(masked, np.nan, np.ma.getdata(source)), mask=masked)


def _alike(found: Restored, image: Any) -> Restored:  # noqa: ANN401 - an array, a tensor, a picture
    """Return the result with an image, and with the axes of that image in what is beside it."""

    def turned(values: np.ndarray) -> np.ndarray | Tensor:
        values = values[..., 0] if np.ndim(image) == 2 else values
        if not isinstance(image, Tensor):
            return values
        tensor = torch.from_numpy(values)
        return (tensor.movedim(-1, -3) if image.ndim == 3 else tensor).to(image.device)

    samples, deviation = turned(found.samples), turned(found.deviation)
    return replace(found, image=image, samples=samples, deviation=deviation)


def _restored(picture: Picture, settings: RestoreSettings) -> Restored:
    """Restore one picture, and keep the samples if their number was given."""
    kept: list[np.ndarray] = []

    def keep(_number: int, sample: np.ndarray) -> None:
        if settings.samples is not None:
            kept.append(sample)

    prepared = settings.prepare(picture)
    found = restored(prepared, settings, keep=keep)
    notes = (f"the picture {note.text}" for note in prepared.picture.notes)
    found = replace(found, warnings=(*found.warnings, *notes))
    return replace(found, samples=np.stack(kept)) if kept else found
