"""What `scatter` reads: pages of pictures in [0, 1], fields of array files in their own unit."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.progress import Say
from scorelet.data import Picture, iter_pages, on_white, to_unit, with_channels
from scorelet.data.fields.array_files import array_suffix
from scorelet.data.fields.source import open_fields
from scorelet.tasks.planning import FileTask, plan_reading


def plan_inputs(paths: Sequence[Path], *, say: Say) -> list[FileTask]:
    """Return every picture and every array file of `paths` once, see `plan_reading`."""
    tasks = [
        task
        for path in paths
        for task in ([FileTask(path, path)] if is_array(path) else plan_reading([path], say=say))
    ]
    return list({task.source: task for task in tasks}.values())


def is_array(path: Path) -> bool:
    """Whether a path names an array file, or an array of one, FILE:NAME."""
    if path.is_dir():
        return False
    file, colon, _ = str(path).rpartition(":")
    return array_suffix(path) is not None or bool(colon and array_suffix(Path(file)))


def iter_inputs(source: Path, channels: int) -> Iterator[Tensor]:
    """Yield the pages of a picture, or the fields of an array file, (channel, height, width).

    Raises:
        InputError: fields in colour, or with values that are not known.
    """
    if not is_array(source):
        for page in iter_pages(source):
            yield _of_page(page, channels)
        return
    if channels > 1:
        raise InputError(f"{source} holds fields, which have one channel: leave channels at 1.")
    fields = open_fields(source)
    for number in range(fields.shape[0]):
        x = fields.read(range(number, number + 1))
        if not bool(x.isfinite().all()):
            raise InputError(
                f"Field {number + 1} of {source} has NaN or infinite values: fill them first."
            )
        yield x


def _of_page(page: Picture, channels: int) -> Tensor:
    pixels = to_unit(with_channels(on_white(page), channels))
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))
