"""Learned scatterings by width, what their weights have learned, and networks drawn from them."""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

from torch import nn

from scorelet.analysis.alignment import align
from scorelet.data.labelled import LabelledImages
from scorelet.recipes.claims import Measured
from scorelet.recipes.contrasts import least, most
from scorelet.recipes.hits import Hits, accuracy, gain, unpacked
from scorelet.recipes.subjects.rainbow.measures import (
    Rows,
    aligned_errors,
    by_rank,
    covariance_errors,
    drawn,
    fall,
    gaussianity,
    held_errors,
    low_rank,
    matched,
    movements,
)
from scorelet.recipes.subjects.rainbow.networks import (
    at,
    matrices,
    scattering_name,
    train_resnet,
    train_scattering,
)
from scorelet.recipes.subjects.rainbow.settings import Family, Residual, Settings
from scorelet.recipes.trainings import Trainings

Found = tuple[dict[str, Measured], dict[str, Rows]]
FAR = 100
"""The eigenvector that the first one is compared with, counted from 1."""
FEW = 0.04
"""Another share of the directions, of a claim on principal components of signals."""
KEPT = 30
"""Eigenvectors of the second matrix that a claim is about."""


def by_width(family: Family, trainings: Trainings) -> Found:
    """Align and draw networks of several widths."""
    fitted = trainings.train.first(family.fitted)
    networks = {width: train_scattering(family, trainings, width)[0] for width in family.widths}
    measured, rows = _drawn(family, trainings, networks, fitted)
    tables = {"drawn": rows}
    if family.reference is not None:
        (reference,) = train_scattering(family, trainings, family.reference)
        name = scattering_name(family)
        errors = _errors(name, trainings, reference, networks, fitted, matrices(reference))
        starts = _untrained(name, trainings, (family.reference, 0), networks, fitted)
        tables |= {"scattering_widths": errors, "untrained_widths": starts}
        measured["width drop"] = least_drop(errors)
        measured["covariance drop"] = least_covariance_drop(errors)
    return measured, tables


def residual_widths(setup: Residual, trainings: Trainings) -> Found:
    """Align residual networks of several widths with another seed of the widest."""
    fitted = trainings.train.first(setup.fitted)
    widest = train_resnet(setup, trainings, setup.widths[-1], seeds=2)
    networks = {width: train_resnet(setup, trainings, width)[0] for width in setup.widths[:-1]}
    networks[setup.widths[-1]] = widest[0]
    rows = _errors("resnet", trainings, widest[1], networks, fitted, ())
    drops = [fall(narrow["layers"], wide["layers"]) for narrow, wide in pairwise(rows)]
    trained = accuracy(trainings.hits[at("resnet", setup.widths[-1])])
    measured = {"residual drop": least(drops, errors=0), "residual trained": trained}
    return measured, {"residual_widths": rows}


def least_drop(rows: Rows) -> Measured:
    """Return the smallest fall of the error from one width to the next, of all layers."""
    layers = [row["layers"] for row in rows]
    falls = [
        fall([a], [b])
        for narrow, wide in pairwise(layers)
        for a, b in zip(narrow, wide, strict=True)
    ]
    return replace(least(falls, errors=0), note=f"{len(falls)} falls")


def least_covariance_drop(rows: Rows) -> Measured:
    """Return the smallest fall of the error of covariances from one width to the next."""
    falls = [
        a["error"] - b["error"]
        for narrow, wide in pairwise(row["covariances"] for row in rows)
        for a, b in zip(narrow, wide, strict=True)
    ]
    return Measured(min(falls, default=math.nan), note=f"{len(falls)} falls")


def _errors(
    name: str,
    trainings: Trainings,
    reference: nn.Module,
    networks: dict[float, nn.Module],
    fitted: LabelledImages,
    names: Sequence[str],
) -> Rows:
    """Align networks with a reference; compare signals, and covariances of the layers `names`."""
    test = trainings.test.first(len(fitted))
    rows = []
    for width, net in networks.items():
        work = partial(_compared, reference, net, (fitted, test), names)
        rows.append({"width": width} | trainings.steps(at(f"aligned-{name}", width), work))
    return rows


def _untrained(
    name: str,
    trainings: Trainings,
    reference: tuple[float, int],
    networks: Iterable[float],
    fitted: LabelledImages,
) -> Rows:
    """Align the same networks as they were before their training.

    Args:
        name, trainings, fitted: as of `_errors`.
        reference: its width and seed.
        networks: widths.
    """
    test = trainings.test.first(len(fitted))

    def at_start(width: float, seed: int = 0) -> nn.Module:
        return trainings.settled_start(at(name, width), seed, pictures=len(fitted))

    rows = []
    for width in networks:
        work = partial(_signals_of, partial(at_start, *reference), partial(at_start, width))
        found = trainings.steps(at(f"untrained-{name}", width), partial(work, fitted, test))
        rows.append({"width": width} | found)
    return rows


def _signals_of(
    first: Callable[[], nn.Module],
    second: Callable[[], nn.Module],
    fitted: LabelledImages,
    test: LabelledImages,
) -> dict[str, Rows]:
    return {"layers": aligned_errors(first(), second(), fitted, test)}


def _compared(
    reference: nn.Module,
    net: nn.Module,
    images: tuple[LabelledImages, LabelledImages],
    names: Sequence[str],
) -> dict[str, Rows]:
    fitted, test = images
    found = align(reference, net, fitted)
    return {
        "layers": held_errors(found, reference, net, test),
        "covariances": covariance_errors(found, names),
    }


def _drawn(
    family: Family,
    trainings: Trainings,
    networks: dict[float, nn.Module],
    fitted: LabelledImages,
) -> tuple[dict[str, Measured], Rows]:
    """Draw a network at each width; at the largest one of white weights, too."""
    hits: dict[float, dict[str, Hits]] = {}
    cosines = {}
    for width, net in networks.items():
        trained = trainings.hits[at(scattering_name(family), width)][:1]
        found = {"trained": trained}
        laws = ("empirical", "white") if width == family.main else ("empirical",)
        for law in laws:
            step = at(f"drawn-{scattering_name(family)}-{law}", width)
            work = partial(drawn, net, fitted, trainings.test, seed=trainings.seed, law=law)
            record = trainings.steps(step, work)
            title = "sampled" if law == "empirical" else "white"
            found[title] = unpacked(record["hits"])[None]
            found[f"{title}, refitted"] = unpacked(record["refit"])[None]
            cosines.setdefault(width, record["similarity"])
        hits[width] = found
    rows = [
        {"width": width, "cosines": cosines[width]}
        | {key: accuracy(h).value for key, h in found.items()}
        for width, found in hits.items()
    ]
    main = hits[family.main]
    measured = {key: accuracy(h) for key, h in main.items()}
    measured["over white"] = gain(main["sampled, refitted"], main["white, refitted"])
    refitted = [found["sampled, refitted"] for found in hits.values()]
    if len(refitted) > 1:
        rises = [gain(b, a) for a, b in pairwise(refitted)]
        measured["drawn rises"] = least(rises)
    return measured, rows


def single(settings: Settings, trainings: Trainings) -> Found:
    """Look into the weights of one network: how they moved, and how few directions are enough."""
    family = settings.single
    fitted = trainings.train.first(family.fitted)
    network = train_scattering(family, trainings, family.main)[0]
    training = at(scattering_name(family), family.main)
    names = matrices(network)
    steps, test = trainings.steps, trainings.test
    moved = steps("movements", partial(movements, trainings.start(training), network, names))
    work = partial(low_rank, network, names, settings.shares, fitted, test, trainings.seed)
    ranks = steps("low-rank", work)
    trained = trainings.hits[training][:1]
    few = _of_ranks(ranks, trained, FEW)
    measured = _of_movements(moved) | _of_ranks(ranks, trained, settings.share)
    measured |= {"signals loss, few": few["signals loss"], "network trained": accuracy(trained)}
    return measured, {"movements": moved, "low_rank": [_accuracies(row) for row in ranks]}


def laws(settings: Settings, trainings: Trainings) -> Found:
    """Look into what the weights of networks of several seeds have in common."""
    family = settings.law
    images = (trainings.train.first(family.fitted), trainings.test)
    networks = train_scattering(family, trainings, family.main, seeds=family.seeds)
    names = matrices(networks[0])
    steps = trainings.steps
    curve = steps("by-rank", partial(by_rank, networks[0], names[0], settings.curve, images[1]))
    work = partial(_between_seeds, networks, images, names, settings.matched)
    seeds: dict[str, Any] = steps("seeds", work)
    training = at(scattering_name(family), family.main)
    starts = [partial(trainings.settled_start, training, k, pictures=family.fitted) for k in (0, 1)]
    test = images[1].first(len(images[0]))
    untrained = steps("untrained-seeds", partial(_signals_of, *starts, images[0], test))
    seeds["signals, untrained"] = untrained["layers"]
    trained = trainings.hits[training][:1]
    measured = {"thirty loss": _of_curve(curve, trained), "law trained": accuracy(trained)}
    tables = {
        "by_rank": [{"rank": r["rank"], "accuracy": _percent(r["hits"])} for r in curve],
        **seeds,
    }
    return measured | _of_seeds(seeds), tables


def _between_seeds(
    networks: list[nn.Module],
    images: tuple[LabelledImages, LabelledImages],
    names: Sequence[str],
    count: int,
) -> dict[str, Rows]:
    """Align all networks with the first; compare signals and weights of two, laws of all."""
    fitted, test = images
    alignments = [align(networks[0], other, fitted) for other in networks[1:]]
    return {
        "signals": aligned_errors(*networks[:2], fitted, test.first(len(fitted))),
        "eigenvectors": matched(alignments[0], names, count),
        "gaussianity": gaussianity(alignments, names),
    }


def _of_movements(rows: Rows) -> dict[str, Measured]:
    """Return the least cosine of all, and the least ratio of amplifications of wide layers."""
    ratios = {
        row["layer"]: row["amplification"][0] / row["amplification"][FAR - 1]
        for row in rows
        if len(row["amplification"]) >= FAR
    }
    ratio = Measured(math.nan, note=f"no layer has {FAR} directions")
    if ratios:
        ratio = Measured(min(ratios.values()), note=", ".join(ratios))
    least_cosine = min(min(row["cosine"]) for row in rows)
    return {"least cosine": Measured(least_cosine), "amplification": ratio}


def _of_ranks(rows: Rows, trained: Hits, share: float) -> dict[str, Measured]:
    """Return the largest losses of a layer at one share, less those of its controls."""
    kept = [row for row in rows if row["share"] == share]
    hits = [{kind: unpacked(h)[None] for kind, h in row["hits"].items()} for row in kept]
    losses = [gain(trained, each["weights"]) for each in hits]
    return {
        "rank loss": most(losses),
        "over random basis": least([gain(each["weights"], each["random"]) for each in hits]),
        "signals loss": most([gain(each["weights"], each["signals"]) for each in hits]),
    }


def _of_curve(rows: Rows, trained: Hits) -> Measured:
    """Return what is lost with `KEPT` eigenvectors."""
    for row in rows:
        if row["rank"] == KEPT:
            return gain(trained, unpacked(row["hits"])[None])
    return Measured(math.nan, note=f"the matrix has no {KEPT} eigenvectors, or none were looked at")


def _of_seeds(found: dict[str, Rows]) -> dict[str, Measured]:
    rows, tests = found["eigenvectors"], found["gaussianity"]
    gains, before = (
        [row["test"] - row["as they are"] for row in found[key]]
        for key in ("signals", "signals, untrained")
    )
    unlearned = "a layer has no eigenvalue outside the bulk: nothing was learned there"
    ratio = Measured(math.nan, note=unlearned)
    if all(row["before"] > 0 for row in tests):
        ratio = most([_outside(row) for row in tests])
    values = sorted(value for row in tests for value in row["p_values"].values())
    return {
        "signals over plain": Measured(min(gains)),
        "signals over untrained": Measured(
            min(a - b for a, b in zip(gains, before, strict=True)), note=_untrained_note(before)
        ),
        "eigenvectors aligned": Measured(min(row["aligned"] for row in rows)),
        "eigenvectors as they are": Measured(max(row["as they are"] for row in rows)),
        "outside ratio": ratio,
        "median p": Measured(statistics.median(values), note=f"of {len(values)} tests"),
    }


def _untrained_note(gains: Sequence[float]) -> str:
    return f"untrained ones agree better by {min(gains):.2f} to {max(gains):.2f}"


def _outside(row: dict[str, Any]) -> Measured:
    """Return the share outside the bulk after whitening over that before; errors independent."""
    ratio = row["after"] / row["before"]
    error = math.hypot(row["after_error"], ratio * row["before_error"]) / row["before"]
    return Measured(ratio, error, f"{row['networks']} networks")


def _accuracies(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"hits": {kind: _percent(hits) for kind, hits in row["hits"].items()}}


def _percent(hits: str) -> float:
    return float(100 * unpacked(hits).mean())
