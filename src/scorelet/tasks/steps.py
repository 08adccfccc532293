"""Steps of a long run: what is done is kept on disk, so that an interrupted run goes on."""

import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from scorelet.core.errors import InputError
from scorelet.core.files import check_regular, write_text
from scorelet.core.words import listed
from scorelet.tasks.array_files import write_page
from scorelet.tasks.locks import Locks

STEPS = "steps"
"""Folder of the steps, in that of a run."""
_RUN = "run.json"  # in the folder of steps: what they are steps of


@runtime_checkable
class OnStep(Protocol):
    """Is told that a step is done."""

    def __call__(self, name: str, *, seconds: float, kept: bool) -> None:
        """Take note of a step that took so long, or was kept from a run before."""
        ...


class Steps:
    """Runs pieces of work, each once.

    Args:
        folder: holds one JSON file for each finished step.
        on_step: is told about each.
        quiet: whether work shall draw no progress bars.

    Attributes:
        folder, quiet: as given; work may keep files of its own in the folder.
        seconds: that all steps took, in all runs together.
    """

    def __init__(self, folder: Path, *, on_step: OnStep | None = None, quiet: bool = True) -> None:
        self.folder, self.quiet, self.seconds = folder, quiet, 0.0
        self._on_step = on_step
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
        """Return what `work` returns, or what it has returned in a run that was interrupted.

        Args:
            name: of the step and its file: letters, digits, - and _.
            work: returns something that JSON can express exactly.
        """
        file = self.folder / f"{name}.json"
        kept = file.exists()
        if kept:
            record = _read(file)
        else:
            start = time.perf_counter()
            result = work()
            record = {"seconds": round(time.perf_counter() - start, 2), "result": result}
            write_text(file, json.dumps(record, allow_nan=False))
        self.seconds += record["seconds"]
        if self._on_step:
            self._on_step(name, seconds=record["seconds"], kept=kept)
        return record["result"]


def claim_steps(
    folder: Path,
    run: dict[str, Any],
    results: Sequence[Path],
    *,
    resume: bool,
    overwrite: bool,
    locks: Locks | None = None,
) -> Path:
    """Return the folder of a run's steps, none done, or those of the same run before.

    Args:
        folder: of the run.
        run: what the steps depend on, for JSON: subject, seed, settings and more.
        results: files that the run will write.
        resume: go on with the steps that are there.
        overwrite: remove them, and let results be replaced.
        locks: hold the folder while the run is at work; None: other processes share the work.

    Raises:
        InputError: the folder holds something that is neither to be kept nor to be replaced, or
            another run is at work in it.
    """
    kept = folder / STEPS
    if resume and overwrite:
        raise InputError("--resume keeps what is there and --overwrite replaces it: give one.")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: give the name of a folder.")
    for result in results:
        check_regular(result, what="a file of a run before, or none")
    if locks is not None:
        with suppress(OSError):  # said when the first step is written
            folder.mkdir(parents=True, exist_ok=True)
        locks.take(folder)
    before = _run_of(kept)
    if resume and before is not None:
        if differing := _differing(before, json.loads(json.dumps(run))):
            raise InputError(
                f"{folder} holds steps of a run that differs in {listed(differing)}: choose "
                "another folder, or begin anew with --overwrite."
            )
        return kept
    if not overwrite and (before is not None or any(result.exists() for result in results)):
        go_on = "" if before is None else "go on with --resume, "
        raise InputError(
            f"{folder} holds a run already: choose another folder, {go_on}or begin anew with "
            "--overwrite."
        )
    _remove(kept)
    write_page(kept / _RUN, json.dumps(run))
    return kept


def _differing(before: dict[str, Any], now: dict[str, Any], where: str = "") -> list[str]:
    """Return which entries of two runs differ, as settings.steps of one within another.

    >>> _differing({"seed": 0, "settings": {"steps": 8}}, {"seed": 1, "settings": {"steps": 9}})
    ['seed', 'settings.steps']
    """
    found = []
    for name in dict.fromkeys([*before, *now]):
        one, other = before.get(name), now.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found += _differing(one, other, f"{where}{name}.")
        elif one != other:
            found.append(f"{where}{name}")
    return found


def _run_of(kept: Path) -> dict[str, Any] | None:
    """Return the run that a folder has steps of; None if no step has begun.

    Raises:
        InputError: it holds something else, which is never removed.
    """
    if kept.exists() and not kept.is_dir():
        raise InputError(f"{kept} is a file, where steps would be: choose another folder.")
    names = set(os.listdir(kept)) if kept.exists() else set()
    if not names:
        return None
    try:
        run = json.loads((kept / _RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        run = None
    if not isinstance(run, dict) or not {"subject", "seed", "settings"} <= run.keys():
        raise InputError(
            f"{kept} is not known to hold steps of a run (its {_RUN} is missing or damaged), and "
            "is not removed: choose another folder, or remove it yourself."
        )
    return run if names > {_RUN} else None


def _remove(kept: Path) -> None:
    """Remove a folder of steps, if there is one."""
    try:
        if kept.exists():
            shutil.rmtree(kept)
    except OSError as error:
        raise InputError(
            f"{kept} cannot be removed ({error.strerror or error}): choose another folder."
        ) from error


def _read(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        return {"seconds": float(record["seconds"]), "result": record["result"]}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file} is damaged: expected a step of an interrupted run; delete it, so that it is "
            "done again."
        ) from error
