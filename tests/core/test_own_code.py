"""Code that the user names: run once, and what is wrong with it is one sentence."""

import sys

import pytest

from scorelet.core.errors import InputError
from scorelet.core.own_code import import_code


@pytest.fixture(autouse=True)
def _leave_modules_as_they_were(monkeypatch):
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(sys, "path", [*sys.path])


def test_a_file_runs_once_and_finds_its_neighbours(tmp_path):
    (tmp_path / "own_neighbour.py").write_text("seen = []")
    path = tmp_path / "own_first.py"
    path.write_text("import own_neighbour\nown_neighbour.seen.append(__name__)")
    import_code(str(path))
    import_code(str(path))
    assert sys.modules["own_neighbour"].seen == ["own_first"]


def test_a_module_is_found_by_its_name(tmp_path):
    (tmp_path / "own_module.py").write_text("value = 3")
    sys.path.append(str(tmp_path))
    import_code("own_module")
    assert sys.modules["own_module"].value == 3


def test_neighbours_take_no_other_modules_place(tmp_path):
    (tmp_path / "json.py").write_text("raise RuntimeError")
    (tmp_path / "own_second.py").write_text("import json\njson.dumps")
    import_code(str(tmp_path / "own_second.py"))


FAULTS = {
    "raises": ("own_bad.py", "1 / 0", r"own_bad.py cannot be imported: ZeroDivisionError: div"),
    "syntax": ("own_bad.py", "def", r"own_bad.py cannot be imported: SyntaxError: invalid"),
    "taken": ("json.py", "", r"A module json is loaded already: give .*json.py another name"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_code_that_cannot_be_imported_is_one_sentence(tmp_path, fault):
    name, text, words = FAULTS[fault]
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        import_code(str(tmp_path / name))
    assert "own_bad" not in sys.modules


def test_what_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="there is no such home folder"):
        import_code("~nobody-of-this-name/own_none.py")
    with pytest.raises(InputError, match=r"There is no file .*own_none.py: give a .py file or"):
        import_code(str(tmp_path / "own_none.py"))
    with pytest.raises(InputError, match="own_none cannot be imported: ModuleNotFoundError"):
        import_code("own_none")
