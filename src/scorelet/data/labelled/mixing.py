"""The order of labelled pictures in which every stretch has the classes that the whole set has.

Folders of classes, and many files, are sorted by class, so that the last pictures all belong to the
last class. Symbols: class c has n_c pictures of n. Its k-th one, in an order that (seed, c) fixes,
comes at the place (k + 1/2)/n_c on a line from 0 to 1, and pictures are taken along that line.

So the order is a function of (seed, labels). With q_c = n_c/n the share of a class, the first m
pictures hold round(n_c t) of class c for one t with sum_c round(n_c t) = m, and so do the last m.
This differs from m q_c by at most (1 + C q_c)/2 for C classes: by one if all have the same size.
"""

import numpy as np

from scorelet.core.random import numpy_generator


def mixed_order(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return a permutation (n,) that mixes the classes evenly.

    Args:
        labels: numbers of classes (n,), not negative.
        seed: of the order within each class.
    """
    place = np.empty(len(labels))
    for number in np.unique(labels):
        own = np.flatnonzero(labels == number)
        rank = numpy_generator(seed, int(number)).permutation(len(own))
        place[own] = (rank + 0.5) / len(own)
    return np.lexsort((labels, place))


def is_grouped(labels: np.ndarray) -> bool:
    """Return whether labels (n,) stand in groups: sorted, also in parts or almost.

    In a random order neighbours differ in a share 1 - sum_c q_c² of the places; half of that is
    far from chance.
    """
    if len(labels) < 2:
        return False
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    return float((np.diff(labels) != 0).mean()) < (1 - float((shares**2).sum())) / 2
