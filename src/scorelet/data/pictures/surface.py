"""Smooth surfaces through the pixels that are known: membranes and plates."""

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from scorelet.data.pictures.gaps import filled

Pixels = np.ndarray

_SWEEPS = 8
"""Relaxations on each grid."""
_STEPS = 20
"""Of conjugate gradients on each grid."""


def membrane(pixels: Pixels, mask: np.ndarray) -> Pixels:
    """Return the pixels with a surface of the least slope in the place of masked ones.

    It is nearly the solution of Δu = 0 where pixels are masked: on each grid, from the coarsest to
    the finest, places are set to the means of their four neighbours a few times. Arguments as of
    `filled`.
    """
    return filled(pixels, mask, _spread)


def plate(pixels: Pixels, mask: np.ndarray) -> Pixels:
    """Return the pixels with a surface that bends as little as it can in the place of masked ones.

    It is nearly the solution of Δ²u = 0 where pixels are masked: on each grid conjugate gradients
    make some steps from a membrane. It continues slopes, and swings more in rough texture. Values
    stay within those of the data. Arguments as of `filled`.
    """
    found = filled(pixels, mask, lambda grid, known: _bent(_spread(grid, known), ~known))
    known = found[mask]
    return np.clip(found, known.min(0), known.max(0))


def _spread(found: Pixels, known: np.ndarray) -> Pixels:
    """Return places that are not known as means of their neighbours, nearly."""
    given, kept = found, np.broadcast_to(known[..., None], found.shape)
    for _ in range(_SWEEPS):
        found = _of_neighbours(found)
        np.copyto(found, given, where=kept)
    return found


def _bent(found: Pixels, hidden: np.ndarray) -> Pixels:
    """Return a surface that bends less where pixels are hidden."""
    bending = _Bending(hidden, found.shape[2])
    wrong = -_flattened(_flattened(found))[hidden].ravel().astype(np.float32)
    step, _ = cg(bending, wrong, maxiter=_STEPS)
    found[hidden] += step.reshape(-1, found.shape[2])
    return found


class _Bending(LinearOperator):
    """Δ² of what is 0 but at hidden pixels, there; a symmetric matrix, in float32."""

    def __init__(self, hidden: np.ndarray, channels: int) -> None:
        self.hidden, self.step = hidden, np.zeros((*hidden.shape, channels), np.float32)
        size = int(hidden.sum()) * channels
        super().__init__(np.float32, (size, size))

    def _matvec(self, x: np.ndarray) -> np.ndarray:
        self.step[self.hidden] = x.reshape(-1, self.step.shape[2])
        return _flattened(_flattened(self.step))[self.hidden].ravel()


def _flattened(values: Pixels) -> Pixels:
    """Return a quarter of the Laplacian."""
    return _of_neighbours(values) - values


def _of_neighbours(values: Pixels) -> Pixels:
    """Return the means of the four neighbours; the edges count as mirrored."""
    found = np.empty_like(values)
    found[:-1], found[-1] = values[1:], values[-1]
    found[1:] += values[:-1]
    found[0] += values[0]
    found[:, :-1] += values[:, 1:]
    found[:, -1] += values[:, -1]
    found[:, 1:] += values[:, :-1]
    found[:, 0] += values[:, 0]
    found *= 0.25
    return found
