"""Tables: plain for programs, drawn for people."""

import io
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
