"""Where the channels of an array of pictures are: last as in numpy, or first as in torch."""

import numpy as np

from scorelet.core.errors import InputError

COUNTS = 1, 3
"""Of channels."""


def with_channels_last(array: np.ndarray, source: object) -> np.ndarray:
    """Return pictures as (n, height, width, channels), a view; other arrays as they are.

    Args:
        array: (n, height, width), (n, height, width, channels) or (n, channels, height, width),
            with 1 or 3 channels.
        source: what sentences call it.

    Raises:
        InputError: both axes may be that of the channels.
    """
    if array.ndim == 3:
        return array[..., None]
    return _channels_last(array, source) if array.ndim == 4 else array


def one_with_channels_last(array: np.ndarray, source: object) -> np.ndarray:
    """Return one picture as (height, width[, channels]), a view; other arrays as they are.

    Args:
        array: (height, width), or with 1 or 3 channels last or first.
        source: what sentences call it.

    Raises:
        InputError: both axes may be that of the channels.
    """
    return _channels_last(array, source) if array.ndim == 3 else array


def _channels_last(array: np.ndarray, source: object) -> np.ndarray:
    if array.shape[-3] not in COUNTS:
        return array
    if array.shape[-1] not in COUNTS:
        return np.moveaxis(array, -3, -1)
    raise InputError(
        f"{source} has the shape {array.shape}, whose channels may be first or last: give pictures "
        "that are not 1 or 3 pixels high or wide, or gray ones without an axis of channels."
    )
