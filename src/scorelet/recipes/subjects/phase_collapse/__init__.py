"""Phase collapse: the modulus of wavelet coefficients separates class means, thresholds do not.

One network is trained again and again while one thing is changed: its non-linearity, its skip
connections, whether its matrices learn, its depth. What happens is shown on two textures first,
where nothing has to be learned.
"""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Measured
from scorelet.recipes.contrasts import most
from scorelet.recipes.drawn_sets import DRAWN, TEXTURES
from scorelet.recipes.layer_tables import rows_by_layer
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.phase_collapse import figures, learning
from scorelet.recipes.subjects.phase_collapse.claims import claims
from scorelet.recipes.subjects.phase_collapse.quantities import quantities
from scorelet.recipes.subjects.phase_collapse.settings import KEPT, SETTINGS, Settings
from scorelet.recipes.subjects.phase_collapse.speed import wavelet_speed
from scorelet.recipes.subjects.phase_collapse.textures import separate
from scorelet.recipes.trainings import Trainings, network_rows


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure everything: textures, trainings, depth, speed."""
    trainings = Trainings(settings.budget, steps, seed=seed)  # first: its data may be missing
    found = steps("textures", partial(separate, settings.textures, seed))
    measured = _of_textures(found)
    accuracies, contrasts = learning.learn(settings, trainings)
    measured |= accuracies | contrasts
    test = trainings.test.first(settings.profiled)
    traces, ratios = learning.by_depth(settings, trainings, test)
    measured |= learning.growths(traces)
    if settings.speed:
        speed = steps("speed", partial(wavelet_speed, settings.speed))
        measured["wavelet speed"] = Measured(speed["ratio"])
    sections = [
        figures.textures_section(settings.textures, seed, found),
        figures.coefficients_section(trainings, settings),
        figures.table_section(accuracies, settings.budget.source),
        figures.depth_section(traces, ratios),
        figures.clouds_section(settings, trainings),
        figures.kinds_section(learning.kinds(trainings.model(_main(settings)), test)),
    ]
    tables = {
        "networks": network_rows(accuracies, figures.PUBLISHED.get(settings.budget.source, {})),
        "trace_ratios": rows_by_layer(traces),
        "fisher_ratios": rows_by_layer(ratios),
    }
    return Findings(_data(settings), measured, sections, tables)


def _main(settings: Settings) -> str:
    return learning.name_of(depth=len(settings.network.sizes))


def _of_textures(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Measured]:
    """Return what claims are about; of functions that keep the phase, the best."""
    kept = max((found[name] for name in ("linear", *KEPT)), key=lambda row: row["accuracy"])
    ratios = [Measured(_ratio(found[name])) for name in ("linear", *KEPT)]
    return {
        "textures kept": Measured(kept["accuracy"], kept["error"]),
        "textures mod": Measured(found["mod"]["accuracy"], found["mod"]["error"]),
        "textures relu": Measured(found["relu"]["accuracy"], found["relu"]["error"]),
        "textures kept ratio": most(ratios),
        "textures mod ratio": Measured(_ratio(found["mod"])),
        "textures relu ratio": Measured(_ratio(found["relu"])),
    }


def _ratio(row: Mapping[str, float | None]) -> float:
    """Return the Fisher ratio without bias; too few pictures have none."""
    found = row["corrected"]
    return math.nan if found is None else found


def _data(settings: Settings) -> str:
    budget, textures = settings.budget, settings.textures
    drawn = (
        f"{textures.train:,} and {textures.test:,} drawn textures of two laws (train and test), "
        f"{textures.side} x {textures.side} pixels"
    )
    if budget.source == DRAWN:
        return (
            f"{drawn}; networks: {budget.images} and {budget.held_out} drawn textures of "
            f"{len(TEXTURES)} laws with random signs; no photographs"
        )
    return f"{drawn}; {budget.pictures()}"


RECIPE: Recipe[Any] = Recipe(
    subject="phase_collapse",
    title="Phase collapse separates class means",
    paper=("Guth, Zarka, Mallat: Phase Collapse in Neural Networks. ICLR 2022, arXiv 2110.05283."),
    summary=(
        "A translation turns the phase of a wavelet coefficient. The modulus forgets the phase and "
        "gives classes different means; functions that only shrink the amplitude keep the mean 0. "
        "With fixed wavelets and learned matrices across channels, the modulus is enough to "
        "classify, and nothing that keeps the phase is."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
)
