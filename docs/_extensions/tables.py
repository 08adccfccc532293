"""Two directives that make tables while the pages are built, so that no figure is typed in.

``results-table`` shows the rows of a JSON file, ``config-fields`` the fields of a pydantic model.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


@dataclass(frozen=True)
class Form:
    """Titles of the columns that are shown (none: all of them) and decimals, by key."""

    titles: dict[str, str]
    decimals: dict[str, str]


class ResultsTable(SphinxDirective):
    """Show a results file: a list of rows, or a mapping, or a mapping with a list of ``runs``.

    In a mapping every list of rows becomes a table, and what else there is (command, machine,
    date ...) a list of facts below. Columns are the keys of the rows, or those that ``:titles:``
    names: ``key = Title; ...``. ``:decimals:`` fixes the digits of a column: ``key = 2; ...``.
    ``:only:`` names the tables that are shown, of runs that have one, and ``facts`` for the list
    below. A mapping in a row is as many columns, with keys like ``forward.seconds``; titles without
    a value in a table are left out. A file that does not exist gives a sentence that says so.
    """

    required_arguments = 1
    option_spec: ClassVar = dict.fromkeys(("titles", "decimals", "only"), directives.unchanged)

    def run(self) -> list[nodes.Node]:
        """Return tables and lists of facts, or a sentence."""
        path = Path(self.env.srcdir, self.arguments[0])
        self.env.note_dependency(str(path))
        if not path.is_file():
            text = f"No figures are stored yet: docs/{self.arguments[0]} does not exist."
            return [nodes.paragraph("", text)]
        document = json.loads(path.read_text(encoding="utf-8"))
        form = Form(*(_pairs(self.options.get(name, "")) for name in ("titles", "decimals")))
        if isinstance(document, list):
            return [_results(document, form)]
        runs = document.get("runs", [document])
        only = self.options.get("only", "").split()
        if only:
            runs = [run for run in runs if not run.keys().isdisjoint(only)] or runs
        return [node for run in runs for node in _run(_named(run, only), form)]


class ConfigFields(SphinxDirective):
    """Show the fields of a pydantic model, ``package.module.Class``, and of its sections."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one table for each section, the model's own fields first."""
        module, _, name = self.arguments[0].rpartition(".")
        return _sections(getattr(import_module(module), name), "")


def _pairs(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _named(run: dict[str, Any], only: Sequence[str]) -> dict[str, Any]:
    """What is named of a run, in the order of the names; nothing named: all of it."""
    if not only:
        return run
    facts = {key: value for key, value in run.items() if not _is_rows(value)}
    named = {key: run[key] for key in only if key != "facts"}
    return named | (facts if "facts" in only else {})


def _run(run: dict[str, Any], form: Form) -> list[nodes.Node]:
    """Tables of one run, then the facts about it."""
    tables: list[nodes.Node] = []
    facts = []
    for key, value in run.items():
        if _is_rows(value):
            name = " ".join([run.get("part", ""), "" if key == "rows" else key]).strip()
            heading = [nodes.rubric("", name.replace("_", " "))] if name else []
            tables += [*heading, _results(value, form)]
        elif value is not None:
            text = f"{key.replace('_', ' ')}: {_fact(value)}"
            facts.append(nodes.list_item("", nodes.paragraph("", text)))
    return [*tables, nodes.bullet_list("", *facts)] if facts else tables


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _fact(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_fact(part)}" for key, part in value.items() if part is not None)
    return " ".join(map(str, value)) if isinstance(value, list) else _cell(value)


def _results(rows: list[dict[str, Any]], form: Form) -> nodes.table:
    """A table in which x, x_low and x_high (a median and its quartiles) share a cell."""
    rows = [dict(_flat(row)) for row in rows]
    keys = dict.fromkeys(key for row in rows for key in row)
    spread = {f"{key}{end}" for key in keys for end in ("_low", "_high")}
    titles = {key: title for key, title in form.titles.items() if key in keys}
    shown = titles or {key: key.replace("_", " ") for key in keys if key not in spread}
    cells = [[_with_spread(row, key, form.decimals.get(key)) for key in shown] for row in rows]
    return _table(list(shown.values()), cells)


def _flat(row: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _with_spread(row: dict[str, Any], key: str, decimals: str | None) -> str:
    values = (row.get(key), row.get(f"{key}_low"), row.get(f"{key}_high"))
    text, low, high = (_cell(value, decimals) for value in values)
    return text if None in values[1:] else f"{text} ({low} to {high})"


def _cell(value: object, decimals: str | None = None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if decimals and isinstance(value, int | float):
        return f"{value:.{decimals}f}"
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < 1e4 else str(value)


def _sections(model: type[BaseModel], name: str) -> list[nodes.Node]:
    own, below = [], []
    for key, field in model.model_fields.items():
        full = f"{name}.{key}" if name else key
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            below += _sections(kind, full)
        else:
            own.append([f"`{full}`", _type(field), _default(field), field.description or ""])
    summary = (model.__doc__ or "").strip().splitlines()[0]
    heading = f"`{name}`: {summary}" if name else summary
    head = ["Field", "Type and range", "Default", "Meaning"]
    return [nodes.rubric("", "", *_inline(heading)), _table(head, own), *below]


def _type(field: FieldInfo) -> str:
    kind = field.annotation
    text = kind.__name__ if kind in (str, int, float, bool, Path) else str(kind)
    text = text.removeprefix("typing.").replace("typing.", "")
    limits = [
        f"{sign} {getattr(rule, bound)}"
        for rule in field.metadata
        for bound, sign in BOUNDS.items()
        if hasattr(rule, bound)
    ]
    return ", ".join([f"`{text}`", *limits])


def _default(field: FieldInfo) -> str:
    return "required" if field.default is PydanticUndefined else f"`{field.default!r}`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> nodes.table:
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group)


def _row(cells: Sequence[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *_inline(c))) for c in cells))


def _inline(text: str) -> list[nodes.Node]:
    """Text in which backticks mark code."""
    parts = enumerate(text.split("`"))
    return [nodes.literal("", part) if k % 2 else nodes.Text(part) for k, part in parts if part]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("results-table", ResultsTable)
    app.add_directive("config-fields", ConfigFields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
