"""Tables on the console: drawn by rich for a terminal, plain columns for a pipe or a file."""

import io
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

INDENT, GAP = "  ", "   "


@dataclass(frozen=True)
class ConsoleTable:
    """Rows of texts.

    Attributes:
        head: titles of the columns; empty for none.
        rows: texts, as many in each as there are columns.
        left: numbers of the columns that hold words, aligned to the left.
        styles: rich style of a cell by its text, for terminals: {"differs": "red"}.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: frozenset[int] = frozenset({0})
    styles: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the table for stdout as it is: with colours and lines if it is a terminal."""
        return self._drawn() if sys.stdout.isatty() else self.plain()

    def plain(self) -> str:
        """Return columns that are as wide as they must be, without lines."""
        lines = [*([self.head] if any(self.head) else []), *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(self._line(line, widths) for line in lines)

    def _line(self, cells: Sequence[str], widths: list[int]) -> str:
        padded = [
            cell.ljust(width) if k in self.left else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return (INDENT + GAP.join(padded)).rstrip()

    def _drawn(self) -> str:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        drawn = Table(
            box=box.SIMPLE_HEAD if unicode else box.ASCII2,
            show_header=any(self.head),
            header_style="bold",
        )
        for k, title in enumerate(self.head):
            drawn.add_column(title, justify="left" if k in self.left else "right")
        for row in self.rows:
            drawn.add_row(*(Text(cell, self.styles.get(cell, "")) for cell in row))
        stream = io.StringIO()
        width = shutil.get_terminal_size().columns
        Console(file=stream, force_terminal=True, width=width).print(drawn)
        return stream.getvalue().strip("\n")
