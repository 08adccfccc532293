"""Mean squared differences between pixels of blocks."""

import numpy as np


def difference_power(blocks: np.ndarray, distance: int) -> np.ndarray:
    """Return half the mean squared difference of pixels so far apart, across and down, by block.

    White noise has its variance there, at every distance.

    Args:
        blocks: (blocks, rows, columns) or (blocks, rows, columns, channels).
        distance: in pixels.
    """
    down = blocks[:, distance:] - blocks[:, :-distance]
    across = blocks[:, :, distance:] - blocks[:, :, :-distance]
    return (mean_square(down) + mean_square(across)) / 4


def fast_power(blocks: np.ndarray) -> np.ndarray:
    """Return a quarter of the mean squared diagonal detail of 2x2 pixels, by block.

    White noise has its variance there.

    Args:
        blocks: (blocks, rows, columns) or (blocks, rows, columns, channels), of even sides.
    """
    sums = blocks[:, ::2] - blocks[:, 1::2]
    return mean_square(sums[:, :, ::2] - sums[:, :, 1::2]) / 4


def mean_square(blocks: np.ndarray) -> np.ndarray:
    """Return the mean square of each block."""
    flat = blocks.reshape(len(blocks), -1)
    return np.einsum("ij,ij->i", flat, flat) / flat.shape[1]
