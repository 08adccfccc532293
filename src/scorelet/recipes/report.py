"""The report of a run as HTML: claims, figures, and how it was made."""

import math
from typing import Any

from scorelet.plots.report import Facts, Mark, Part, Section, Table, Text, render
from scorelet.recipes.base import Findings, Recipe
from scorelet.recipes.claims import is_control

_METHOD = (
    "A claim holds if its criterion does; the criterion is code, and was written before the run. "
    "Errors are standard errors. A claim that does not hold stays in the table. Controls are our "
    "own, not of the publication: formulas, laws that are known, what claims are compared with."
)


def report(recipe: Recipe[Any], document: dict[str, Any], findings: Findings) -> str:
    """Return the HTML text.

    Args:
        recipe: what was run.
        document: of results.json.
        findings: what was found.
    """
    opening: list[Part] = [
        Text(verdict(document), "lead"),
        Text(recipe.summary),
        Text(recipe.paper, "note"),
        Text(f"Measured on: {document['data']}"),
    ]
    made = {key: document[key] for key in ("command", "machine", "date")}
    made["seconds"] = f"{document['seconds']:g}"
    made["versions"] = _listed(document["versions"])
    made["settings"] = _listed(document["settings"])
    return render(
        recipe.title,
        opening,
        [
            Section("Claims", [_table(document), *_notes(document), Text(_METHOD, "note")]),
            *findings.sections,
            Section("How it was made", [Facts(made)]),
        ],
    )


def verdict(document: dict[str, Any]) -> str:
    """Return one sentence about all claims; our own controls count apart."""
    counted = []
    for kind, own in (("claims", False), ("controls", True)):
        held = [c["holds"] for c in document["claims"] if is_control(c["where"]) == own]
        counted += [f"{sum(held)} of {len(held)} {kind}"] if held else []
    return f"{' and '.join(counted)} hold at scale {document['scale']}."


def figure(value: int | float | None, error: int | float | None = None) -> str:
    """Write a number with its error, in as many digits as the error allows."""
    if value is None or not math.isfinite(value):
        return "–"
    if not error or not math.isfinite(error):
        return f"{value:.4g}"
    digits = max(0, 1 - int(f"{error:e}".partition("e")[2]))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _table(document: dict[str, Any]) -> Table:
    head = ["claim", "verdict", "measured", "published", "unit", "criterion", "where"]
    rows = [
        (
            claim["name"],
            Mark("holds", "good") if claim["holds"] else Mark("does not hold", "bad"),
            figure(claim["measured"], claim["error"]),
            figure(claim["published"]),
            claim["unit"],
            claim["criterion"],
            claim["where"],
        )
        for claim in document["claims"]
    ]
    return Table(head, rows, frozenset({0, 1, 4, 5, 6}))


def _notes(document: dict[str, Any]) -> list[Part]:
    return [
        Text(f"{claim['name']}: {claim['note']}") for claim in document["claims"] if claim["note"]
    ]


def _listed(values: dict[str, Any]) -> str:
    """Write settings in words; those of a part in brackets."""
    return ", ".join(f"{key} {_worded(value)}" for key, value in values.items())


def _worded(value: object) -> str:
    match value:
        case dict():
            return f"({_listed(value)})"
        case list() | tuple():
            return " ".join(_worded(each) for each in value) or "none"
        case None:
            return "none"
        case _:
            return str(value)
