"""Steps of a long run: what is done is kept on disk, so that an interrupted run goes on."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from scorelet.core.errors import InputError
from scorelet.core.files import write_text


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


def _read(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        return {"seconds": float(record["seconds"]), "result": record["result"]}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file} is damaged: expected a step of an interrupted run; delete it, so that it is "
            "done again."
        ) from error
