"""Masks: pictures and arrays that say which pixels are known."""

from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.paths import as_path
from scorelet.data import Picture, read_picture, to_unit
from scorelet.data.pictures.types import SAMPLE_TYPES, split_samples, white
from scorelet.tasks.restore.ways.base import Mask
from scorelet.tasks.restore.ways.known import Known
from scorelet.tasks.restore.ways.saved import SUFFIX, saved_array

_BLACK = 0.1
"""Whiteness up to which a pixel of a mask is black, and the difference that makes a colour."""
_MOST_GRAY, _MOST_COLOURED = 0.1, 0.01
"""Shares of a mask that may be neither black nor white, and have a colour."""


def whiteness(given: Mask) -> np.ndarray:
    """Return how white the samples of a mask are, (height, width[, channels]).

    Of an array that tells two kinds apart it is true and false.

    Raises:
        InputError: an array that is no mask, or a folder.
        ImageFileError: a file that cannot be read.
    """
    if not isinstance(given, str | Path):
        return _of_array(given)
    path = as_path(given, name="mask")
    return _of_array(saved_array(path, "mask")) if path.suffix.lower() == SUFFIX else _read(path)


def known_by(white: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return where pixels of a picture are known, by the whiteness of a mask.

    Args:
        white: from `whiteness`.
        shape: (height, width, channels) of the picture.

    Returns:
        (height, width); or of true and false for each sample, where channels differ, `shape`.

    Raises:
        InputError: they are not of one size.
    """
    height, width, channels = shape
    if white.shape[:2] != (height, width) or white.ndim > 3 or not white.size:
        flat = white.ndim in (2, 3)
        large = f"{white.shape[1]}x{white.shape[0]} pixels" if flat else f"the shape {white.shape}"
        raise InputError(
            f"The mask has {large}, the picture {width}x{height} pixels (width x height): "
            "they must be of one size."
        )
    if white.dtype != bool:
        return (white.mean(-1) if white.ndim == 3 else white) > 0.5
    if white.ndim == 2 or (white == white[..., :1]).all():
        return white if white.ndim == 2 else white[..., 0]
    if white.shape[2] != channels:
        raise InputError(
            f"The mask has {white.shape[2]} channels that differ, and the picture {channels}: give "
            "one of (height, width)."
        )
    return white


def doubt(white: np.ndarray) -> str | None:
    """Say whether a mask may be a picture: has colours, or much between black and white.

    One of two grays is none. The mask is one that `known_by` takes.
    """
    if white.dtype == bool:
        return None
    samples = white[..., None] if white.ndim == 2 else white
    grays, colours = samples.mean(-1), np.ptp(samples, axis=-1)
    gray = ((grays > _BLACK) & (grays < 1 - _BLACK)).mean()
    if (gray <= _MOST_GRAY or len(np.unique(grays)) <= 2) and (
        colours > _BLACK
    ).mean() <= _MOST_COLOURED:
        return None
    return (
        f"the mask has grays or colours: {(grays <= 0.5).mean():.0%} of it is darker than half, "
        "and counts as missing; paint the holes black and all else white"
    )


def turned_round(picture: Picture, known: Known) -> str | None:
    """Say whether a mask may be the other way round: all that it calls known has one colour.

    What it calls missing has others, which would be thrown away.
    """
    if known.missing.ndim == 3:
        return None
    kept, lost = picture.pixels[known.measured], picture.pixels[known.missing]
    colour = kept[0]
    if (kept != colour).any() or ((lost == colour) | ~np.isfinite(lost)).all():
        return None
    return (
        f"all known pixels have one colour, {', '.join(f'{v:.4g}' for v in colour)}, and the "
        "missing ones have others: the mask may be the other way round; white is known, and black "
        "is filled"
    )


def _of_array(given: np.ndarray | Tensor | Image.Image) -> np.ndarray:
    """Return how white an array is, as in a file, or what is true of it.

    Raises:
        InputError: values that say neither true nor false, nor how white a pixel is.
    """
    if isinstance(given, Tensor) and given.ndim == 3 and given.shape[0] == 3:
        given = given.movedim(0, -1)  # channels come first, as those of pictures do
    mask = plain_array(given, what="mask")
    certain = _is_certain(mask)
    if not certain and (isinstance(given, np.ma.MaskedArray) or not _is_white(mask)):
        raise InputError(
            f"The mask is a {type(given).__name__} of {mask.dtype}: give true and false, 0 and 1, "
            "or how white each pixel is, as a picture has it."
        )
    unit = mask.astype(bool) if certain else to_unit(mask)
    several = unit.ndim == 3 and unit.shape[2] in (2, 4)
    return _telling(*split_samples(unit)) if several else unit


def _telling(colours: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """Return the samples of a mask that tell its pixels apart: the opacity if colours do not."""
    if alpha is None or (alpha == alpha[0, 0]).all() or (colours != colours[:1, :1]).any():
        return colours
    return alpha[..., None]


def _is_certain(mask: np.ndarray) -> bool:
    """Whether an array tells two kinds apart: true and false, 0 and 1, integers 0 and another.

    Where the other is white of a picture it may be one, and have colours.
    """
    if mask.dtype == bool or bool(np.isin(mask, (0, 1)).all()):
        return True
    most, least = mask.max(), mask.min()
    other = most if most else least
    picture = mask.dtype.name in SAMPLE_TYPES and other == white(mask.dtype)
    return mask.dtype.kind in "iu" and not picture and bool(np.isin(mask, (0, other)).all())


def _is_white(mask: np.ndarray) -> bool:
    """Whether all values lie between black and white of a picture."""
    if mask.dtype.name not in SAMPLE_TYPES:
        return False
    return bool(((mask >= 0) & (mask <= white(mask.dtype))).all())


def _read(path: Path) -> np.ndarray:
    if path.is_dir():
        raise InputError(
            f"{path} is a folder of masks, and there is one picture: name the mask of it."
        )
    mask = read_picture(path)
    samples = _telling(mask.pixels, mask.alpha)
    if mask.scale > 1 and samples.max() == 1:
        raise InputError(
            f"{path} holds 0 and 1 of {mask.scale:.0f}, which is black everywhere: write known "
            f"pixels as {mask.scale:.0f}, or give an array of true and false, as an .npy file."
        )
    return to_unit(samples)
