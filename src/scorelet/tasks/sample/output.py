"""Samples as files: an array, a contact sheet, or a folder with a picture of each."""

import math
from collections.abc import Sequence
from pathlib import Path

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
    if is_folder(output):
        return [target / f"sample_{k:03d}{SHEET}" for k in range(first, first + count)]
    return [target]


def is_folder(output: str | Path) -> bool:
    """Whether each sample gets a file of its own."""
    return as_path(output, name="output").is_dir() or named_as_folder(str(output))


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


def bounds_of(images: np.ndarray, *, pictures: bool) -> tuple[float, float]:
    """Return which values are black and white: 0 and 1 of pictures, else quantiles of these."""
    low, high = (0.0, 1.0) if pictures else np.quantile(images, (0.001, 0.999))
    return float(low), float(high)


def write_samples(
    files: Sequence[Path],
    images: np.ndarray,
    bounds: tuple[float, float],
    *,
    overwrite: bool = True,
) -> None:
    """Write (n, channel, height, width) to NAME.npy or NAME.png, or to a picture of each.

    Each file is written whole or not at all.

    Args:
        files: of `files_of`, checked by `check_sheets`.
        images: samples.
        bounds: of `bounds_of`.
        overwrite: replace files that were made since they were checked.
    """
    if files[0].suffix.lower() != SHEET:
        write_array(files[0], [images], images.shape, description={}, overwrite=overwrite)
        return
    shown = images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, -1)
    for file, part in zip(files, np.split(shown, len(files)), strict=True):
        encoded = png_bytes(contact_sheet(part, bounds=bounds))
        with writing(file, overwrite=overwrite) as temporary:
            temporary.write_bytes(encoded)
