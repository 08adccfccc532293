"""Samples as files: an array, or a contact sheet."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.data.pictures.formats.png import png_bytes
from scorelet.plots.contact_sheet import check_sheet, contact_sheet, sheet_bytes
from scorelet.tasks.array_files import check_output, check_space, write_array, writing

SHEET = ".png"
SUFFIXES = (".npy", SHEET)


def check_sheets(
    output: Path, shape: tuple[int, ...], *, overwrite: bool, source: Path | None = None
) -> None:
    """Refuse an output before anything is computed.

    Args:
        output: the file.
        shape: of the samples, (n, channel, height, width).
        overwrite: replace an existing file.
        source: what samples begin with, which is never replaced.

    Raises:
        InputError: another suffix, a file that exists, or more than a sheet can show.
        ArrayFileError: no room on the disk.
    """
    check_output(output, overwrite=overwrite, suffixes=SUFFIXES, source=source)
    if output.suffix.lower() == SHEET:
        check_sheet(shape[0], *shape[2:])
        check_space(output, sheet_bytes(shape[0], *shape[2:], colours=shape[1]))
    else:
        check_space(output, 4 * math.prod(shape))


def write_samples(
    output: Path, images: np.ndarray, document: dict[str, Any], *, pictures: bool
) -> None:
    """Write (n, channel, height, width) to NAME.npy or NAME.png, whole or not at all.

    Args:
        output: checked by `check_sheets`.
        images: samples.
        document: of the samples.
        pictures: the sheet shows 0 as black and 1 as white; else it goes by quantiles.
    """
    if output.suffix.lower() != SHEET:
        write_array(output, [images], images.shape, description=document)
        return
    bounds = (0.0, 1.0) if pictures else None
    shown = images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, -1)
    encoded = png_bytes(contact_sheet(shown, bounds=bounds))
    with writing(output) as temporary:
        temporary.write_bytes(encoded)
