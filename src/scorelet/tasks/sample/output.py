"""Samples as files: an array, a contact sheet, or a folder with a picture of each."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.core.paths import as_path
from scorelet.data.pictures.formats.png import png_bytes
from scorelet.plots.contact_sheet import check_sheet, contact_sheet, sheet_bytes
from scorelet.tasks.array_files import check_output, check_space, write_array, writing
from scorelet.tasks.planning import named_as_folder

SHEET = ".png"
SUFFIXES = (".npy", SHEET)


def files_of(output: str | Path, first: int, count: int) -> list[Path]:
    """Return the one file of all samples; or in a folder the file of each, by its number.

    Raises:
        InputError: an empty output, or one that no file system takes.
    """
    target = as_path(output, name="output")
    if target.is_dir() or named_as_folder(str(output)):
        return [target / f"sample_{k:03d}{SHEET}" for k in range(first, first + count)]
    return [target]


def check_sheets(
    output: str | Path,
    shape: tuple[int, ...],
    *,
    first: int,
    overwrite: bool,
    source: Path | None = None,
) -> None:
    """Refuse an output before anything is computed.

    Args:
        output: the file, or a folder.
        shape: of the samples, (n, channel, height, width).
        first: number of the first sample.
        overwrite: replace existing files.
        source: what samples begin with, which is never replaced.

    Raises:
        InputError: another suffix, a file that exists, or more than a sheet can show.
        ArrayFileError: no room on the disk.
    """
    files = files_of(output, first, shape[0])
    for file in files:
        check_output(file, overwrite=overwrite, suffixes=SUFFIXES, source=source)
    each = shape[0] // len(files)
    if files[0].suffix.lower() == SHEET:
        check_sheet(each, *shape[2:])
        size = sheet_bytes(each, *shape[2:], colours=shape[1])
        check_space(files[0], len(files) * size)
    else:
        check_space(files[0], 4 * math.prod(shape))


def write_samples(
    output: str | Path, images: np.ndarray, document: dict[str, Any], *, pictures: bool
) -> None:
    """Write (n, channel, height, width) to NAME.npy or NAME.png, or a picture of each to a folder.

    Each file is written whole or not at all.

    Args:
        output: checked by `check_sheets`.
        images: samples.
        document: of the samples, which says the number of the first.
        pictures: 0 is black and 1 is white; else these are quantiles of all samples.
    """
    files = files_of(output, document["first"], len(images))
    if files[0].suffix.lower() != SHEET:
        write_array(files[0], [images], images.shape, description=document)
        return
    low, high = (0.0, 1.0) if pictures else np.quantile(images, (0.001, 0.999))
    shown = images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, -1)
    for file, part in zip(files, np.split(shown, len(files)), strict=True):
        encoded = png_bytes(contact_sheet(part, bounds=(float(low), float(high))))
        with writing(file) as temporary:
            temporary.write_bytes(encoded)
