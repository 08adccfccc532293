"""Tables: plain for programs, drawn for people."""

import io
import re
import sys

import pytest

from scorelet.cli.tables import ConsoleTable

TABLE = ConsoleTable(
    ["name", "verdict", "size"],
    [("[one]", "differs", "1.5"), ("a longer one", "agrees", "12")],
    frozenset({0, 1}),
    {"differs": "red"},
)


class Terminal(io.TextIOWrapper):
    """A stream that looks like a terminal."""

    def __init__(self, encoding):
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self):
        return True


def test_plain_columns():
    assert TABLE.text() == TABLE.plain()
    assert TABLE.plain().splitlines() == [
        "  name           verdict   size",
        "  [one]          differs    1.5",
        "  a longer one   agrees      12",
    ]
    assert ConsoleTable(["", ""], [("a", "b"), ("cc", "d")], frozenset({0, 1})).plain() == (
        "  a    b\n  cc   d"
    )
    assert ConsoleTable(["a", "b"], []).plain() == "  a   b"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_people_get_lines_and_colours(monkeypatch, encoding):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stdout", Terminal(encoding))
    text = TABLE.text()
    assert "[one]" in text  # brackets are no markup
    assert "\x1b[31mdiffers" in text
    assert text.encode(encoding)
    assert ("─" in text) == (encoding == "utf-8")


NAMES = [f"layer{k}.0.conv1" for k in range(1, 5)]
WIDE = ConsoleTable(
    ["layer", "kind", *(f"mean of {k}" for k in range(14))],
    [[name, "convolution", *(f"{k}.{j}25" for k in range(14))] for j, name in enumerate(NAMES)],
    frozenset({0, 1}),
)


def bare(text):
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [200, 80, 40])
def test_no_number_and_no_name_is_cut(monkeypatch, encoding, width):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", Terminal(encoding))
    lines = bare(WIDE.text()).splitlines()
    assert max(map(len, lines)) <= width
    words = {word for line in lines for word in line.split()}
    assert words >= {cell for row in WIDE.rows for cell in row}
    repeated = sum(NAMES[0] in line for line in lines)
    assert (repeated == 1) == (width == 200)  # parts below each other name their layers


def test_words_are_folded_and_narrow_terminals_get_plain_columns(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal("utf-8"))
    monkeypatch.setenv("COLUMNS", "60")
    table = ConsoleTable(["a", "b"], [("x", "many words " * 9)], frozenset({0, 1}))
    text = bare(table.text())
    assert text.count("many words") > 1
    assert max(map(len, text.splitlines())) <= 60
    monkeypatch.setenv("COLUMNS", "12")
    assert WIDE.text() == WIDE.plain()
