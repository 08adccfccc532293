"""The report of a comparison of fields, as HTML."""

from typing import Any

from torch import Tensor

from scorelet.analysis.field_statistics import STATISTICS
from scorelet.plots import fields_figure, png, statistic_figure
from scorelet.tasks.field_compare import FieldComparison, Line
from scorelet.tasks.field_verdicts import METHOD, word
from scorelet.tasks.report import heading, page, paragraph, picture, table

NAMES = "data", "compared", "control"


def report(document: dict[str, Any], found: FieldComparison, sets: list[Tensor]) -> str:
    """Return the HTML text.

    Args:
        document: from `compare`.
        found: what it was made from.
        sets: the data and what is compared.
    """
    parts = [paragraph(document["summary"])]
    parts += [paragraph(text, kind="warning") for text in document["warnings"]]
    parts.append(_inputs(document))
    shown = dict(zip(NAMES, [*sets, found.control], strict=True))
    parts.append(picture(png(fields_figure(shown)), "The first fields of each set."))
    parts += [heading("Verdicts"), _overview(document, found), paragraph(METHOD, kind="note")]
    for name, line in found.lines.items():
        parts += _section(name, line, document["statistics"][name]["verdict"])
    if found.neighbours:
        parts += [heading("Nearest neighbours"), paragraph(document["neighbours"]["verdict"])]
    return page("Comparison of fields", parts)


def _inputs(document: dict[str, Any]) -> str:
    rows = [
        (title, document[key]["path"], str(document[key]["fields"]), _by(document[key]["size"]))
        for title, key in (("data", "data"), ("compared", "other"))
    ]
    return table(["set", "file", "fields", "pixels"], rows)


def _overview(document: dict[str, Any], found: FieldComparison) -> str:
    rows = []
    for name, line in found.lines.items():
        measure, size = next(iter(line.comparison.sizes.items()))
        rows.append(
            (
                STATISTICS[name].title,
                word(line.comparison),
                f"{line.comparison.distance:.2f}",
                f"{line.comparison.threshold:.2f}",
                f"{measure} {100 * size:.3g} %",
                f"{100 * line.comparison.floor[measure]:.3g} %",
                f"{line.control_comparison.distance:.2f}",
            )
        )
    head = ["statistic", "verdict", "distance", "threshold", "size", "by chance", "control"]
    return table(head, rows)


def _section(name: str, line: Line, verdict: str) -> list[str]:
    kind = STATISTICS[name]
    parts = [heading(kind.title), paragraph(verdict)]
    if line.data.axis.names:
        return [*parts, _values(line)]
    sets = dict(zip(NAMES, (line.data, line.other, line.control), strict=True))
    figure = statistic_figure(sets, reference=line.gaussian, log=kind.log)
    return [*parts, picture(png(figure), f"{kind.title} of the data, the other set, the control.")]


def _values(line: Line) -> str:
    """Return a table of the few numbers of a statistic that has no axis."""
    rows = []
    for k, point in enumerate(line.data.axis.names):
        texts = [
            f"{float(s.values[0, k]):.5g} ± {float(s.errors[0, k]):.2g}"
            for s in (line.data, line.other, line.control)
        ]
        texts.append("" if line.gaussian is None else f"{float(line.gaussian[0, k]):.5g}")
        rows.append((point, *texts))
    return table([line.data.axis.label, *NAMES, "Gaussian"], rows)


def _by(size: list[int]) -> str:
    return "x".join(str(n) for n in size)
