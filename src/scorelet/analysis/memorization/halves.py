"""Two disjoint halves of a set, and pictures that neither has: functions of (seed, index).

Every picture has a key, a number that depends on (seed, index) only, and the keys give an order.
The first pictures are held out, those after them are the first half, the last ones are the second.
So halves of several sizes contain each other, and the order of two pictures does not depend on the
others. Where nothing has to be dealt again, pictures have names instead, which their order does not
change.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from scorelet.analysis.memorization.duplicates import THRESHOLD
from scorelet.core.errors import InputError
from scorelet.core.typing import Image


@dataclass(frozen=True)
class Halves:
    """Numbers of pictures, int64, without a common one.

    Attributes:
        first, second: of the two halves, equally many; the halves of a smaller size are their first
            elements.
        held_out: of neither.
    """

    first: np.ndarray
    second: np.ndarray
    held_out: np.ndarray


def disjoint_halves(indices: np.ndarray, size: int, *, held_out: int, seed: int) -> Halves:
    """Deal pictures.

    Args:
        indices: numbers of the pictures that may be used, none twice.
        size: of each half, at least 1.
        held_out: how many are in neither, at least 1.
        seed: any non-negative integer.

    Raises:
        InputError: fewer pictures than that.
    """
    if size < 1 or held_out < 1:
        raise InputError(f"Halves of {size} and {held_out} held out: expected at least one each.")
    needed = 2 * size + held_out
    if len(indices) < needed:
        raise InputError(
            f"There are {len(indices)} different pictures (copies do not count: thumbnails of a "
            f"correlation above {THRESHOLD}): two halves of {size} and {held_out} held out are "
            f"{needed}; choose smaller sizes, hold out fewer, or give more pictures."
        )
    numbers = np.asarray(indices, np.int64)
    order = np.array(sorted(numbers.tolist(), key=lambda k: (picture_key(seed, k), k)), np.int64)
    return Halves(order[held_out : held_out + size], order[::-1][:size].copy(), order[:held_out])


def picture_key(seed: int, index: int) -> int:
    """Return the key of a picture, 64 bits that depend on (seed, index) only."""
    sequence = np.random.SeedSequence(seed, spawn_key=(index,))
    return int(sequence.generate_state(1, np.uint64)[0])


def picture_names(seed: int, images: Image) -> list[bytes]:
    """Return a random name of each image that depends on (seed, its pixels) only.

    In the order of names a set is drawn at random, and the same however its files are ordered.
    """
    start = f"{seed} ".encode()
    pixels = images.detach().cpu().contiguous().numpy()
    return [hashlib.sha256(start + image.tobytes()).digest() for image in pixels]
