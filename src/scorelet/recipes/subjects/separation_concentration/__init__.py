"""Separation and concentration: rectified frames part class means, thresholds shrink their spread.

Both mechanisms are shown on Gaussian mixtures; then on pictures, where wavelets are the frame that
separates and nothing of it is learned, and matrices across channels are what learns.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Measured
from scorelet.recipes.drawn_sets import DRAWN, TEXTURES
from scorelet.recipes.hits import mean_of
from scorelet.recipes.layer_tables import LayerTable, rows_by_layer
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.separation_concentration import figures, learning, mixtures
from scorelet.recipes.subjects.separation_concentration.claims import claims
from scorelet.recipes.subjects.separation_concentration.features import (
    compare_features,
    difference,
    load_parts,
)
from scorelet.recipes.subjects.separation_concentration.quantities import quantities
from scorelet.recipes.subjects.separation_concentration.settings import SETTINGS, Settings
from scorelet.recipes.subjects.separation_concentration.stability import (
    ELSEWHERE,
    ENERGIES,
    deviation,
    energies,
    instabilities,
)
from scorelet.recipes.subjects.separation_concentration.whole_set import (
    load_whole,
    on_every_image,
    whole_rows,
)
from scorelet.recipes.trainings import Trainings, network_rows

_REDUNDANCIES = (1, 4)


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure everything: mixtures, fixed features, trainings, stability."""
    trainings = Trainings(settings.budget, steps, seed=seed)
    mixture = steps("mixture", partial(mixtures.separation, settings.samples, seed))
    noise = {
        each: steps(f"noise-{each}", partial(mixtures.concentration, each, seed))
        for each in _REDUNDANCIES
    }
    measured = _of_mixtures(mixture, noise)
    sections = [figures.mixtures_section(mixture, noise, seed)]
    if sizes := settings.fixed.train:
        measured |= _fixed(settings, seed, steps)
        published = settings.budget.source != DRAWN
        sections.append(figures.accuracy_section(sizes, measured, published=published))
    hits = learning.learn(settings, trainings, steps, seed)
    measured |= learning.compared(settings, hits)
    accuracies = {name: measured[name] for name in hits}
    test = trainings.test.first(settings.profiled)
    ratios = learning.patch_ratios(settings, trainings, test)
    measured |= _of_ratios(ratios)
    profiles = learning.profiles(settings, trainings, test)
    values = learning.singular_values(trainings)
    measured |= learning.of_profiles(profiles) | learning.spreads(values)
    sections += [
        figures.table_section(accuracies, ratios),
        figures.depth_section(profiles),
        figures.singular_section({name: seeds[0] for name, seeds in values.items()}),
    ]
    if settings.stable:
        changed = steps("stability", partial(_stability, settings, trainings, seed))
        energy = steps("energies", partial(_energies, settings, trainings))
        measured |= _of_changes(changed) | {"energies elsewhere": _apart(energy, ENERGIES)}
        sections.append(figures.stability_section(changed, energy))
    tables = {
        "networks": network_rows(accuracies, figures.ERRORS),
        "whole_set": whole_rows(measured) if settings.fixed.choosing else [],
        "fisher_ratios": rows_by_layer(profiles),
        "two_layers": [
            {"two layers": name, "fisher_ratio": found.value, "fisher_ratio_error": found.error}
            for name, table in ratios.items()
            if math.isfinite((found := mean_of(table[..., 0])).value)
        ],
    }
    return Findings(_data(settings), measured, sections, tables)


def _of_mixtures(
    mixture: dict[str, dict[str, float]], noise: dict[int, dict[str, float]]
) -> dict[str, Measured]:
    threshold = mixture["soft threshold"]
    plain, basis, frame = (mixture[name]["ratio"] for name in ("x", "ReLU(±O x)", "ReLU(±F x)"))
    return {
        "mixture separation": Measured(basis / plain),
        "mixture redundancy": Measured(frame - basis),
        "mixture threshold": Measured(threshold["ratio"] - threshold["floor"]),
        "concentration variance": Measured(noise[1]["variance"]),
        "concentration displacement": Measured(noise[1]["displaced"]),
        "redundant displacement": Measured(noise[4]["displaced"]),
    }


def _fixed(settings: Settings, seed: int, steps: Steps) -> dict[str, Measured]:
    """Return the accuracy of both kinds of features, for every size of training set."""
    fixed = settings.fixed
    parts = load_parts(settings.budget.source, fixed, seed)
    found = {
        count: steps(f"train-{count}", partial(compare_features, parts, count, fixed))
        for count in fixed.train
    }
    least, most = min(found), max(found)
    measured = {
        f"{name} {count}": Measured(*rows[name]) for count, rows in found.items() for name in rows
    }
    if fixed.choosing:
        source = settings.budget.source
        rows = steps(
            "train-all", lambda: on_every_image(load_whole(source, fixed.choosing), fixed, seed)
        )
        measured |= {name: Measured(*row) for name, row in rows.items()}
    fewer = difference(measured[f"scattering {least}"], measured[f"pixels {most}"])
    return measured | {"fewer images": fewer}


def _of_ratios(ratios: Mapping[str, LayerTable]) -> dict[str, Measured]:
    if not {"ReLU", "identity"} <= set(ratios):
        return {}
    relu, none = ratios["ReLU"], ratios["identity"]
    seeds = min(len(relu), len(none))
    return {"two-layer ratio gain": mean_of((relu[:seeds] - none[:seeds])[..., 0])}


def _stability(settings: Settings, trainings: Trainings, seed: int) -> dict[str, list[float]]:
    x = trainings.test.images(0, settings.stable)
    return instabilities(x, seed, L=8, engine=settings.fixed.engine)


def _energies(settings: Settings, trainings: Trainings) -> dict[str, list[float]]:
    return energies(trainings.test.images(0, settings.stable), L=8, engine=settings.fixed.engine)


def _of_changes(changed: dict[str, list[float]]) -> dict[str, Measured]:
    shifts = [changed[f"shift by {n}"] for n in (1, 2)]
    small, large = changed["dilation by 2 %"], changed["dilation by 10 %"]
    return {
        "shift stability": Measured(min(row[0] / row[2] for row in shifts)),
        "dilation linearity": Measured(large[2] / small[2] / 5),
        "scale stability": Measured(min(row[1] / row[2] for row in changed.values())),
    } | {
        f"{kind}s elsewhere": _apart(changed, ELSEWHERE, kind)
        for kind in ("shift", "dilation", "warp")
    }


def _apart(
    found: Mapping[str, list[float]], expected: Mapping[str, Sequence[float]], kind: str = ""
) -> Measured:
    """Return the largest difference in percent."""
    return Measured(100 * deviation(found, expected, kind))


def _data(settings: Settings) -> str:
    budget = settings.budget
    if budget.source == DRAWN:
        return (
            f"Gaussian mixtures; pictures drawn from {len(TEXTURES)} laws of textures "
            f"({', '.join(TEXTURES)}), each with mean 0, deviation 1 and a random sign; no "
            "photographs"
        )
    return f"Gaussian mixtures; {budget.pictures()}"


RECIPE: Recipe[Any] = Recipe(
    subject="separation_concentration",
    title="Separation and concentration of classes",
    paper=(
        "Zarka, Guth, Mallat: Separation and Concentration in Deep Networks. ICLR 2021, "
        "arXiv 2012.10424."
    ),
    summary=(
        "A rectifier after a tight frame moves class means apart; a soft threshold between a tight "
        "frame and its transpose shrinks what varies within classes. For pictures the frame that "
        "separates can be wavelets, of which nothing is learned; matrices across their channels, "
        "kept tight by a Parseval step, learn the rest."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
)
