"""Orthonormal DCT of 8x8 blocks."""

import numpy as np
from scipy.fft import dctn

SIDE = 8
SUM = np.add.outer(np.arange(SIDE), np.arange(SIDE))
"""u + v of each coefficient (u, v): how fast it changes."""


def cut(pixels: np.ndarray) -> np.ndarray:
    """Return the whole 8x8 blocks of (height, width, channels) as (blocks, 8, 8), by channel."""
    rows, columns = pixels.shape[0] // SIDE, pixels.shape[1] // SIDE
    whole = pixels[: rows * SIDE, : columns * SIDE]
    parts = whole.reshape(rows, SIDE, columns, SIDE, pixels.shape[2]).transpose(4, 0, 2, 1, 3)
    return parts.reshape(-1, SIDE, SIDE)


def block_dct(blocks: np.ndarray) -> np.ndarray:
    """Return the DCT coefficients (blocks, u, v); white noise keeps its variance in each."""
    return dctn(blocks.astype(float), axes=(1, 2), norm="ortho")
