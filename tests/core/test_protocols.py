"""Classes that `isinstance` looks at by their attributes."""

import importlib
import pkgutil
from typing import get_args, get_type_hints

import pytest
from torch import Tensor, nn

import scorelet


def protocols():
    """Every class of ours that `isinstance` compares attributes with, by its full name."""
    found = {}
    for info in pkgutil.walk_packages(scorelet.__path__, "scorelet."):
        if info.name == "scorelet.__main__":
            continue
        try:
            module = importlib.import_module(info.name)
        except ImportError:  # an extra that is not there
            continue
        for kind in vars(module).values():
            if getattr(kind, "_is_protocol", False) and getattr(
                kind, "_is_runtime_protocol", False
            ):
                found[f"{kind.__module__}.{kind.__qualname__}"] = kind
    return {name: kind for name, kind in found.items() if name.startswith("scorelet.")}


@pytest.mark.slow
def test_none_asks_for_a_part_of_a_module():
    """From Python 3.12 on `isinstance` does not find parts and tensors that modules keep."""
    found = protocols()
    assert "scorelet.core.network.Network" in found
    for name, kind in found.items():
        for attribute, hint in get_type_hints(kind).items():
            kinds = [k for k in (hint, *get_args(hint)) if isinstance(k, type)]
            assert not any(issubclass(k, nn.Module | Tensor) for k in kinds), (name, attribute)
