"""Rows of a benchmark as a table on the console."""

from measure import Row
from rich.table import Table


def table_of(title: str, rows: list[Row]) -> Table:
    """Return rows as a table: a median with its quartiles in one cell, x (x_low to x_high)."""
    keys = dict.fromkeys(key for row in rows for key in row)
    columns = [key for key in keys if not key.endswith(("_low", "_high"))]
    table = Table(*(column.replace("_", " ") for column in columns), title=title)
    for row in rows:
        table.add_row(*(_cell(row, column) for column in columns))
    return table


def _cell(row: Row, column: str) -> str:
    text = _text(row.get(column))
    low, high = (_text(row.get(f"{column}{end}")) for end in ("_low", "_high"))
    return f"{text} ({low} to {high})" if low and high else text


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 100 else f"{value:,.0f}"
    return str(value)
