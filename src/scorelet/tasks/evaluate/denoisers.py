"""Denoisers are measured by PSNR and SSIM on clean pictures with noise of known levels."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from scorelet.analysis.denoising import SIGMAS, Row, quality, smallest_side
from scorelet.analysis.image_quality import SMALLEST
from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.paths import as_path
from scorelet.core.progress import Progress, teller
from scorelet.data import (
    Picture,
    channels_taken,
    find_pictures,
    iter_pages,
    load_pictures,
    locate,
    with_channels,
)
from scorelet.data.fields.array_files import array_suffix
from scorelet.data.labelled import load_labelled
from scorelet.data.labelled.files import measured_part
from scorelet.data.pictures.folders import left_out_of
from scorelet.models import Denoiser
from scorelet.models.own_mean import mean_of_own_answers
from scorelet.tasks.conditions import load_conditions
from scorelet.tasks.denoise.remarks import other_size
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure
from scorelet.tasks.inference import TileSide, computes_in, denoise_array, prepare

Pixels = np.ndarray


@measure.register(Denoiser)
def measure_denoiser(
    denoiser: Denoiser, data: str | Path, settings: EvaluateSettings
) -> dict[str, Any]:
    """Return pictures, channels, dtype, rows of `evaluate_pictures`, and warnings.

    Args:
        denoiser: blind or not: it is told the noise level.
        data: a picture or a folder of them, or the name of one under ``$SCORELET_DATA`` (with or
            without ``photos/``); of labelled pictures, an npz file or a folder that has folders
            `train` and `test` with folders of classes, the part `test`.
        settings: how.

    Raises:
        InputError: no pictures, conditions that do not fit them, or a condition or a label for a
            denoiser that takes none.
        ImageFileError: a picture that cannot be read, or has floats in another unit than 0 to 1,
            and is the only one or has a condition; of a folder without conditions it is left out,
            with a warning.
        ArrayFileError: an npz file that cannot be used.
        MissingExtraError: torchmetrics is not installed.
    """
    if settings.hold_out is not None:
        raise InputError(
            "The hold-out is for classifiers, and the model is a denoiser: leave it out."
        )
    source = measured_part(_locate_photos(data))
    labelled = source.is_file() and source.suffix.lower() == ".npz"
    if not labelled and array_suffix(source) is not None:
        raise InputError(
            f"{source} is an array file: a denoiser is measured on pictures, one or a folder of "
            "them (PNG, TIFF of floats ...), or on labelled ones in an npz file."
        )
    read = _read_labelled if labelled else _read
    pictures, channels, said = read(source, denoiser, settings)
    dtype = inference_dtype(choose_device(settings.device), settings.dtype)
    ready = prepare(denoiser, device=settings.device, dtype=dtype)
    rows = evaluate_pictures(
        mean_of_own_answers(ready) if settings.self_ensemble else ready,
        pictures,
        sigmas=settings.sigmas or SIGMAS,
        label=settings.label,
        conditions=_conditions(settings, source, pictures),
        tile=settings.tile,
        progress=settings.progress,
    )
    side = smallest_side(pictures)
    if other := _other_sizes(denoiser, pictures):
        said = [*said, other]
    return {
        "pictures": len(pictures),
        "channels": channels,
        "dtype": computes_in(ready),
        "rows": rows,
        "warnings": said if side >= SMALLEST else [*said, _too_small(side)],
    }


def _other_sizes(denoiser: Denoiser, pictures: Sequence[Pixels]) -> str | None:
    """Say how many pictures have another size than those that the model learnt."""
    sizes = [picture.shape[:2] for picture in pictures]
    others = [size for size in sizes if not denoiser.knows(size)]
    if not others:
        return None
    return f"{other_size(others[0], denoiser)}; so with {len(others)} of {len(sizes)} pictures"


def evaluate_pictures(
    denoiser: Denoiser,
    pictures: Sequence[Pixels],
    *,
    sigmas: Sequence[float] = SIGMAS,
    structure: bool = True,
    label: int | str | None = None,
    conditions: Sequence[Pixels] | None = None,
    tile: TileSide = "auto",
    progress: Progress | None = None,
) -> list[Row]:
    """Return one row of `scorelet.analysis.denoising.quality` per noise level.

    Args:
        denoiser: prepared or not.
        pictures: arrays (height, width, channels).
        sigmas: 8-bit units.
        structure: also measure SSIM (needs torchmetrics).
        label: class that a denoiser with classes is told.
        conditions: what a conditional denoiser is told of each picture, of its height and width.
        tile: as in `denoise_tiles`.
        progress: is told of each picture at each level.

    Raises:
        InputError: the network's numbers overflow its dtype.
    """

    tell = teller(progress, len(sigmas) * len(pictures))

    def estimate(noisy: Pixels, sigma: float, number: int) -> Pixels:
        cond = None if conditions is None else conditions[number]
        answer = denoise_array(denoiser, noisy, sigma, label=label, cond=cond, tile=tile)
        tell()
        return answer

    return [quality(estimate, pictures, sigma, structure=structure) for sigma in sigmas]


def mean_psnr(denoiser: nn.Module, pictures: Sequence[Pixels], sigma: float) -> float:
    """Return the mean PSNR in dB at one noise level, in 8-bit units."""
    assert isinstance(denoiser, Denoiser)
    (row,) = evaluate_pictures(denoiser, pictures, sigmas=(sigma,), structure=False, tile=None)
    value = row["psnr"]
    assert value is not None
    return value


def _conditions(
    settings: EvaluateSettings, source: Path, pictures: Sequence[Pixels]
) -> list[Pixels] | None:
    if settings.cond is None:
        return None
    return load_conditions(measured_part(locate(settings.cond)), source, pictures)


def _read(
    source: Path, denoiser: Denoiser, settings: EvaluateSettings
) -> tuple[list[Pixels], int, list[str]]:
    """Return the pictures, their channels, and sentences on what is left out."""
    channels = settings.channels or channels_taken(_first_channels(source), denoiser.channels)
    said = left_out_of(source) if source.is_dir() else []
    leaves_out = source.is_dir() and settings.cond is None  # conditions are those of all pictures
    say = said.append if leaves_out else None
    limit = settings.limit
    pictures = load_pictures(source, channels=channels, limit=limit, in_unit=True, say=say)
    return pictures, channels, said


def _read_labelled(
    source: Path, denoiser: Denoiser, settings: EvaluateSettings
) -> tuple[list[Pixels], int, list[str]]:
    """Return the pictures of the part `test`, as `_read` does."""
    if settings.cond is not None:
        raise InputError(
            f"Conditions are found by the names of pictures, and those of {source} have none: "
            "leave cond out."
        )
    x = np.asarray(load_labelled(source, part="test").x)[: settings.limit]
    channels = settings.channels or channels_taken(x.shape[3], denoiser.channels)
    return [with_channels(Picture(pixels), channels) for pixels in x], channels, []


def _first_channels(source: Path) -> int:
    """Return the channels of the first picture that can be read; 3 if none can."""
    for path in [source] if source.is_file() else find_pictures(source):
        with suppress(ImageFileError):
            return next(iter_pages(path)).pixels.shape[2]
    return 3


def _too_small(side: int) -> str:
    return (
        f"SSIM was not measured: it needs at least {SMALLEST} pixels a side, and the smallest "
        f"picture has {side}"
    )


def _locate_photos(data: str | Path) -> Path:
    as_path(data, name="name of the data")  # an empty one is not the whole folder photos
    try:
        return locate(data)
    except InputError:
        try:
            return locate(f"photos/{data}")
        except InputError:
            pass
        raise
