"""Configurations of short runs, as files."""

import pytest
import yaml


@pytest.fixture
def configuration(tmp_path):
    """Write a configuration of sixty steps; changes of a section are merged into it."""

    def write(tree, output="run", **changes):
        tree = {
            "steps": 60,
            "output": str(tmp_path / output),
            "log_every": 20,
            "save_every": 20,
            "validate_every": 30,
            "tensorboard": False,
        } | tree
        for name, value in changes.items():
            both = isinstance(tree.get(name), dict) and isinstance(value, dict)
            tree[name] = tree[name] | value if both else value
        path = tmp_path / f"{output}.yaml"
        path.write_text(yaml.safe_dump(tree))
        return path

    return write
