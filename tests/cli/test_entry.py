"""The command as a process: what ends it before it has begun."""

import sys
from types import ModuleType

import pytest

from scorelet.__main__ import main


class Loading(ModuleType):
    """A module whose import is interrupted."""

    def __getattr__(self, name):
        raise KeyboardInterrupt


def test_an_interruption_while_the_command_loads_shows_no_traceback(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "scorelet.cli.main", Loading("main"))
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == "Interrupted.\n"
