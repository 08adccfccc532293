"""The energy of splines and its derivatives at every pixel, compiled: one pass over them.

Symbols: t pixel; c_1 < ... < c_N knots; piece i lies between c_i and c_i+1, piece 0 and piece N are
the tails; s_i where piece i begins, u = t - s_i, and v0 ... v3 are v, v', v'', v''' there:

    v(t) = v0 + u (v1 + u/2 (v2 + u v3 / 3))
    v'(t) = v1 + u (v2 + u v3 / 2),      v''(t) = v2 + u v3

The piece is looked up in a table of equal bins, and is then at most a few knots away.
"""

import numpy as np

from scorelet.core.compiled import compiled, inlined

BINS = 8  # for each knot


def bin_pieces(knots: np.ndarray) -> np.ndarray:
    """Return the piece at the left end of each of BINS N equal bins from c_1 to c_N, int64."""
    edges = np.linspace(knots[0], knots[-1], BINS * len(knots) + 1)[:-1]
    return np.searchsorted(knots, edges, side="left").astype(np.int64)


@inlined
def find_piece(t: float, knots: np.ndarray, bins: np.ndarray) -> int:
    """Return how many knots lie below t; 0 for NaN."""
    last = len(knots)
    if not t > knots[0]:
        return 0
    if t > knots[last - 1]:
        return last
    share = (t - knots[0]) / (knots[last - 1] - knots[0])
    piece = bins[min(int(share * len(bins)), len(bins) - 1)]
    while knots[piece] < t:
        piece += 1
    while piece > 0 and knots[piece - 1] >= t:  # rounding of the share
        piece -= 1
    return piece


@compiled
def spline_derivatives(
    t: np.ndarray,
    knots: np.ndarray,
    bins: np.ndarray,
    starts: np.ndarray,
    pieces: np.ndarray,
    value: np.ndarray,
    first: np.ndarray,
) -> None:
    """Write v and v' of t, all (n); `starts` (N + 1), `pieces` (N + 1, 4)."""
    for k in range(len(t)):
        i = find_piece(t[k], knots, bins)
        u = t[k] - starts[i]
        v1, v2, v3 = pieces[i, 1], pieces[i, 2], pieces[i, 3]
        half = u / 2
        value[k] = pieces[i, 0] + u * (v1 + half * (v2 + u * v3 / 3))
        first[k] = v1 + u * (v2 + half * v3)


@compiled
def spline_second(
    t: np.ndarray,
    knots: np.ndarray,
    bins: np.ndarray,
    starts: np.ndarray,
    pieces: np.ndarray,
    second: np.ndarray,
) -> None:
    """Write v'' of t, both (n)."""
    for k in range(len(t)):
        i = find_piece(t[k], knots, bins)
        second[k] = pieces[i, 2] + (t[k] - starts[i]) * pieces[i, 3]
