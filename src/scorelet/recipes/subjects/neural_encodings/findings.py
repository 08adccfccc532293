"""From rows by layer to the numbers that claims are about."""

from collections.abc import Mapping, Sequence
from typing import Any

from scorelet.recipes.claims import Measured, difference
from scorelet.recipes.contrasts import least
from scorelet.recipes.hits import gain, unpacked
from scorelet.recipes.subjects.neural_encodings.encodings import mean_over

Rows = Sequence[Mapping[str, Any]]
Layers = tuple[int, int]
UNTRAINED = "untrained"
"""A donor of layers as it was before its training: what alignment alone does for any layers."""
RANDOM_LAYERS = (3, 5)
"""Where random labels are compared."""
PAIRS_SHARE = (
    "both pairs have the network of the first random labels, and errors count as independent"
)
_DEEP = 3


def of_encodings(found: Mapping[str, Rows], low: Layers) -> dict[str, Measured]:
    """Return figures of pairs of networks.

    Errors of layers, and of pairs, count as independent; `PAIRS_SHARE` says of which they are not.

    Args:
        found: rows of all layers by pair.
        low: first and last layer where networks are said to be alike.
    """
    seeds, halves, beside = (found[k] for k in ("seeds", "disjoint classes", "data sets"))
    depth = len(seeds)
    near, deep = (low[0], low[0] + 1), (depth - _DEEP + 1, depth)
    true_random, random = (
        _similarity(found[k], RANDOM_LAYERS) for k in ("true and random labels", "random labels")
    )
    return {
        "top aligned": mean_over(seeds, low, "aligned", "aligned_sd"),
        "top unaligned": mean_over(seeds, low, "unaligned", "unaligned_sd"),
        "least S seeds": least([_similarity(seeds, (k, k)) for k in range(low[0], low[1] + 1)]),
        "S seeds falls": difference(_similarity(seeds, low), _similarity(seeds, (depth, depth))),
        "S halves near": difference(_similarity(halves, near), _similarity(seeds, near)),
        "S halves deep": difference(_similarity(seeds, deep), _similarity(halves, deep)),
        "S beside falls": difference(_similarity(beside, low), _similarity(beside, deep)),
        "S random": true_random,
        "S random pair": difference(random, true_random),
    }


def _similarity(rows: Rows, layers: Layers) -> Measured:
    return mean_over(rows, layers, "S_mean", "bootstrap_sd")


def of_transfer(found: Mapping[str, Rows], low: Layers) -> dict[str, Measured]:
    """Return differences of accuracies with exchanged layers, in points.

    All are of the same test pictures, and compared picture by picture.

    Args:
        found: rows by pair and number of layers, of `UNTRAINED` donors, too.
        low: the first of these is the number of layers of another data set.
    """
    rows, seeds, untrained = (found[name] for name in ("data sets", "seeds", UNTRAINED))
    some, every, other = rows[low[0]], rows[-1], seeds[-1]
    return {
        "seeds exchanged": _gain(other, other, "unaligned"),
        "seeds over untrained": _gain(other, untrained[-1]),
        "transfer gain": _gain(some, some, "unaligned"),
        "transfer falls": _gain(some, every),
        "transfer over untrained": _gain(some, untrained[low[0]]),
    }


def _gain(row: Mapping[str, Any], other: Mapping[str, Any], name: str = "aligned") -> Measured:
    """Return the accuracy of a row, aligned, less one of another."""
    hits = unpacked(row["aligned_hits"]), unpacked(other[f"{name}_hits"])
    found = gain(hits[0][None], hits[1][None])
    return Measured(found.value, found.error, "one pair of networks")


def of_ranks(rows: Rows, few: Rows, low: Layers) -> dict[str, Measured]:
    """Return how effective ranks rise from layer to layer, and from few classes to all."""
    first, last = (mean_over(rows, (k, k), "rank", "rank_sd") for k in low)
    all_, two = (mean_over(each, low, "rank", "rank_sd") for each in (rows, few))
    return {"rank rises": difference(last, first), "rank of classes": difference(all_, two)}


def fallen(rows: Rows) -> str:
    """Say in which layers S is at least half, for a reader; some have no S."""
    known = [row for row in rows if row["S_mean"] is not None]
    alike = [str(row["layer"]) for row in known if row["S_mean"] >= 0.5]
    if not alike:
        return "nowhere"
    return f"in layer{'s' if len(alike) > 1 else ''} {', '.join(alike)}"
