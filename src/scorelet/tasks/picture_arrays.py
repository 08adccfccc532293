"""Pictures of one size as one array: from a folder, or from an array file."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import ArrayFileError, ImageFileError, InputError
from scorelet.core.progress import Say
from scorelet.data import (
    Picture,
    broken_sentence,
    find_pictures,
    on_white,
    read_picture,
    to_unit,
    with_channels,
)
from scorelet.data.fields.array_files import array_suffix, read_array
from scorelet.data.fields.arrays import split_name
from scorelet.data.pictures.channel_axis import with_channels_last
from scorelet.data.pictures.errors import reading
from scorelet.data.pictures.folders import left_out_of
from scorelet.tasks.fitting import pixels_fitter

Pictures = np.ndarray
"""(n, height, width, channels), uint8 or float32 in [0, 1]."""
Channels = Literal[1, 3]
Source = str | Path | Tensor | np.ndarray
"""Pictures by name, as of `load_picture_array`, or in memory, as of `picture_array`."""


def read_pictures(
    source: Source,
    *,
    channels: Channels | None = 1,
    side: int | None = None,
    beyond: bool = False,
    say: Say | None = None,
    field: str | None = None,
) -> Pictures:
    """Return pictures of files or in memory; for arguments and errors see both."""
    if isinstance(source, str | Path):
        return load_picture_array(
            source, channels=channels, side=side, beyond=beyond, say=say, field=field
        )
    return picture_array(source, channels=channels, side=side, beyond=beyond)


def load_picture_array(
    source: str | Path,
    *,
    channels: Channels | None = 1,
    side: int | None = None,
    beyond: bool = False,
    say: Say | None = None,
    field: str | None = None,
) -> Pictures:
    """Read pictures of one size.

    Args:
        source: a folder of pictures; or an npy, npz, HDF5 or FITS file with an array (n, height,
            width[, channels]) or, as samples are written, (n, channels, height, width), uint8 or
            floats in [0, 1], of which FILE:NAME chooses one of several (``x_train`` of an npz file
            needs no name); or the name of one under ``$SCORELET_DATA``. What is transparent in a
            picture is white.
        channels: 1 takes luma of colour, 3 repeats gray; None: those of the first picture.
        side: to which squares are brought, in pixels: the largest one in the middle of each
            picture; None: pictures stay as they are.
        beyond: let floats below 0 and above 1 pass, which samples have.
        say: called with sentences without a full stop on files of a folder that are left out: no
            pictures, or none that can be read; None: the first that cannot be read is an error.
        field: what users set the side by, for the sentence; None: they cannot.

    Returns:
        (n, height, width, channels), uint8 or float32.

    Raises:
        InputError: nothing there, pictures of several sizes, or an array that holds no pictures.
        ImageFileError, ArrayFileError: a file that cannot be read; with `say`, of a folder all.
    """
    _check_side(side)
    file, name = split_name(source)
    if file.is_dir():
        return _from_folder(file, channels, side, say, field)
    if name is None and file.suffix.lower() == ".npz" and _has_training_set(file):
        name = "x_train"
    if array_suffix(file) is None:
        raise InputError(f"{file} holds no set of pictures: give a folder, or an npy or npz file.")
    pictures = _checked(np.asarray(read_array(file, name)), source, beyond=beyond)
    return _brought_to(pictures, channels, side)


def picture_array(
    array: Tensor | np.ndarray,
    *,
    channels: Channels | None = 1,
    side: int | None = None,
    beyond: bool = False,
) -> Pictures:
    """Return pictures in memory as `load_picture_array` returns those of files.

    Args:
        array: 8 bits or floats in [0, 1], (n, channel, height, width) with 1 or 3 channels, or as
            files hold them, (n, height, width[, channels]).
        channels, side, beyond: as of `load_picture_array`.

    Raises:
        InputError: an array that holds no pictures.
    """
    _check_side(side)
    pictures = _checked(plain_array(array, what="pictures"), "The array", beyond=beyond)
    return _brought_to(pictures, channels, side)


def _check_side(side: int | None) -> None:
    if side is not None and side < 2:
        raise InputError(f"The side is {side}: pictures have at least 2 pixels a side.")


def _brought_to(pictures: Pictures, channels: Channels | None, side: int | None) -> Pictures:
    if channels is not None and pictures.shape[3] != channels:
        pictures = _channels(pictures, channels)
    return pictures if side is None else _sized(pictures, side)


def images_of(pictures: Pictures) -> Tensor:
    """Return pictures as float32 (n, channels, height, width) in [0, 1]."""
    unit = torch.from_numpy(to_unit(np.asarray(pictures))).float()
    return unit.permute(0, 3, 1, 2).contiguous()


def pixels_of(image: Tensor) -> np.ndarray:
    """Return (height, width, channels) of an image (1, channels, height, width)."""
    return image[0].permute(1, 2, 0).cpu().numpy()


def _from_folder(
    folder: Path, channels: Channels | None, side: int | None, say: Say | None, field: str | None
) -> Pictures:
    fit = None if side is None else pixels_fitter((side, side), "crop")
    hint = f"give {field} to bring all to one" if field else "bring all to one before"
    found: list[np.ndarray] = []
    for path, picture in _read(folder, say):
        shown = on_white(picture)
        channels = channels or (1 if shown.pixels.shape[2] == 1 else 3)
        pixels = with_channels(shown, channels)
        pixels = pixels if fit is None else fit(pixels)
        if not found:
            first = path
        elif pixels.shape != found[0].shape:
            raise InputError(
                f"{path} has {_size(pixels)} pixels, {first} has {_size(found[0])}: pictures "
                f"of one size are needed; {hint}."
            )
        found.append(pixels if pixels.dtype == np.uint8 else to_unit(pixels).astype(np.float32))
    if len({pixels.dtype for pixels in found}) > 1:
        found = [to_unit(pixels).astype(np.float32) for pixels in found]
    return np.stack(found)


def _read(folder: Path, say: Say | None) -> Iterator[tuple[Path, Picture]]:
    """Yield the pictures of a folder; say at the end which files were left out."""
    paths, broken = find_pictures(folder), []
    for path in paths:
        try:
            yield path, read_picture(path)
        except ImageFileError as error:
            broken.append((path, str(error)))
            if say is None or len(broken) == len(paths):
                raise
    if say:
        for text in left_out_of(folder):
            say(text)
        if broken:
            say(broken_sentence(broken, len(paths)).removesuffix("."))


def _has_training_set(file: Path) -> bool:
    if not file.is_file():
        return False  # whoever reads it says what is wrong
    with reading(file, kind=ArrayFileError, what="array"), zipfile.ZipFile(file) as archive:
        return "x_train.npy" in archive.namelist()


def _checked(array: np.ndarray, source: str | Path, *, beyond: bool) -> Pictures:
    pictures = with_channels_last(array, source)
    if pictures.ndim != 4 or pictures.shape[3] not in (1, 3) or not pictures.size:
        raise InputError(
            f"{source} has the shape {array.shape}: expected pictures (n, height, width), "
            "(n, height, width, 1 or 3) or (n, 1 or 3, height, width)."
        )
    if pictures.dtype == np.uint8:
        return pictures
    if pictures.dtype.kind != "f":
        raise InputError(f"{source} holds {pictures.dtype}: expected 8 bits or floats in [0, 1].")
    if not np.isfinite(pictures).all():
        raise InputError(f"{source} holds NaN or infinite numbers: replace them first.")
    low, high = float(pictures.min()), float(pictures.max())
    if not beyond and not (low >= 0 and high <= 1):
        raise InputError(
            f"{source} has values from {low:g} to {high:g}: expected floats in [0, 1]; clip or "
            "scale them."
        )
    return pictures.astype(np.float32)


def _channels(pictures: Pictures, channels: Channels) -> Pictures:
    from scorelet.data.pictures.photographs import luma

    if channels == 3:
        return np.repeat(pictures, 3, axis=3)
    return np.stack([luma(picture) for picture in pictures])


def _sized(pictures: Pictures, side: int) -> Pictures:
    if pictures.shape[1:3] == (side, side):
        return pictures
    fit = pixels_fitter((side, side), "crop")
    sized = np.stack([fit(picture) for picture in pictures])
    return sized if pictures.dtype == np.uint8 else to_unit(sized).astype(np.float32)


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[0]}x{pixels.shape[1]}"
