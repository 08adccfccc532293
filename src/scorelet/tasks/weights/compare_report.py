"""The report of the verb weights compare."""

from collections.abc import Sequence
from typing import Any

from scorelet.analysis.weight_comparison import ComparedLayer
from scorelet.core.words import counted, listed
from scorelet.plots import png
from scorelet.plots.report import Facts, Part, Picture, Section, Table, Text, number, render
from scorelet.plots.weights import activations_figure, cosines_figure, similarity_figure

READING = (
    "Two networks that were trained from different random starts never have the same weights, even "
    "if they do the same: their neurons come in another order and mix what they see in another "
    "way. So both networks are shown the same pictures, and at each layer the rotation is found "
    "that brings the signals of one closest to those of the other. In these common coordinates the "
    "directions that their weights have learned are compared. A similarity of 0 is that of "
    "unrelated directions. Two networks of one law do not reach 1, because each has a finite "
    "number of neurons only: they reach about 0.9 where the learned directions are far above "
    "noise, and 0.5 to 0.8 where these are near it. A network and its copy are above 1. The output "
    "layer is an exception: its neurons are the same classes or channels in both networks and not "
    "drawn at random, so that neither 1 nor ± holds: it may be above 1 without being a copy. So "
    "may layers whose weights are normalised row by row (weight norm), which are not drawn as the "
    "ceiling supposes."
)
ACTIVATIONS = (
    "How alike the signals are that enter each layer, after the rotation: 1 means equal. By itself "
    "that says little: both networks see the same pictures, and behind rectifiers most of a signal "
    "is its mean, which a rotation brings together. The dotted line is what the means alone give, "
    "if nothing else of the signals agrees. Networks that share no more than their architecture "
    "are above it, too, often at 0.8 to 0.99; what was learned is compared by S. Empty circles are "
    "pictures that the rotation was not fitted to; where they lie far below, the rotation has too "
    "many degrees of freedom for so few pictures."
)
MATRICES = (
    "Cosines between learned directions of the two networks, strongest first: a dark diagonal "
    "means the same directions in the same order, a dark block the same space. White is what "
    "unrelated directions of d inputs have, 1/√d; black is 5/√d and more, or 1 where there are "
    "fewer than 25 inputs, so that few inputs look gray. Arrows mark effective ranks."
)
METHOD = (
    "S = (cos - floor)/(ceiling - floor), cos the Bures-Wasserstein cosine of the learned parts of "
    "both covariances; floor that of one with itself after a random rotation, ceiling that of one "
    "with what as many neurons drawn from it would show. S is computed both ways; bars and ± "
    "are standard deviations between networks drawn from the two laws. By chance is S of unrelated "
    "networks, with directions like these whose channels are turned at random: its mean, which "
    "filters in space that all networks share lift above 0, and its standard deviation. Gray bars "
    "are two of these: an S up to there says nothing. "
    "Of the last layer there is no ±. "
    "S is undefined (–) where a "
    "network has learned nothing that noise would not show, or where the signals of the pictures "
    "span less than half of what a layer reads. Where they span a part of it (directions in the "
    "table), S is that of the weights in this part."
)
COLUMNS = {
    "S_mean": "S", "bootstrap_sd": "±", "chance": "by chance", "S12": "S(1,2)",
    "S21": "S(2,1)", "cos_raw": "cos", "cos_floor": "mean floor", "cos_ceiling": "mean ceiling",
    "r2_align": "signals", "r2_held_out": "on others", "r2_means": "by means",
    "directions": "directions",
    "kept1": "learned by 1", "kept2": "learned by 2", "reff1": "rank of 1", "reff2": "rank of 2",
}  # fmt: skip
"""What tables of layers show, here and in the shell: keys of the document, with titles."""
SIGNALS = ("r2_align", "r2_held_out", "r2_means")
_DRAWN = 12
_BEYOND = 2
"""Deviations of S of unrelated networks, above which S is no chance."""


def report(document: dict[str, Any], layers: Sequence[ComparedLayer]) -> str:
    """Return the HTML text of what `compare` has found."""
    entries = document["layers"]
    names = [name for name, *_ in rows(document)]
    found = [(entry["S_mean"], entry["bootstrap_sd"]) for entry in _told(document)]
    signals = [[entry[name] for name in SIGNALS] for entry in entries]
    opening: list[Part] = [
        Text(lead(document), "lead"),
        *(Text(f"{warning}.", "warning") for warning in document["warnings"]),
        Text(READING),
        *_similarity(names, found, [(e["chance_mean"], e["chance_sd"]) for e in entries]),
        Picture(png(activations_figure(names, signals)), "Similarity of signals by depth."),
        Text(ACTIVATIONS, "note"),
        Facts(
            {
                name: str(document[name])
                for name in ("model", "other", "data", "part", "pictures", "held_out", "noise")
                if document[name] is not None
            }
        ),
    ]
    table = Table(["layer", *COLUMNS.values()], rows(document), frozenset({0}))
    sections = [Section("Layers", [table])]
    drawn = [layer for layer in layers if layer.cosines.numel()][:_DRAWN]
    if drawn:
        matrices = cosines_figure(
            [
                (
                    layer.aligned.name,
                    layer.cosines,
                    layer.learned[0].inputs,
                    (entry["reff1"], entry["reff2"]),
                )
                for layer in drawn
                for entry in entries
                if entry["name"] == layer.aligned.name
            ]
        )
        picture = Picture(png(matrices), "Cosines between learned directions.")
        sections.append(Section("Directions", [picture, Text(MATRICES, "note")]))
    return render("Two networks compared by their weights", opening, sections)


def _similarity(
    names: Sequence[str],
    found: Sequence[tuple[float | None, float | None]],
    chance: Sequence[tuple[float | None, float | None]],
) -> list[Part]:
    """Return the figure of S and what it means; nothing if S is known of no layer."""
    if all(value is None for value, _ in found):
        return []
    drawn = png(similarity_figure(names, found, chance))
    return [Picture(drawn, "Similarity of weights by depth."), Text(METHOD, "note")]


def lead(document: dict[str, Any]) -> str:
    """Return the finding in a sentence."""
    layers = document["layers"]
    last = [entry for entry in layers if entry["is_output"]]
    known = [entry for entry in layers if entry["S_mean"] is not None and entry not in last]
    if not known and last and last[0]["S_mean"] is not None:
        return (
            f"Nothing can be compared before the last layer, {last[0]['name']}, whose neurons "
            "are the same classes or channels in both networks, so that S has no scale there"
        )
    if not known:
        return (
            "Nothing can be compared: no layer has learned directions in both networks and reads "
            "signals that determine a rotation"
        )
    alike = sum(entry["S_mean"] >= max(0.5, _most_by_chance(entry)) for entry in known)
    are = "is" if alike == 1 else "are"
    both = document["model"], document["other"]
    named = " and ".join(both) if both[0] != both[1] else f"Two networks ({both[0]})"
    chance = [e["name"] for e in known if e["S_mean"] < _most_by_chance(e)]
    unrelated = f"; as unrelated ones may be: {listed(chance)}" if chance else ""
    return (
        f"{named}: of {counted(len(known), 'layer')}{' before the last one' if last else ''} that "
        f"can be compared {alike} {are} more alike than not (S of 0.5 and more){unrelated}"
    )


def rows(document: dict[str, Any]) -> list[list[str]]:
    """Return the rows of tables, each a name and `values`; the last layer is marked."""
    return [
        [f"{entry['name']} (last)" if entry["is_output"] else entry["name"], *values(entry)]
        for entry in _told(document)
    ]


def _told(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the layers as they are shown: ± does not hold for the last one."""
    nothing = {"bootstrap_sd": None}
    return [entry | (nothing if entry["is_output"] else {}) for entry in document["layers"]]


def _most_by_chance(entry: dict[str, Any]) -> float:
    return (entry["chance_mean"] or 0) + _BEYOND * (entry["chance_sd"] or 0)


def values(entry: dict[str, Any]) -> list[str]:
    """Write what tables show of a layer, in the order of `COLUMNS`."""
    mean, deviation = entry["chance_mean"], entry["chance_sd"]
    shown = entry | {
        "directions": f"{entry['directions']} of {min(entry['channels'])}",
        "chance": None if mean is None else f"{number(mean)} ± {number(deviation)}",
    }
    found = (shown[name] for name in COLUMNS)
    return [str(value) if isinstance(value, int | str) else number(value) for value in found]
