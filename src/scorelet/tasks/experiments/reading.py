"""Configurations: YAML in, the pydantic model of the task that it names out."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from scorelet.core.errors import InputError, one_line
from scorelet.core.files import check_regular
from scorelet.core.paths import as_path
from scorelet.tasks.experiments.registry import DEFAULT, config_type
from scorelet.tasks.experiments.unique_keys import parse_yaml
from scorelet.tasks.faults import where, wrong_value
from scorelet.training import LoopConfig

SHIPPED = Path(str(files("scorelet") / "configs"))


def shipped() -> list[str]:
    """Return the names of the configurations that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def read_config(name: str | Path, overrides: dict[str, Any] | None = None) -> LoopConfig:
    """Read a configuration; `overrides` maps dotted names (``optimizer.rate``) to values.

    Args:
        name: a YAML file, or the name of a configuration of the package; a file wins.
        overrides: fields to change.

    Returns:
        An instance of the class that the ``task`` of the configuration has registered.

    Raises:
        InputError: missing file, bad YAML, a key that stands twice, unknown task or field, or value
            out of range, named.
    """
    path = _locate(name)
    tree = _read_tree(path)
    for field, value in (overrides or {}).items():
        _set(tree, field, value)
    try:
        task = tree.get("task", DEFAULT)
        kind = config_type(task)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        raise InputError(f"{path}: {_fault(error, str(task))}.") from error


def _locate(name: str | Path) -> Path:
    path = as_path(name, name="configuration")
    ours = not isinstance(name, Path) and name in shipped()
    if ours and not path.is_file():  # a folder of that name may hold the run
        return SHIPPED / f"{name}.yaml"
    if isinstance(name, Path) or path.exists() or path.suffix or len(path.parts) != 1:
        return path
    raise InputError(
        f"There is no configuration {name!r}: give a YAML file, or one of {', '.join(shipped())}."
    )


def _read_tree(path: Path) -> dict[str, Any]:
    check_regular(path, what="a configuration")
    try:
        tree = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"Cannot read the configuration {path}: {error.strerror}.") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML: {one_line(error)}.") from error
    if not isinstance(tree, dict):
        raise InputError(f"{path} must hold a mapping with model, data, steps and output.")
    return tree


def _fault(error: ValidationError, task: str) -> str:
    faults = error.errors()
    if faults[0]["type"] not in ("missing", "extra_forbidden"):
        return wrong_value(faults[0])
    missing = ", ".join(where(fault) for fault in faults if fault["type"] == "missing")
    unknown = ", ".join(where(fault) for fault in faults if fault["type"] == "extra_forbidden")
    if missing and unknown:
        remedy = "change these, or the task"
        return f"the task {task} needs {missing} and has no field {unknown}: {remedy}"
    if missing:
        return f"the task {task} needs {missing}: add what is missing"
    return f"the task {task} has no field {unknown}: correct the name, or leave it out"


def _set(tree: dict[str, Any], name: str, value: Any) -> None:  # noqa: ANN401 - a YAML scalar or list
    *path, last = name.split(".")
    for part in path:
        tree = tree.setdefault(part, {})
        if not isinstance(tree, dict):
            raise InputError(f"Cannot set {name}: {part} is not a section.")
    tree[last] = value
