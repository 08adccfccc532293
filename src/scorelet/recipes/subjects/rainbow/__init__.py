"""Laws of weights: trained networks agree up to rotations, and can be drawn from covariances.

First one layer of random features, where the limit is known; then the authors' tutorial; then
learned scatterings and residual networks of several widths and seeds.
"""

from functools import partial
from typing import Any

import torch

from scorelet.plots.report import Section
from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Measured
from scorelet.recipes.drawn_sets import DRAWN, TEXTURES
from scorelet.recipes.hits import mean_of_all
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.rainbow import figures, scattering
from scorelet.recipes.subjects.rainbow.claims import claims
from scorelet.recipes.subjects.rainbow.kernels import kernel_errors
from scorelet.recipes.subjects.rainbow.quantities import quantities
from scorelet.recipes.subjects.rainbow.settings import SETTINGS, Settings
from scorelet.recipes.subjects.rainbow.tutorial import tutorial
from scorelet.recipes.trainings import Trainings


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure everything: random features, the tutorial, one network, laws of weights, widths."""
    widths = Trainings(settings.widths.budget, steps, seed=seed)  # first: data may be missing
    law = Trainings(settings.law.budget, steps, seed=seed)
    single = Trainings(settings.single.budget, steps, seed=seed)
    kernel = steps("kernel", partial(kernel_errors, settings.kernel, seed))
    measured = {"kernel slope": mean_of_all(torch.tensor(kernel["slopes"], dtype=torch.float64))}
    tables: dict[str, Any] = {}
    parts = [
        partial(scattering.single, settings, single),
        partial(scattering.laws, settings, law),
        partial(scattering.by_width, settings.widths, widths),
    ]
    if settings.tutorial is not None:
        own = Trainings(settings.tutorial.budget, steps, seed=seed)
        parts.insert(0, partial(tutorial, settings.tutorial, own))
    if settings.residual is not None:
        own = Trainings(settings.residual.budget, steps, seed=seed)
        parts.append(partial(scattering.residual_widths, settings.residual, own))
    for measure in parts:
        numbers, rows = measure()
        measured, tables = measured | numbers, tables | rows
    kernel_rows = zip(settings.kernel.widths, kernel["errors"], strict=True)
    tables["kernel"] = [{"width": width, "error": error} for width, error in kernel_rows]
    return Findings(_data(settings), measured, _sections(settings, measured, tables), tables)


def _sections(
    settings: Settings, measured: dict[str, Measured], tables: dict[str, Any]
) -> list[Section]:
    found = [figures.kernel_section(tables["kernel"])]
    if "tutorial" in tables:
        found.append(figures.tutorial_section(tables, measured))
    found.append(figures.widths_section(tables))
    if "scattering_widths" in tables:
        found.append(figures.covariances_section(tables["scattering_widths"]))
    accuracies = [measured[f"{key} trained"].value for key in ("network", "law")]
    network = figures.network_told(settings.single.hidden, accuracies[0])
    first = figures.network_told(settings.law.hidden, accuracies[1])
    seeds = figures.seeds_told(settings.law.hidden, accuracies[1])
    return [
        *found,
        figures.movement_section(tables["movements"], network),
        figures.ranks_section(tables, network, first),
        figures.seeds_section(tables, seeds),
        figures.drawn_section(tables["drawn"]),
    ]


def _data(settings: Settings) -> str:
    budget = settings.widths.budget
    if budget.source == DRAWN:
        return (
            f"Gaussian points; {budget.images} and {budget.held_out} drawn textures of "
            f"{len(TEXTURES)} laws; no photographs"
        )
    told = [f"scatterings of {settings.widths.hidden} hidden layers: {budget.pictures()}"]
    if settings.tutorial is not None:
        told.insert(0, f"tutorial: {settings.tutorial.budget.pictures()}")
    if settings.deep is not None:
        deep = settings.deep
        told.append(f"one of {deep.hidden} hidden layers: {deep.budget.pictures()}")
    if settings.residual is not None:
        told.append(f"residual networks: {settings.residual.budget.pictures()}")
    return "; ".join(["Gaussian points", *told])


RECIPE: Recipe[Any] = Recipe(
    subject="rainbow",
    title="Trained networks agree up to rotations, and can be drawn from their covariances",
    paper=(
        "Guth, Ménard, Rochette, Mallat: A Rainbow in Deep Network Black Boxes. JMLR 25(350), "
        "2024, arXiv 2305.18512."
    ),
    summary=(
        "Networks that began with other random weights end with other neurons, but what their "
        "layers read agrees up to one rotation for each layer, the better the wider they are. In "
        "these coordinates their weights have one law, to a large part a Gaussian whose covariance "
        "is the identity, from the start, and a few directions that training stretches. New "
        "networks can be drawn from it, without training."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
)
