"""A run is resumed with the settings that it was started with."""

from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError

FREE = (
    *("steps", "output", "log_every", "save_every", "validate_every"),
    *("minutes", "tensorboard", "workers"),
)
"""What a resumed run may change: it alters the rest of the run, not what was done."""


def refuse_other_settings(saved: dict[str, Any], asked: dict[str, Any]) -> None:
    """Raise InputError if a setting but those of `FREE` differs, and name it."""
    begin = ", with model.start_from to begin from the weights of this run"
    _refuse_other(saved, asked, "", begin if "model" in asked else "")  # cascades have several


def _refuse_other(saved: dict[str, Any], asked: dict[str, Any], where: str, begin: str) -> None:
    for name, value in asked.items():
        path = f"{where}{name}"
        before = saved.get(name)
        if path in FREE or before == value:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            _refuse_other(before, value, f"{path}.", begin)
            continue
        raise InputError(
            f"The run was started with {path} {before!r}, not {value!r}: resume it with "
            f"the same settings, or choose another output folder{begin}."
        )


def refuse_fewer_steps(folder: Path, done: int, asked: int) -> None:
    """Raise InputError if a folder holds more steps than a run is to have."""
    if done > asked:
        raise InputError(
            f"{folder} holds {done} steps, and the run is to have {asked}: raise steps, or choose "
            "another output folder."
        )
