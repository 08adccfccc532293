"""Pictures as a classifier takes them: channels, transparency, values, and notes on all of it."""

import struct
import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.data import Note, Picture, channels_taken, on_white, to_unit, with_channels
from scorelet.data.pictures.notes import DEPTH, METADATA
from scorelet.data.pictures.types import split_samples
from scorelet.models import Classifier
from scorelet.tasks.value_range import beyond_words, is_beyond, little_range

LARGEST = 1e6
"""Values beyond it are in other units, and their logits may not even be finite."""
RANGE, LITTLE = "range", "little range"
"""Kinds of the notes that values are beyond [0, 1], or in a small part of it."""
GRAY_WORDS = "is gray: the model, which takes colour, saw it three times"
"""What becomes of a gray picture where a model takes colours."""
Source = np.ndarray | Tensor | Any
"""What holds pixels: an array, a tensor, a Pillow picture."""


def prepared(
    picture: Picture, classifier: Classifier, name: str = "the picture"
) -> tuple[Image, list[Note]]:
    """Return the picture (1, channel, height, width) with channels that the classifier takes.

    Args:
        picture: of any depth, with alpha or without.
        classifier: says which channels and which size it takes.
        name: what the picture is called, where it is refused.

    Returns:
        Values in [0, 1] of the picture's own size, and notes on what was done, and will be to
        bring it to the model's size.

    Raises:
        InputError: NaN or infinite values, or some beyond `LARGEST`.
    """
    of_results = (DEPTH, METADATA)  # nothing is written back
    notes = [note for note in picture.notes if note.kind not in of_results]
    pixels = to_unit(on_white(picture).pixels)
    if picture.alpha is not None and bool((to_unit(picture.alpha) < 1).any()):
        notes.append(Note("alpha", "is transparent in places, which were made white"))
    notes += _of_values(picture, float(pixels.min()), float(pixels.max()), name)
    count = pixels.shape[2]
    wanted = channels_taken(count, classifier.channels)
    if wanted != count:
        if wanted == 1:
            notes.append(Note("colour", "has colours, which were left out: the model takes gray"))
        else:
            notes.append(Note("gray", GRAY_WORDS))
        pixels = with_channels(Picture(pixels), wanted)
    shape = (pixels.shape[0], pixels.shape[1])
    if classifier.size not in (None, shape):
        notes.append(Note("size", size_words(shape, classifier)))
    x = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32)
    return torch.from_numpy(x)[None], notes


def _of_values(picture: Picture, low: float, high: float, name: str) -> list[Note]:
    """Return notes on the values of a picture, of which some are refused.

    Args:
        picture: as it was read.
        low, high: its ends, in the unit of [0, 1] pictures.
        name: what it is called.
    """
    called = name[0].upper() + name[1:]
    if not np.isfinite([low, high]).all():
        raise InputError(f"{called} holds NaN or infinite values: replace them first.")
    if not max(-low, high) <= LARGEST:
        raise InputError(
            f"{called} has values from {low:.3g} to {high:.3g}: bring them to 0 to 1 first."
        )
    if is_beyond(low, high):
        return [Note(RANGE, beyond_words(low, high))]
    little = little_range(picture.pixels)
    return [] if little is None else [Note(LITTLE, little)]


def _upright(source: Source) -> Source:
    """Turn a Pillow picture as its EXIF says; Pillow has left it as the camera held it."""
    pillow = sys.modules.get("PIL.Image")
    if pillow is None or not isinstance(source, pillow.Image):
        return source
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(source)
    except (SyntaxError, ValueError, struct.error):  # what Pillow raises where EXIF is damaged
        return source


def size_words(shape: tuple[int, int], classifier: Classifier) -> str:
    """Say how a picture of another shape is brought to that of a classifier."""
    assert classifier.size is not None
    sides, size = f"{shape[0]}x{shape[1]}", f"{classifier.size[0]}x{classifier.size[1]}"
    how = {
        "crop": f"is {sides}: its largest central part of the model's shape was scaled to {size}",
        "stretch": f"is {sides}: it was stretched to the model's {size}",
    }
    return how[classifier.fit]


def pictures(source: Source) -> tuple[list[Picture], bool]:
    """Return the pictures of an array, and whether it had a batch axis.

    Args:
        source: an array ([batch,] height, width[, 1 to 4]) of uint8, uint16 or floats; a float
            tensor ([batch,] channel, height, width); or a Pillow picture, which is turned upright
            as its EXIF says. Half precision is taken as float32.

    Raises:
        InputError: another shape or dtype.
    """
    tensor = isinstance(source, Tensor)
    array = plain_array(_upright(source), what="picture")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if tensor and array.dtype.kind != "f":
        raise InputError(
            f"The tensor is {source.dtype}: expected floats in [0, 1], (channel, height, width)."
        )
    shape = array.shape
    if tensor and array.ndim in (3, 4):
        array = np.moveaxis(array, -3, -1)
    batched = array.ndim == 4
    if array.ndim not in (2, 3, 4) or not array.size or (array.ndim > 2 and array.shape[-1] > 4):
        expected = "([batch,] channel, height, width)" if tensor else "(height, width[, 1 to 4])"
        raise InputError(
            f"The {'tensor' if tensor else 'array'} has shape {shape}: expected "
            f"{expected}{'' if tensor else ', or a batch of them'}."
        )
    parts = [split_samples(part) for part in (array if batched else [array])]
    return [Picture(colours, alpha=alpha) for colours, alpha in parts], batched


def one_picture(source: Source) -> Picture:
    """Return the picture of an array that holds one, see `pictures`.

    Raises:
        InputError: several, or another shape or dtype.
    """
    found, _ = pictures(source)
    if len(found) != 1:
        raise InputError(f"source holds {len(found)} pictures: give one at a time.")
    return found[0]
