"""A folder of three files, and the job that copies it."""

import pytest

from job_samples import NAMES
from scorelet.tasks.planning import plan_tasks


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder `in` of three files, in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


@pytest.fixture
def tasks(folder, path):
    return plan_tasks([path("in")], path("out"), suffix="_new")


@pytest.fixture
def path(folder):
    """Paths relative to the working directory, as users type them."""
    return lambda name: (folder / name).relative_to(folder)
