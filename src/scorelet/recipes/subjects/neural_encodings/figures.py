"""The sections of the report."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from scorelet.plots import curves_figure, png
from scorelet.plots.filters import filters_figure
from scorelet.plots.report import Part, Picture, Section, Table, Text, number
from scorelet.plots.weights import cosines_figure
from scorelet.recipes.claims import Measured
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.neural_encodings.findings import fallen
from scorelet.recipes.subjects.neural_encodings.learning import FROZEN, JOINT
from scorelet.recipes.subjects.neural_encodings.spatial import across_networks

Rows = Sequence[Mapping[str, Any]]
SETS = {
    "all": "true labels",
    "beside": "other pictures",
    "random-a": "random labels",
    "random-b": "other random labels",
    "first-half": "the first half of the classes",
    "second-half": "the second half",
    "two-classes": "two classes",
}
KINDS = {
    JOINT: "learned filters",
    "universal": "frozen filters of the trained network",
    "hermite": "frozen Hermite-Gaussian filters",
    "smooth": "frozen smooth random filters",
    "white": "frozen white random filters",
}


def filters_section(found: Mapping[str, list[dict[str, Any]]], layers: tuple[int, int]) -> Section:
    """Leading filters of the layers of three networks."""
    parts: list[Part] = [
        Text(
            "Each layer of a convolutional network has thousands of small filters. Here are the "
            "five patterns that hold most of their variance, strongest on the left, in each layer "
            "of three networks that learn their filters. If the columns look alike from row to "
            "row and from network to network, up to sign and to an exchange of neighbours, space "
            "is treated in one way everywhere. The first layer reads pictures and is apart."
        )
    ]
    for name, rows in found.items():
        drawn = {f"layer {row['layer']}": torch.tensor(row["filters"]) for row in rows}
        parts.append(Picture(png(filters_figure(drawn)), f"Filters, {SETS[name]}.", SETS[name]))
    head = ["network", "layer", "share of five", "formula", "cosine with true labels"]
    cut = []
    for name, rows in found.items():
        for row in rows:
            number = row["layer"]
            like = across_networks(found["all"], rows, (number, number)).value
            shares = (figure(row["share"]), figure(row["formula"]))
            cut.append((SETS[name], str(number), *shares, figure(like)))
    note = (
        "share of five: of the variance of all filters. formula: what Hermite-Gaussian functions "
        "catch of that, 0 for as much as filters of white noise catch. cosine: mean of the "
        "principal angles between the leading three; 0.29 is chance for 25 pixels. Claims are "
        f"about layers {layers[0]} to {layers[1]}."
    )
    return Section("Spatial filters", [*parts, Table(head, cut), Text(note, "note")])


def accuracies_section(found: Mapping[str, Measured], source: str, beside: str) -> Section:
    """Accuracies of all networks."""
    kinds = {kind: found[kind] for kind in (JOINT, *FROZEN)}
    rows = [(KINDS[k], SETS["all"], figure(m.value, m.error)) for k, m in kinds.items()]
    for name, value in found.items():
        kind, _, learned = name.partition(" ")
        if learned:
            rows.append((KINDS[kind], SETS[learned], figure(value.value, value.error)))
    text = (
        f"All networks have the same widths. Pictures of {source}, the other ones of {beside}. "
        "With frozen filters only matrices across channels are learned. Random labels are tested "
        "on pictures that were learned: the figure says how many are known by heart."
    )
    table = Table(["filters", "learned", "accuracy (%)"], rows, frozenset({0, 1}))
    return Section("Networks", [Text(text), table])


def similarity_section(found: Mapping[str, Rows]) -> Section:
    """S by depth for all pairs."""
    places = [row["layer"] for row in next(iter(found.values()))]
    curves = {name: _curve(rows, "S_mean", "bootstrap_sd") for name, rows in found.items()}
    drawn = curves_figure(
        places, curves, labels=("layer", "similarity S"), levels={"unrelated": 0.0}
    )
    head = ["pair", "layer", "γ", "learned", "effective ranks", "signals", "on others", "S"]
    cut = [
        (
            name,
            str(row["layer"]),
            figure(row["gamma"][0]),
            f"{row['kept1']}, {row['kept2']}",
            f"{number(row['reff1'], '.1f')}, {number(row['reff2'], '.1f')}",
            figure(row["r2_align"]),
            figure(row["r2_held_out"]),
            figure(row["S_mean"], row["bootstrap_sd"]),
        )
        for name, rows in found.items()
        for row in rows
    ]
    said = "; ".join(f"{name} {fallen(rows)}" for name, rows in found.items())
    parts: list[Part] = [
        Text(
            "Two networks see the same pictures, and a rotation brings the channels of one to "
            "those of the other. S then compares the directions that a layer has learned: 0 for "
            "unrelated ones; two networks of one law reach about 0.9, and less where directions "
            "are near noise. Bars are deviations between networks drawn from the two laws."
        ),
        Picture(png(drawn), "Similarity by depth.", f"S is at least 0.5: {said}."),
        Table(head, cut),
        Text(
            "γ: inputs over neurons; the larger, the stronger a direction has to be to be seen. "
            "learned: directions above noise in both. signals: similarity of what the layer "
            "reads, aligned; on others: on pictures that the rotation was not fitted to. –: a "
            "network has learned nothing above noise there.",
            "note",
        ),
    ]
    return Section("Similarity by depth", parts)


def directions_section(rows: Rows) -> Section:
    """Cosines of eigenvectors of two seeds, and those of the first five, aligned and not."""
    known = [row for row in rows if any(row["eigenvector_cosines"] or [])]
    parts: list[Part] = [
        Text(
            "What two seeds have learned, direction by direction. Dark: the same direction, as in "
            "a diagonal; white: what chance gives. Triangles stand at the effective ranks."
        )
    ]
    if known:
        layers = [
            (
                f"layer {row['layer']}",
                torch.tensor(row["eigenvector_cosines"]),
                row["channels"][0] * row["weights_per_channel"],
                (row["reff1"], row["reff2"]),
            )
            for row in known
        ]
        parts.append(Picture(png(cosines_figure(layers)), "Cosines of eigenvectors."))
    head = ["layer", "aligned", "as they are"]
    cut = [
        (
            str(row["layer"]),
            figure(row["aligned"], row["aligned_sd"]),
            figure(row["unaligned"], row["unaligned_sd"]),
        )
        for row in rows
    ]
    note = (
        "Mean |cos| of the first five directions of one network with their partners. Two networks "
        "drawn from one law, of 512 neurons and 1280 inputs, have 0.70: directions whose "
        "eigenvalues are close mix."
    )
    return Section("Directions of two seeds", [*parts, Table(head, cut), Text(note, "note")])


def transfer_section(found: Mapping[str, Rows]) -> Section:
    """Accuracy when the first layers come from another network."""
    places = [row["depth"] for row in next(iter(found.values()))]
    curves = {name: _curve(rows, "aligned", "aligned_error") for name, rows in found.items()}
    first = next(iter(found))
    curves[f"{first}, not aligned"] = _curve(found[first], "unaligned", "unaligned_error")
    drawn = curves_figure(places, curves, labels=("layers from the other network", "accuracy (%)"))
    head = ["pair", "layers", "aligned", "not aligned"]
    cut = [
        (
            name,
            str(row["depth"]),
            figure(row["aligned"], row["aligned_error"]),
            figure(row["unaligned"], row["unaligned_error"]),
        )
        for name, rows in found.items()
        for row in rows
    ]
    text = (
        "How many layers could be taken from another network? Its first layers are put into the "
        "first network, the next layer is rotated to what it then reads, norms are measured "
        "again, and nothing is trained. Compare the fall with that of S. An untrained network, "
        "that of the other seed before its training, shows what rotating does for any layers."
    )
    picture = Picture(png(drawn), "Accuracy by number of exchanged layers.")
    return Section("Exchanged layers", [Text(text), picture, Table(head, cut)])


def ranks_section(found: Mapping[str, Rows]) -> Section:
    """Effective ranks by depth, of all classes and of two."""
    places = [row["layer"] for row in found["all"]]
    names = {"all": "all classes", "two-classes": "two classes"}
    curves = {names[name]: _curve(rows, "rank", "rank_sd") for name, rows in found.items()}
    drawn = curves_figure(places, curves, labels=("layer", "effective rank"))
    text = (
        "The effective rank of a layer says around how many directions of what it reads matter, "
        "once noise of the first weights is taken off."
    )
    return Section("How many directions", [Text(text), Picture(png(drawn), "Effective ranks.")])


def _curve(rows: Rows, key: str, error: str) -> tuple[list[float], list[float]]:
    """What is not known is left out of a curve."""
    values = [math.nan if row[key] is None else row[key] for row in rows]
    return values, [row[error] or 0.0 for row in rows]
