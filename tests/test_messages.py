"""What is said to people: no sentence tells somebody who types commands to call a function."""

import ast
import re
from pathlib import Path

import pytest

import scorelet

ROOT = Path(scorelet.__file__).parent
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))
SHELL = ("cli", "core", "data", "tasks", "training", "zoo")  # what commands reach
NAME = re.compile(r"\b[a-z]{2,}(_[a-z]+)+\b|\b(numpy|torch|np|sl)\.\w+|\w\(\)")
PYTHON_ONLY = {
    "training/run_folder.py": "start_from",  # a field of a configuration
    "training/settings.py": "start_from",
    "tasks/experiments/cascade.py": "hold_out",
    "tasks/experiments/labelled.py": "hold_out",
    "tasks/experiments/cascade_config.py": "start_from shows_level scale_embedding",
    "tasks/experiments/cascade_networks.py": "scale_embedding",
    "tasks/networks.py": "torch.jit",
    "tasks/scatter.py": "torch.from_numpy",
    "core/arrays.py": "numpy.array",
    "core/copying.py": "torch.no_grad",
    "core/checkpoint.py": "torch.export",
}  # for what no command has
SHAPES = "core/typing.py"  # names of axes, which nobody is told


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
    [path for path in SOURCES if path.split("/")[0] in SHELL and path != SHAPES],
)
def test_no_sentence_names_a_function(path):
    allowed = PYTHON_ONLY.get(path, "").split()
    for sentence in sentences(ROOT / path):
        for found in NAME.finditer(sentence):
            assert found[0] in allowed, sentence


def test_the_test_would_find_one():
    assert NAME.search("convert the pixels with to_unit and from_unit")
    assert NAME.search("for example by numpy.nan_to_num")
    assert NAME.search("or raise max_pixels")
    assert not NAME.search("U = x_i x_j: write a PNG or TIFF file; see scorelet --help.")
