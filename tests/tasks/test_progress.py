"""Progress bars: shown to people only, and with numbers only where there are some."""

import io
import sys

import pytest

from scorelet.tasks.progress import Bar


class Terminal(io.StringIO):
    """What looks like a terminal and remembers what was drawn."""

    def isatty(self):
        return True


@pytest.fixture
def open_terminal(monkeypatch):
    """Make stderr a terminal; called in the test, because pytest changes stderr before it."""

    def call():
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "120")
        return stream

    return call


def test_a_count_that_is_not_known_yet_is_not_shown(open_terminal):
    terminal = open_terminal()
    with Bar("working", 0) as bar:
        bar.advance("reading")
    assert "working" in terminal.getvalue()
    assert "/0" not in terminal.getvalue()


def test_a_count_appears_when_it_is_known(open_terminal):
    terminal = open_terminal()
    with Bar("working", 0) as bar:
        bar.expect(7)
        bar.reach(3)
        bar.advance("[Set 1] a.png")
    assert "4/7" in terminal.getvalue()
    assert "[Set 1] a.png" in terminal.getvalue()  # brackets are no markup


def test_work_that_tells_both_is_followed(open_terminal):
    terminal = open_terminal()
    with Bar("working", 0) as bar:
        bar.follow(2, 9)
    assert "2/9" in terminal.getvalue()


def test_a_second_part_has_a_title_of_its_own(open_terminal):
    terminal = open_terminal()
    with Bar("working", 5) as bar:
        bar.reach(5)
        bar.expect(3, "tidying")
        bar.reach(1)
    assert "tidying" in terminal.getvalue()
    assert "1/3" in terminal.getvalue()


def test_what_was_done_before_counts(open_terminal):
    terminal = open_terminal()
    with Bar("working", 10, start=4):
        pass
    assert "4/10" in terminal.getvalue()


def test_nobody_looks(open_terminal, monkeypatch):
    terminal = open_terminal()
    with Bar("working", 3, quiet=True) as bar:
        bar.advance()
    assert terminal.getvalue() == ""
    plain = io.StringIO()
    monkeypatch.setattr(sys, "stderr", plain)
    with Bar("working", 3) as bar:
        bar.expect(4)
        bar.advance()
    assert plain.getvalue() == ""
