"""The report of an audit: pictures as evidence, and the numbers."""

import math
from collections.abc import Mapping
from typing import Any

from scorelet.analysis.memorization import Shown
from scorelet.plots import png
from scorelet.plots.memorisation import gap_figure, histograms_figure, twins_figure
from scorelet.plots.report import Facts, Mark, Part, Picture, Section, Table, Text, Tone, render
from scorelet.tasks.audit.rows import (
    COLUMNS,
    HEAD,
    cosines,
    curves,
    lines,
    named,
    title,
    with_error,
)

METHOD = (
    "Two networks of one kind are trained on two halves of the pictures that have none in common. "
    "A network that knows its pictures by heart brings training pictures back from noise far "
    "better than others, and its samples are copies of them, so the two networks draw different "
    "pictures from the same noise. Networks that have learned the density of the pictures treat "
    "both alike, and draw nearly the same pictures, which nobody has shown them. Networks that do "
    "worse than a linear filter, and copy nothing, have learned too little for a verdict."
)
METHOD_OF_MODELS = (
    "Two models are shown the same noisy pictures, which neither has seen. If they know their "
    "training pictures by heart, they bring those back from noise far better than others, and "
    "their samples are copies of them; if they have learned the density of the pictures, they "
    "treat both alike, and draw nearly the same pictures from the same noise. Without training "
    "pictures only their difference is known. Models that do worse on training pictures than a "
    "linear filter, or without these take out less than half of the strongest noise, and copy "
    "nothing, have learned too little for a verdict, or are for other noise levels."
)
VERDICTS: dict[str, Tone] = {
    "undertrained": "open",
    "memorises": "bad",
    "memorises in part": "bad",
    "one memorises": "bad",
    "in between": "open",
    "contradictory": "open",
    "generalises": "good",
    "same function": "open",
    "not known": "open",
}


def report(document: dict[str, Any], shown: Mapping[int, Shown]) -> str:
    """Return the HTML text."""
    rows = document["rows"]
    opening: list[Part] = [
        Text(document["conclusion"], "lead"),
        *(Text(f"{warning}.", "warning") for warning in document["warnings"]),
        Facts(_facts(document)),
        Table(
            HEAD,
            [
                (name, Mark(found, VERDICTS[found]), *numbers)
                for name, found, *numbers in lines(rows)
            ],
            frozenset({0, 1}),
        ),
        Text(METHOD if document["models"] is None else METHOD_OF_MODELS, "note"),
        Text(COLUMNS, "note"),
    ]
    sections = [Section("Curves", _curves(document))]
    for k, row in enumerate(rows):
        sections.append(Section(title(row), _pictures(row, shown.get(k, {}))))
    return render("Memorisation or generalisation?", opening, sections)


def _facts(document: dict[str, Any]) -> dict[str, str]:
    facts = {
        "data": document["data"],
        "pictures": f"{document['pictures']:,} of {document['height']}x{document['width']} pixels",
        "left out (copies of others)": str(document["left_out"]),
        "held out": f"{document['held_out']}, drawn at random (seed {document['seed']})",
    }
    if measured := _measured(document):
        facts["training pictures under noise"] = f"{measured}, drawn at random"
    if document["network"] is not None:
        network = document["network"]
        options = ", ".join(f"{key} {value}" for key, value in network["options"].items())
        facts["network"] = f"{network['architecture']} ({options}), {network['parameters']} weights"
        facts["training"] = f"{network['steps']} steps of {network['batch']} pictures each"
    else:
        facts["models"] = " and ".join(document["models"])
    return facts


def _measured(document: dict[str, Any]) -> str | None:
    """Say how many training pictures were measured, of how many."""
    most, counts = document["held_out"], document["training_pictures"]
    if document["network"] is not None:
        return f"{most} of each half at most"
    return counts and " and ".join(f"{min(count, most)} of {count:,}" for count in counts)


def _curves(document: dict[str, Any]) -> list[Part]:
    rows = document["rows"]
    decibels = [-20 * math.log10(sigma) for sigma in document["sigmas"]]
    drawn = png(gap_figure(decibels, curves(rows)))
    parts: list[Part] = [Picture(drawn, "Output over input PSNR.")]
    if any(row["psnr_train"] is not None for row in rows):
        parts.append(Text("Where both curves coincide, training pictures are like any others."))
    if sets := cosines(rows):
        parts.append(Picture(png(histograms_figure(sets)), "Cosines of samples."))
    head = ["noise level, in [0, 1] units", *(title(row) for row in rows)]
    levels = [
        (f"{sigma:g}", *(with_error(*_level(row, k), 3) for row in rows))
        for k, sigma in enumerate(document["sigmas"])
    ]
    return [*parts, Text("V by noise level:"), Table(head, levels)]


def _level(row: Mapping[str, Any], k: int) -> tuple[float, float | None]:
    return row["variance"][k]["value"], row["variance"][k]["error"]


def _pictures(row: Mapping[str, Any], shown: Shown) -> list[Part]:
    parts: list[Part] = [Text(row["sentence"][:1].upper() + row["sentence"][1:])]
    if row["diverged"]:
        parts.append(Text(row["diverged"], "warning"))
    if shown:
        parts.append(
            Picture(
                png(twins_figure(named(shown))),
                "Samples of both models.",
                "Samples in one column have the same noise; the nearest to training pictures come "
                "first.",
            )
        )
    return parts
