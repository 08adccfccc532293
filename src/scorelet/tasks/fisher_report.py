"""The report of the verb fisher: figures, a table of layers, one of kinds of channels."""

from typing import Any

from scorelet.analysis.fisher_profile import FisherProfile
from scorelet.plots import png
from scorelet.plots.report import Facts, Part, Picture, Section, Table, Text, number, render
from scorelet.plots.separation import kinds_figure, profile_figure

METHOD = (
    "The Fisher ratio is K⁻¹ tr(Σ_W⁻¹ Σ_B): how far the means of the K classes lie apart, in units "
    "of the spread within classes. A finite number of pictures raises it, even for classes that do "
    "not differ: to the floor. The value without bias takes that off, under the assumption of "
    "Gaussian classes; the value from halves compares the means of two halves of every class, so "
    "that errors do not add up. Layers of more features are projected at random to the same "
    "number, since ratios of different numbers cannot be compared. The ratio of traces, tr Σ_B / "
    "tr Σ_W, needs no inverse, and depends on the units of the features."
)
COLUMNS = {
    "rank": "rank",
    "ratio": "ratio",
    "floor": "floor",
    "corrected": "without bias",
    "held_out": "from halves",
    "trace_ratio": "of traces",
}
"""What tables of layers show, here and in the shell: attributes of `FisherRatio`, with titles."""
KINDS = (
    "Channels one by one: variance of the class means over the variance within classes, averaged "
    "over the channels of a kind, without the bias of finite samples."
)


def report(document: dict[str, Any], profile: FisherProfile) -> str:
    """Return the HTML text of what `fisher` has measured."""
    count = len(document["classes"])
    opening: list[Part] = [
        Text(f"{document['pictures']} pictures of {count} classes, {document['data']}", "lead"),
        *(Text(f"{warning}.", "warning") for warning in document["warnings"]),
        Facts(
            {
                name: str(document[name])
                for name in ("model", "part", "dimension", "pool")
                if document[name] is not None
            }
        ),
        Picture(png(profile_figure(profile)), "Fisher ratio by depth."),
        Text(METHOD, "note"),
    ]
    head = ["layer", "module", "output", *COLUMNS.values()]
    rows = [
        (
            layer["name"],
            layer["module"],
            "x".join(map(str, layer["shape"])),
            *values(layer),
        )
        for layer in document["layers"]
    ]
    sections = [Section("Layers", [Table(head, rows, frozenset({0, 1, 2}))])]
    if kinds := _kinds(profile):
        sections.append(Section("Kinds of channels", kinds))
    return render("Class separation by depth", opening, sections)


def values(layer: dict[str, Any]) -> list[str]:
    """Write what the tables show of a layer of the document, in the order of `COLUMNS`."""
    found = (layer[name] for name in COLUMNS)
    return [str(value) if isinstance(value, int) else number(value) for value in found]


def _kinds(profile: FisherProfile) -> list[Part]:
    layers = [layer for layer in profile.layers if layer.kinds]
    names = list(dict.fromkeys(kind.kind for layer in layers for kind in layer.kinds))
    if not names:
        return []
    found = [{kind.kind: kind.value for kind in layer.kinds} for layer in layers]
    values = {name: [values.get(name, float("nan")) for values in found] for name in names}
    drawn = kinds_figure([layer.name for layer in layers], values)
    rows = [
        (layer.name, kind.kind, str(kind.channels), number(kind.value))
        for layer in layers
        for kind in layer.kinds
    ]
    table = Table(["layer", "kind", "channels", "separation"], rows, frozenset({0, 1}))
    return [
        Picture(png(drawn), "Separation of class means by kind of channel."),
        table,
        Text(KINDS),
    ]
