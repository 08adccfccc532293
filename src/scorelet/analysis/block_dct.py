"""Orthonormal DCT of 8x8 blocks."""

import numpy as np

SIDE = 8
_N = np.arange(SIDE)
_MATRIX = np.sqrt(2 / SIDE) * np.cos(np.pi * np.outer(_N, 2 * _N + 1) / (2 * SIDE))
_MATRIX[0] /= np.sqrt(2)
SUM = np.add.outer(_N, _N)
"""u + v of each coefficient (u, v): how fast it changes."""


def cut(pixels: np.ndarray) -> np.ndarray:
    """Return the whole 8x8 blocks of (height, width, channels) as (blocks, 8, 8), by channel."""
    rows, columns = pixels.shape[0] // SIDE, pixels.shape[1] // SIDE
    whole = pixels[: rows * SIDE, : columns * SIDE]
    parts = whole.reshape(rows, SIDE, columns, SIDE, pixels.shape[2]).transpose(4, 0, 2, 1, 3)
    return parts.reshape(-1, SIDE, SIDE)


def block_dct(blocks: np.ndarray) -> np.ndarray:
    """Return the DCT coefficients (blocks, u, v); white noise keeps its variance in each."""
    return _MATRIX @ blocks.astype(float) @ _MATRIX.T
