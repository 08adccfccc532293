"""What is said to people: no sentence tells somebody who types commands to call a function."""

import ast
import re
from pathlib import Path

import pytest

import scorelet

SOURCES = sorted(Path(scorelet.__file__).parent.rglob("*.py"))
SHELL = ("cli", "core", "data", "tasks", "training", "zoo")  # what commands reach
NAME = re.compile(r"\b[a-z]+(_[a-z]+)+\b|\b(numpy|torch|np|sl)\.\w+|\w\(\)")
NO_SENTENCES = ("core/typing.py", "data/ensembles/")  # names of axes; formulas
PYTHON_ONLY = {"tasks/denoise.py": "sl.load"}  # for tensors, which no command has


def sentences(path):
    """Strings of several words that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in alone else None
        if isinstance(text, str) and len(text.split()) > 2:
            yield text


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in SOURCES
        if path.relative_to(SOURCES[0].parent).parts[0] in SHELL
        and not path.relative_to(SOURCES[0].parent).as_posix().startswith(NO_SENTENCES)
    ],
    ids=lambda path: str(path.relative_to(SOURCES[0].parent)),
)
def test_no_sentence_names_a_function(path):
    allowed = PYTHON_ONLY.get(path.relative_to(SOURCES[0].parent).as_posix(), "")
    for sentence in sentences(path):
        for found in NAME.finditer(sentence):
            assert found[0] == allowed, sentence


def test_the_test_would_find_one():
    assert NAME.search("convert the pixels with to_unit and from_unit")
    assert NAME.search("for example by numpy.nan_to_num")
    assert NAME.search("or raise max_pixels")
    assert not NAME.search("write a PNG or TIFF file; see scorelet --help.")
