"""The embedded cluster sampler in numpy, with scipy's connected components: the peer.

All chains are updated at once in array operations; clusters of all chains are the components of
one sparse graph.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

HALF_WIDTH = 1.2


def sweep(
    fields: np.ndarray, potential: tuple[float, float, float], rng: np.random.Generator
) -> None:
    """Advance fields (chains, L, L) in place by two Metropolis passes and a Swendsen-Wang step."""
    for parity in (0, 1, 0, 1):
        _metropolis(fields, parity, potential, rng)
    _flip_clusters(fields, potential[0], rng)


def _metropolis(
    fields: np.ndarray,
    parity: int,
    potential: tuple[float, float, float],
    rng: np.random.Generator,
) -> None:
    b, a, q = potential
    neighbours = sum(np.roll(fields, shift, axis) for shift in (1, -1) for axis in (1, 2))
    rows, columns = np.indices(fields.shape[1:])
    mask = (rows + columns) % 2 == parity
    x, near = fields[:, mask], neighbours[:, mask]
    y = x + rng.uniform(-HALF_WIDTH, HALF_WIDTH, x.shape)
    rise = (y - x) * ((y + x) * (a + q * (x**2 + y**2)) - b * near)
    fields[:, mask] = np.where(rng.random(x.shape) < np.exp(-np.maximum(rise, 0)), y, x)


def _flip_clusters(fields: np.ndarray, b: float, rng: np.random.Generator) -> None:
    sites = np.arange(fields.size).reshape(fields.shape)
    ends = []
    for axis in (1, 2):
        product = fields * np.roll(fields, -1, axis)
        active = rng.random(fields.shape) < 1 - np.exp(-2 * b * np.maximum(product, 0))
        ends.append((sites[active], np.roll(sites, -1, axis)[active]))
    start, end = (np.concatenate(side) for side in zip(*ends, strict=True))
    graph = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(fields.size,) * 2)
    count, labels = connected_components(graph, directed=False)
    fields *= rng.choice([-1.0, 1.0], count)[labels].reshape(fields.shape)
