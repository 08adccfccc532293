"""A user's picture as the low band that samples continue."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.data import Picture, on_white, read_picture, to_unit, with_channels
from scorelet.data.fields.array_files import array_suffix, read_array
from scorelet.data.fields.arrays import split_name
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.sample.cascades import channels_in, largest_level
from scorelet.tasks.sample.settings import Size

_CLEAR = "the coarse picture has transparent parts: they were made white"
_GRAY = "the coarse picture has colours, and the model draws gray pictures: it was made gray"


def read_coarse(source: Any, model: Multiscale) -> tuple[Tensor, list[str]]:  # noqa: ANN401
    """Return a coarse picture, (1, channel, height, width), float32, and warnings.

    Args:
        source: see `SampleSettings`.
        model: of one channel makes colour gray, of three repeats gray; one of pictures wants values
            in [0, 1].

    Raises:
        InputError: another shape, several pictures, values outside [0, 1], or pixels without data.
        ImageFileError, ArrayFileError: a file that cannot be read.
    """
    picture = _picture(source)
    if picture.mask is not None:
        raise InputError("The coarse picture has pixels without data: fill or cut them off before.")
    channels = channels_in(model)
    values = to_unit(with_channels(on_white(picture), channels)).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if is_of_pictures(model) and (low < 0 or high > 1):
        raise InputError(
            f"The coarse picture goes from {low:g} to {high:g}: expected values in [0, 1], "
            "of which 0 is black and 1 white."
        )
    said = [_GRAY] if channels == 1 and bool(np.ptp(picture.pixels, axis=2).any()) else []
    if picture.alpha is not None and bool((to_unit(picture.alpha) < 1).any()):
        said.append(_CLEAR)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -1, 0)))[None], said


def is_of_pictures(model: Multiscale) -> bool:
    """Whether black is 0 and white is 1 for a model; else values have no fixed range."""
    return model.record.get("range") == [0, 1]


def _picture(source: Any) -> Picture:  # noqa: ANN401
    if isinstance(source, str | Path):
        file, name = split_name(source)
        if array_suffix(file) is None:
            return read_picture(source, gaps=True)
        source = np.asarray(read_array(file, name))
    given = in_memory(source)
    if len(given.pictures) > 1:
        raise InputError(f"There are {len(given.pictures)} coarse pictures: sample continues one.")
    return given.pictures[0]


def level_of(model: Multiscale, coarse: Size, size: Size | None) -> int:
    """Return j, so that `size` is 2^j times as large as the coarse picture; if None, the largest.

    Raises:
        InputError: another ratio, or more than 2^J.
    """
    if size is None:
        return largest_level(model, coarse)
    for level in range(1, model.levels + 1):
        if size == (coarse[0] << level, coarse[1] << level):
            return level
    factors = ", ".join(str(2**level) for level in range(1, model.levels + 1))
    raise InputError(
        f"size is {size[0]}x{size[1]} and the coarse picture {coarse[0]}x{coarse[1]}: the model "
        f"enlarges by {factors}; leave size out for the largest."
    )
