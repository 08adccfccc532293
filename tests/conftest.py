"""Fixtures that several folders of tests use.

Tests compute little at a time, each in one thread: so sums have one order, and the workers of
`pytest -n 2` do not wait for each other. Tests of threads ask for more.
"""

import gc
import os

import pytest
import torch

from samples import write_model

torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of programs that tests start


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


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The path of a small model with random weights, for colour and gray."""
    return str(write_model(tmp_path_factory.mktemp("model") / "small.safetensors"))
