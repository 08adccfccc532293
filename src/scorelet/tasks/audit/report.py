"""The report of an audit: pictures as evidence, and the numbers."""

import math
from collections.abc import Mapping
from typing import Any

from scorelet.analysis.memorization.by_heart import ALIKE
from scorelet.analysis.memorization.curves import LARGE_GAP, SMALL_GAP
from scorelet.analysis.memorization.verdict import SAME
from scorelet.plots import png
from scorelet.plots.memorisation import gap_figure, histograms_figure, twins_figure
from scorelet.plots.report import Facts, Mark, Part, Picture, Section, Table, Text, Tone, render
from scorelet.tasks.audit.drawn import Shown
from scorelet.tasks.audit.settings import at_middle
from scorelet.tasks.audit.singles import What, counts
from scorelet.tasks.audit.words import pictures_of

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
COLUMNS = (
    "Gap: by how many dB training pictures come back from noise better than held-out ones; from "
    f"{LARGE_GAP:g} dB on it is memory, up to {SMALL_GAP:g} dB there is none. V: the mean square "
    "difference of the two networks' answers to the same noisy pictures over their mean power, "
    f"each answer without its mean: 0 is one function, up to {SAME:g} counts as one, and 1 or more "
    "are unrelated pictures. Three are medians of cosines between pictures without their "
    "means, 1 if they are alike but for brightness and contrast: of the two samples of one noise "
    "(twins), of a sample and the most similar picture that its network has learned (nearest), and "
    "of held-out pictures and the most similar learned ones (nearest of held out): so near come "
    "pictures that were not copied. Copies: samples whose nearest picture has a cosine above "
    f"{ALIKE:g}, and is half as far as that of any held-out picture, or nearer. By heart: measured "
    f"training pictures that come back better than by the other network, by {LARGE_GAP:g} dB more "
    "than any held-out picture does. Of two given models gap, nearest, copies and by heart are "
    "those of the first and of the second."
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
HEAD = (
    *("", "verdict", "gap (dB)", "V", "twins", "nearest", "nearest of held out"),
    *("copies", "by heart"),
)
"""Columns of the table, here and in the shell."""
NAMES = {
    "near_first": "nearest learned by the first",
    "first": "sample of the first",
    "second": "sample of the second",
    "near_second": "nearest learned by the second",
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
                (title(row), Mark(row["verdict"], VERDICTS[row["verdict"]]), *cells(row))
                for row in rows
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


def title(row: Mapping[str, Any]) -> str:
    """Name a row."""
    return "two models" if row["size"] is None else pictures_of(row["size"])


def cells(row: Mapping[str, Any]) -> list[str]:
    """Write the numbers of a row: gap, V, medians of the cosines."""
    level = at_middle(row["variance"])
    each = row["each"] if row["size"] is None and row["gap"] is not None else [row]
    return [
        ", ".join(_with_error(one["gap"], one["gap_error"], 2) for one in each),
        _with_error(level["value"], level["error"], 3),
        _median(row["pair"]),
        ", ".join(_median(one["nearest"]) for one in each),
        _median(row["nearest_of_held_out"]),
        _singles(row, "copies"),
        _singles(row, "known"),
    ]


def _singles(row: Mapping[str, Any], what: What) -> str:
    """Count samples that are copies, or training pictures by heart: of two given models of each."""
    found = counts(row["each"], what)
    if row["size"] is not None and found:
        (a, of_a), (b, of_b) = found
        found = [(a + b, of_a + of_b)]
    return ", ".join(f"{number} of {total}" for number, total in found) or "–"


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
    curves = {
        title(row): (
            row["psnr_held_out"]["mean"],
            None if row["psnr_train"] is None else row["psnr_train"]["mean"],
        )
        for row in rows
    }
    parts: list[Part] = [Picture(png(gap_figure(decibels, curves)), "Output over input PSNR.")]
    if any(row["psnr_train"] is not None for row in rows):
        parts.append(Text("Where both curves coincide, training pictures are like any others."))
    known = {title(row): row for row in rows if row["pair_cosines"] is not None}
    if known:
        sets = {name: (row["pair_cosines"], row["nearest_cosines"]) for name, row in known.items()}
        parts.append(Picture(png(histograms_figure(sets)), "Cosines of samples."))
    head = ["noise level, in [0, 1] units", *(title(row) for row in rows)]
    levels = [
        (f"{sigma:g}", *(_with_error(*_level(row, k), 3) for row in rows))
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
        drawn = {NAMES[name]: shown[name] for name in NAMES if name in shown}
        parts.append(
            Picture(
                png(twins_figure(drawn)),
                "Samples of both models.",
                "Samples in one column have the same noise; the nearest to training pictures come "
                "first.",
            )
        )
    return parts


def _with_error(value: float | None, error: float | None, digits: int) -> str:
    if value is None:
        return "–"
    return f"{value:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")


def _median(quartiles: list[float] | None) -> str:
    return "–" if quartiles is None else f"{quartiles[1]:.2f}"
