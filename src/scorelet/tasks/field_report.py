"""The report of a comparison of fields, as HTML."""

from typing import Any

from scorelet.analysis.field_statistics import STATISTICS, Comparison
from scorelet.analysis.field_statistics.sets import FieldSet, Line, SetComparison
from scorelet.analysis.field_statistics.verdicts import METHOD, word
from scorelet.plots import fields_figure, png, statistic_figure
from scorelet.plots.report import Mark, Part, Picture, Section, Table, Text, Tone, render

NAMES = "data", "compared", "control"

TONES: dict[str, Tone] = {"agrees": "good", "differs": "bad", "undecided": "open"}


def report(document: dict[str, Any], found: SetComparison, sets: list[FieldSet]) -> str:
    """Return the HTML text.

    Args:
        document: from `compare`.
        found: what it was made from.
        sets: the data and what is compared.
    """
    shown = [*(s.fields for s in sets), found.control]
    figure = fields_figure(dict(zip(NAMES, shown, strict=True)))
    opening: list[Part] = [Text(document["summary"], "lead")]
    opening += [Text(text, "warning") for text in document["warnings"]]
    opening += [_inputs(document), Picture(png(figure), "The first fields of each set.")]
    sections = [Section("Verdicts", [_overview(found), Text(METHOD, "note")])]
    for name, line in found.lines.items():
        sections.append(_section(name, line, document["statistics"][name]["verdict"]))
    if found.neighbours:
        text = Text(document["neighbours"]["verdict"])
        sections.append(Section("Nearest neighbours", [text], _near_mark(found.neighbours)))
    return render("Comparison of fields", opening, sections)


def _inputs(document: dict[str, Any]) -> Table:
    rows = [
        (title, document[key]["path"], _count(document[key]), _by(document[key]["size"]))
        for title, key in (("data", "data"), ("compared", "other"))
    ]
    return Table(["set", "file", "fields", "pixels"], rows, frozenset({0, 1}))


def _overview(found: SetComparison) -> Table:
    rows = []
    for name, line in found.lines.items():
        measure, size = next(iter(line.comparison.sizes.items()))
        rows.append(
            (
                STATISTICS[name].title,
                _mark(line.comparison),
                f"{line.comparison.distance:.2f}",
                f"{line.comparison.threshold:.2f}",
                f"{line.control_comparison.distance:.2f}",
                f"{100 * size:.3g} %",
                f"{100 * line.comparison.floor[measure]:.3g} %",
                measure,
            )
        )
    head = ["statistic", "verdict", "distance", "threshold", "control", "size", "by chance", ""]
    return Table(head, rows, frozenset({0, 1, 7}))


def _section(name: str, line: Line, verdict: str) -> Section:
    kind = STATISTICS[name]
    if line.data.axis.names:
        shown: Part = _values(line)
    else:
        sets = dict(zip(NAMES, (line.data, line.other, line.control), strict=True))
        figure = statistic_figure(sets, reference=line.gaussian, log=kind.log)
        shown = Picture(png(figure), f"{kind.title} of the data, the other set, the control.")
    return Section(kind.title, [Text(verdict), shown], _mark(line.comparison))


def _values(line: Line) -> Table:
    """Return a table of the few numbers of a statistic that has no axis."""
    rows = []
    for k, point in enumerate(line.data.axis.names):
        texts = [
            f"{float(s.values[0, k]):.5g} ± {float(s.errors[0, k]):.2g}"
            for s in (line.data, line.other, line.control)
        ]
        texts.append("" if line.gaussian is None else f"{float(line.gaussian[0, k]):.5g}")
        rows.append((point, *texts))
    return Table([line.data.axis.label, *NAMES, "Gaussian"], rows)


def _mark(comparison: Comparison) -> Mark:
    found = word(comparison)
    return Mark(found, TONES[found])


def _near_mark(comparison: Comparison) -> Mark:
    found = word(comparison)
    return Mark({"differs": "too close", "agrees": "no copies"}.get(found, found), TONES[found])


def _count(entry: dict[str, Any]) -> str:
    of = "" if entry["chains"] is None else f" of {entry['chains']} chains"
    return f"{entry['fields']}{of}"


def _by(size: list[int]) -> str:
    return "x".join(str(n) for n in size)
