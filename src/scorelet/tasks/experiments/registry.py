"""Experiments by the name that a configuration gives as its ``task``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from scorelet.core.errors import InputError
from scorelet.tasks.experiments.base import Experiment
from scorelet.training import LoopConfig

Config = TypeVar("Config", bound=LoopConfig)

DEFAULT = "denoise"
"""The task of a configuration that names none."""


@dataclass(frozen=True)
class _Entry:
    config: type[LoopConfig]
    build: Callable[..., Experiment]


_ENTRIES: dict[str, _Entry] = {}


def register(config: type[Config], build: Callable[[Config], Experiment]) -> None:
    """Make a task known; a later one of the same name takes its place.

    Args:
        config: describes the run: a subclass of `scorelet.training.LoopConfig` whose field
            ``task: Literal["name"] = "name"`` gives the name.
        build: makes the experiment of such a configuration.

    Raises:
        InputError: the configuration has no field ``task`` with a name as its default.
    """
    field = config.model_fields.get("task")
    if field is None or not isinstance(field.default, str):
        raise InputError(
            f'{config.__name__} names no task: give it a field  task: Literal["name"] = "name".'
        )
    _ENTRIES[field.default] = _Entry(config, build)


def config_type(task: object) -> type[LoopConfig]:
    """Return the class that describes runs of a task.

    Raises:
        InputError: unknown task; names those that are known.
    """
    if not isinstance(task, str) or task not in _ENTRIES:
        known = ", ".join(sorted(_ENTRIES))
        raise InputError(
            f"task: there is no task {task!r}: choose one of {known}, or register "
            "your own, in the shell with --import FILE.py."
        )
    return _ENTRIES[task].config


def build(config: LoopConfig) -> Experiment:
    """Make the experiment of a configuration.

    Raises:
        InputError: data, options or names that do not fit.
    """
    for entry in _ENTRIES.values():
        if isinstance(config, entry.config):
            return entry.build(config)
    raise InputError(
        f"{type(config).__name__} describes no registered task: use scorelet.tasks.experiments."
        "register."
    )
