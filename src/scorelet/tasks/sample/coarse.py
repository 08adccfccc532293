"""A user's picture as the low band that samples continue."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.data import Picture, on_white, read_picture, to_unit, with_channels
from scorelet.data.fields.array_files import array_suffix, read_array
from scorelet.data.fields.arrays import split_name
from scorelet.data.pictures.channel_axis import one_with_channels_last
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.sample.cascades import channels_in, largest_level
from scorelet.tasks.sample.settings import Size

_CLEAR = "the coarse picture has transparent parts: they were made white"
_GRAY = "the coarse picture has colours, and the model draws gray pictures: it was made gray"
_LITTLE = 0.1
"""Contrast of a coarse picture below which details drawn for it are too strong; 0 is plain."""
_BEYOND = 0.25
"""How far from [0, 1] numbers may be that are meant so, as those of samples."""
_LARGEST = 1e37
"""Far enough below the largest float32, 3.4e38: the low band of a transform is larger."""


def read_coarse(source: Any, model: Multiscale) -> tuple[Tensor, list[str]]:  # noqa: ANN401
    """Return a coarse picture, (1, channel, height, width), float32, and warnings.

    Args:
        source: see `SampleSettings`.
        model: of one channel makes colour gray, of three repeats gray; one of pictures wants values
            around [0, 1], to which it brings whole numbers; others take arrays as they are.

    Raises:
        InputError: another shape, several pictures, values far outside of [0, 1] or beyond what
            float32 holds, or pixels without data.
        ImageFileError, ArrayFileError: a file that cannot be read.
    """
    picture = _picture(source, ranged=is_of_pictures(model))
    if picture.mask is not None:
        raise InputError(
            "The coarse picture has infinite pixels, or ones without data: fill or cut them off "
            "before."
        )
    channels = channels_in(model)
    values = to_unit(with_channels(on_white(picture), channels))
    low, high = float(values.min()), float(values.max())
    if is_of_pictures(model) and max(-low, high - 1) > _BEYOND:
        raise InputError(
            f"The coarse picture goes from {low:g} to {high:g}: expected values in [0, 1], "
            "of which 0 is black and 1 white."
        )
    if max(-low, high) > _LARGEST:
        raise InputError(
            f"The coarse picture goes from {low:g} to {high:g}: samples are float32, expected "
            f"numbers up to {_LARGEST:g}; scale them."
        )
    said = [_little(low, high)] if is_of_pictures(model) and 0 < high - low < _LITTLE else []
    said += [_GRAY] if channels == 1 and bool(np.ptp(picture.pixels, axis=2).any()) else []
    if picture.alpha is not None and bool((to_unit(picture.alpha) < 1).any()):
        said.append(_CLEAR)
    first = np.ascontiguousarray(np.moveaxis(values, -1, 0), np.float32)
    return torch.from_numpy(first)[None], said


def _little(low: float, high: float) -> str:
    """Say that pictures of training have more contrast: details are drawn as theirs."""
    return (
        f"the coarse picture goes from {low:.3g} to {high:.3g} only, and details are drawn as "
        "those of pictures that fill [0, 1]: bring it to that range first, such as 12 bits in a "
        "file of 16"
    )


def is_of_pictures(model: Multiscale) -> bool:
    """Whether black is 0 and white is 1 for a model; else values have no fixed range."""
    return list(model.record.get("range") or ()) == [0, 1]


def _picture(source: Any, *, ranged: bool) -> Picture:  # noqa: ANN401
    if isinstance(source, str | Path):
        file, name = split_name(source)
        if array_suffix(file) is None:
            return read_picture(source, gaps=True)
        source = np.asarray(read_array(file, name))
    if isinstance(source, list | tuple):
        source = plain_array(source)
    if isinstance(source, np.ndarray):
        source = _one_of_array(source)
        source = source if ranged or source.dtype.kind not in "biu" else source.astype(np.float64)
    elif isinstance(source, Tensor) and source.is_complex():
        raise InputError("The coarse picture is complex: give real numbers.")
    elif isinstance(source, Tensor) and not ranged:
        source = source if source.dtype.is_floating_point else source.double()
    given = in_memory(source)
    if len(given.pictures) > 1:
        raise InputError(_several(len(given.pictures)))
    return given.pictures[0]


def _one_of_array(array: np.ndarray) -> np.ndarray:
    """Return (height, width[, channels]) of such an array, or of one sample as it is written.

    That is (1, channels, height, width), or its (channels, height, width).
    """
    if array.ndim == 4 and len(array) > 1:
        raise InputError(_several(len(array)))
    one = array[0] if array.ndim == 4 and len(array) else array
    return one_with_channels_last(one, "The coarse picture")


def _several(count: int) -> str:
    return f"There are {count} coarse pictures: sample continues one."


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
