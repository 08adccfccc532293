"""Fixtures that several folders of tests use."""

import pytest

from samples import write_model


@pytest.fixture
def float32(monkeypatch):
    """Convolutions in float32 whatever the machine likes best: the same numbers everywhere."""
    monkeypatch.setenv("SCORELET_DTYPE", "float32")


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The path of a small model with random weights, for colour and gray."""
    return str(write_model(tmp_path_factory.mktemp("model") / "small.safetensors"))
