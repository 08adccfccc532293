"""The report of a comparison of fields, as HTML."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from scorelet.analysis.field_statistics import STATISTICS, Comparison, Statistic
from scorelet.analysis.field_statistics.sets import FieldSet, Line, SetComparison
from scorelet.analysis.field_statistics.verdicts import METHOD, neighbour_verdict, verdict, word
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
    sections = [verdicts_section(found), *statistic_sections(found)]
    return render("Comparison of fields", opening, sections)


def verdicts_section(found: SetComparison) -> Section:
    """Return the table of all statistics."""
    return Section("Verdicts", [_overview(found), Text(METHOD, "note")])


def statistic_sections(found: SetComparison, names: Sequence[str] = NAMES) -> list[Section]:
    """Return a section for each statistic, and one for the nearest neighbours.

    Args:
        found: what was measured.
        names: of the data, of what is compared, of the control.
    """
    sections = [_section(name, line, names) for name, line in found.lines.items()]
    if found.neighbours:
        text = Text(neighbour_verdict(found.neighbours))
        sections.append(Section("Nearest neighbours", [text], _near_mark(found.neighbours)))
    return sections


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


def _section(name: str, line: Line, names: Sequence[str]) -> Section:
    kind, sets = STATISTICS[name], (line.data, line.other, line.control)
    if line.data.axis.names:
        shown: Part = value_table(dict(zip(names, sets, strict=True)), line.gaussian)
    else:
        figure = statistic_figure(
            dict(zip(names, sets, strict=True)), reference=line.gaussian, log=kind.log
        )
        caption = f"{kind.title} of {', '.join(names)}. {kind.note}".rstrip()
        shown = Picture(png(figure), caption)
    return Section(kind.title, [Text(verdict(name, line)), shown], _mark(line.comparison))


def value_table(sets: Mapping[str, Statistic], gaussian: Tensor | None) -> Table:
    """Return a table of the few numbers of a statistic that has no axis.

    Args:
        sets: the statistic by the name of the set.
        gaussian: values of a Gaussian field, if known.
    """
    axis = next(iter(sets.values())).axis
    rows = []
    for k, point in enumerate(axis.names):
        texts = [
            f"{float(s.values[0, k]):.5g} ± {float(s.errors[0, k]):.2g}" for s in sets.values()
        ]
        texts.append("" if gaussian is None else f"{float(gaussian[0, k]):.5g}")
        rows.append((point, *texts))
    return Table([axis.label, *sets, "Gaussian"], rows)


def _mark(comparison: Comparison) -> Mark:
    found = word(comparison)
    return Mark(found, TONES[found])


def _near_mark(comparison: Comparison) -> Mark:
    found = word(comparison)
    return Mark({"differs": "too close", "agrees": "no copies"}.get(found, found), TONES[found])


def _count(entry: dict[str, Any]) -> str:
    parts = (f" of {entry[key]} {key}" for key in ("chains", "maps") if entry[key] is not None)
    of = "".join(parts)
    return f"{entry['fields']}{of}"


def _by(size: list[int]) -> str:
    return "x".join(str(n) for n in size)
