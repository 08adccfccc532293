"""Tables on the console: drawn by rich for a terminal, plain columns for a pipe or a file."""

import io
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

INDENT, GAP = "  ", "   "
WORD = 16
"""Characters of a word up to which it is never broken."""


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
        """Return the table as wide as the terminal: in parts below each other if it is too wide."""
        width = shutil.get_terminal_size().columns
        wide = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        if _outer(wide) <= width:
            return self._part(range(len(wide)), dict.fromkeys(range(len(wide))), width)
        least = [self._least(k, width) for k in range(len(wide))]
        if any(_outer([least[0], other]) > width for other in least[1:]):
            return self.plain()
        parts = [[0]]
        for k in range(1, len(least)):
            if _outer([least[j] for j in (*parts[-1], k)]) > width:
                parts.append([0])
            parts[-1].append(k)
        fixed = {k: None if k and k in self.left else size for k, size in enumerate(least)}
        return "\n".join(self._part(part, fixed, width) for part in parts)

    def _least(self, k: int, width: int) -> int:
        """Return the width that a column needs: numbers are never cut, words may be folded."""
        cells = [row[k] for row in self.rows]
        title = self.head[k].split()
        if k == 0:
            return min(max(map(len, [self.head[0], *cells])), width // 2)
        if k in self.left:
            return min(max(map(len, [*title, *" ".join(cells).split()]), default=0), WORD)
        return max(map(len, [*title, *cells]), default=0)

    def _part(self, columns: Sequence[int], fixed: dict[int, int | None], width: int) -> str:
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
        for k in columns:
            side = "left" if k in self.left else "right"
            drawn.add_column(self.head[k], justify=side, width=fixed[k], overflow="fold")
        for row in self.rows:
            drawn.add_row(*(Text(row[k], self.styles.get(row[k], "")) for k in columns))
        stream = io.StringIO()
        Console(file=stream, force_terminal=True, width=width).print(drawn)
        return stream.getvalue().strip("\n")


def _outer(widths: Sequence[int]) -> int:
    """Return the width of a drawn table: a blank at each side of a column, and lines."""
    return sum(widths) + 3 * len(widths) + 1
