"""Fixtures that several folders of tests use.

Tests compute little at a time, each in one thread: so sums have one order, and the workers of
`pytest -n 2` do not wait for each other. Tests of threads ask for more.
"""

import gc
import importlib
import os
import sys
from pathlib import Path

import pytest
import torch

import annotations

annotations.install()
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of programs that tests start


def pytest_configure(config):
    """Warnings are errors, but for what a result says of itself: tests read it there."""
    config.addinivalue_line("filterwarnings", "ignore::scorelet.core.errors.ResultWarning")


def pytest_collection_finish():
    """What was imported and collected stays: the collector need not look through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _seeded():
    """The first weights of torch's layers know no generator: each test starts from one seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture
def float32(monkeypatch):
    """Convolutions in float32 whatever the machine likes best: the same numbers everywhere."""
    monkeypatch.setenv("SCORELET_DTYPE", "float32")


@pytest.fixture
def program(monkeypatch):
    """Import a program of a folder of the project: program("scripts", "evaluate_joint").

    Programs import one another by name; all of them are forgotten afterwards.
    """
    folders = []

    def imported(folder, name):
        folders.append(Path(__file__).parents[1] / folder)
        monkeypatch.syspath_prepend(str(folders[-1]))
        return importlib.import_module(name)

    yield imported
    for path in (path for folder in folders for path in folder.glob("*.py")):
        sys.modules.pop(path.stem, None)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The path of a small model with random weights, for colour and gray."""
    from samples import write_model

    return str(write_model(tmp_path_factory.mktemp("model") / "small.safetensors"))
