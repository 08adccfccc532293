"""Networks of other data, other labels and other seeds: which of their layers encode alike?

Space first: filters that layers, data sets and random labels share, so that they can be frozen.
Then channels: networks of these filters are aligned, and what their layers have learned is compared
by one number, and by exchanging layers.
"""

from functools import partial
from typing import Any

from scorelet.networks import FactorizedVGG
from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Measured
from scorelet.recipes.drawn_sets import DRAWN, TEXTURES
from scorelet.recipes.hits import accuracy
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.neural_encodings import encodings, figures, learning, spatial
from scorelet.recipes.subjects.neural_encodings.claims import claims
from scorelet.recipes.subjects.neural_encodings.controls import planted, shuffling
from scorelet.recipes.subjects.neural_encodings.findings import (
    UNTRAINED,
    of_encodings,
    of_ranks,
    of_transfer,
)
from scorelet.recipes.subjects.neural_encodings.learning import JOINT, UNIVERSAL, Networks
from scorelet.recipes.subjects.neural_encodings.quantities import quantities
from scorelet.recipes.subjects.neural_encodings.sets import (
    ALL,
    BESIDE,
    FIRST,
    PAIR,
    RANDOM_A,
    RANDOM_B,
    SECOND,
)
from scorelet.recipes.subjects.neural_encodings.settings import SETTINGS, Settings
from scorelet.recipes.trainings import network_rows

Rows = list[dict[str, Any]]
PAIRS = {
    "seeds": ((ALL, 0), (ALL, 1)),
    "disjoint classes": ((FIRST, 0), (SECOND, 0)),
    "data sets": ((ALL, 0), (BESIDE, 0)),
    "true and random labels": ((ALL, 0), (RANDOM_A, 0)),
    "random labels": ((RANDOM_A, 0), (RANDOM_B, 0)),
}
"""Networks that are compared: set and number of each."""
EXCHANGED = ("seeds", "data sets", "true and random labels")
"""Pairs whose layers are exchanged."""


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure everything."""
    networks = Networks(settings, steps, seed)  # first: its data may be missing
    hits = learning.learn(networks)
    accuracies = {name: accuracy(h) for name, h in hits.items()}
    measured = accuracies | learning.compared(hits)
    filters = _spatial(networks)
    measured |= spatial.measured(filters, settings.spatial)
    pairs = {name: _pair(networks, name) for name in PAIRS}
    rows = {name: found["layers"] for name, found in pairs.items()}
    curves = {name: pairs[name]["transfer"] for name in EXCHANGED}
    curves[UNTRAINED] = networks.steps("pair-untrained", partial(_from_untrained, networks))
    ranks = {name: _ranks(networks, name) for name in (ALL, PAIR)}
    measured |= of_encodings(rows, settings.low) | of_transfer(curves, settings.low)
    measured |= of_ranks(ranks[ALL], ranks[PAIR], settings.low)
    measured |= _controls(networks)
    sections = [
        figures.filters_section(filters, settings.spatial),
        figures.accuracies_section(accuracies, settings.budget.source, settings.beside),
        figures.similarity_section(rows),
        figures.directions_section(rows["seeds"]),
        figures.transfer_section(curves),
        figures.ranks_section(ranks),
    ]
    tables = {
        "networks": network_rows(accuracies, {}),
        "spatial": _table(filters, "set", without=("filters",)),
        "encodings": _table(rows, "pair", without=("eigenvector_cosines",)),
        "transfer": _table(curves, "pair", without=("aligned_hits", "unaligned_hits")),
        "ranks": _table(ranks, "set"),
    }
    return Findings(_data(settings), measured, sections, tables)


def _spatial(networks: Networks) -> dict[str, Rows]:
    count = networks.settings.shape.filters
    return {
        name: networks.steps(
            f"spatial-{name}",
            lambda name=name: spatial.spatial_rows(networks.network(JOINT, name), count),
        )
        for name in (ALL, BESIDE, RANDOM_A)
    }


def _pair(networks: Networks, name: str) -> dict[str, Rows]:
    return networks.steps(f"pair-{name.replace(' ', '-')}", partial(_compared, networks, name))


def _compared(networks: Networks, name: str) -> dict[str, Rows]:
    """Align two networks on pictures of the set `ALL`, which both see; compare, and exchange."""
    comparing, data = networks.settings.comparing, networks.on(ALL)
    first, second = (networks.network(UNIVERSAL, *each) for each in PAIRS[name])
    pair = first, second
    alignment = encodings.aligned(pair, data.train, comparing)
    rows = encodings.compared(pair, alignment, data.test, comparing, networks.seed)
    curve = []
    if name in EXCHANGED:
        curve = encodings.transfer(pair, alignment, data.train, data.test, comparing)
    return {"layers": rows, "transfer": curve}


def _from_untrained(networks: Networks) -> Rows:
    """Exchange the layers of one of the `seeds` with those that the other had before training."""
    comparing, data = networks.settings.comparing, networks.on(ALL)
    first, second = PAIRS["seeds"]
    pair = networks.network(UNIVERSAL, *first), networks.untrained(UNIVERSAL, *second)
    alignment = encodings.aligned(pair, data.train, comparing)
    return encodings.transfer(pair, alignment, data.train, data.test, comparing)


def _ranks(networks: Networks, name: str) -> Rows:
    def work() -> Rows:
        net, data = networks.network(UNIVERSAL, name), networks.on(name)
        return encodings.ranks(net, data.train, networks.settings.comparing, networks.seed)

    return networks.steps(f"ranks-{name}", work)


def _controls(networks: Networks) -> dict[str, Measured]:
    comparing, data = networks.settings.comparing, networks.on(ALL)
    net = networks.network(UNIVERSAL, ALL)
    assert isinstance(net, FactorizedVGG)
    known = networks.steps("planted", partial(planted, networks.seed))
    given = net, data.train, data.test, comparing
    same = networks.steps("shuffled", partial(shuffling, *given, networks.seed))
    clipped = networks.steps("clipped", partial(encodings.clipping, *given))
    note = f"rank {clipped['rank']} of {clipped['neurons']} neurons"
    return {
        "same law": Measured(known["same"]),
        "other law": Measured(known["unrelated"]),
        "shuffled": Measured(same),
        "clipped": Measured(clipped["lost"], clipped["lost_error"], note),
    }


def _table(found: dict[str, Rows], name: str, *, without: tuple[str, ...] = ()) -> Rows:
    return [
        {name: key} | {k: v for k, v in row.items() if k not in without}
        for key, rows in found.items()
        for row in rows
    ]


def _data(settings: Settings) -> str:
    budget, random = settings.budget, settings.random
    drawn = f"{len(TEXTURES)} laws of drawn textures, no photographs; "
    told = budget.pictures() if budget.source != DRAWN else drawn + budget.pictures()
    beside = "other drawings of the same laws" if settings.beside == DRAWN else settings.beside
    return f"{told}; other pictures: {beside}; random labels of {random.images:,} pictures"


RECIPE: Recipe[Any] = Recipe(
    subject="neural_encodings",
    title="What networks of other seeds, data and labels have in common",
    paper=(
        "Guth, Ménard: On the universality of neural encodings in CNNs. ICLR 2024 workshop on "
        "representational alignment, arXiv 2409.19460."
    ),
    summary=(
        "The publication says that the spatial filters of trained networks are a few patterns, the "
        "same in other layers, for other pictures and even for random labels, so that they can be "
        "frozen and matrices across channels are left; that networks of other seeds and other "
        "pictures, once channels are aligned, have learned the same directions in their first "
        "layers, and less so deeper; and that random labels are encoded in another way."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
)
