"""Many files, one after the other: a broken one stops nobody, a killed job goes on.

A job has a journal beside its results, one JSON line per finished file. Results are written
atomically before their line, so a file counts as done exactly when both are there.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError, ScoreletError
from scorelet.data import find_pictures

JOURNAL = ".scorelet-{verb}.jsonl"


@dataclass(frozen=True)
class Task:
    """One file to make from another."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a report, or the sentence that says why not."""

    task: Task
    report: dict[str, Any] | None
    error: str | None = None
    resumed: bool = False


def plan_tasks(paths: list[Path], output: Path | None, *, suffix: str) -> list[Task]:
    """Pair every picture of `paths` (files and folders) with its target.

    Args:
        paths: files and folders; folders are walked.
        output: None: beside the source, as ``photo<suffix>.png`` or ``folder<suffix>/``; for one
            file the name of its target, or a folder; for several a folder.
        suffix: what default names get, for example "_denoised".

    Raises:
        InputError: no paths, a folder without pictures, or two sources with one target.
    """
    if not paths:
        raise InputError("No picture was named: give files or folders.")
    single = len(paths) == 1 and not paths[0].is_dir()
    if single and output is not None and not _is_folder(output):
        return [Task(paths[0], output)]
    if not single and output is not None and output.is_file():
        raise InputError(f"{output} is a file, but several results need a folder.")
    tasks = [task for path in paths for task in _tasks_of(path, output, suffix)]
    _refuse_collisions(tasks)
    return tasks


def run_tasks(
    tasks: list[Task],
    work: Callable[[Task], dict[str, Any]],
    *,
    verb: str,
    settings: dict[str, Any],
    resume: bool = False,
    overwrite: bool = False,
) -> Iterator[Outcome]:
    """Run `work` on every task and yield what became of it.

    Args:
        tasks: from `plan_tasks`.
        work: makes task.target and returns a JSON-serialisable report.
        verb: names the journal.
        settings: what the results depend on; a resumed job repeats files made with others.
        resume: skip files that the journal and the folder both have.
        overwrite: replace what exists, the sources included.

    Raises:
        InputError: a target exists, or is its own source, and neither `resume` nor `overwrite`
            was asked for; nothing has been written then.
    """
    if not overwrite:
        _refuse_existing(tasks, resume=resume)
    journal = _Journal(verb, settings, remember=resume)
    for task in tasks:
        done = journal.report(task)
        if done is not None:
            yield Outcome(task, done, resumed=True)
            continue
        yield _run_one(task, work, journal)


def _run_one(task: Task, work: Callable[[Task], dict[str, Any]], journal: "_Journal") -> Outcome:
    try:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        journal.clean(task.target.parent)
        report = work(task)
        journal.add(task, report)
    except ScoreletError as error:
        return Outcome(task, None, str(error))
    except OSError as error:
        return Outcome(task, None, f"{task.target} cannot be written: {error.strerror or error}.")
    except MemoryError:
        return Outcome(task, None, f"{task.source}: out of memory; try a smaller --tile.")
    return Outcome(task, report)


class _Journal:
    """Journals by folder, read once, appended to."""

    def __init__(self, verb: str, settings: dict[str, Any], *, remember: bool) -> None:
        self.name = JOURNAL.format(verb=verb)
        self.key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        self.remember = remember
        self.folders: dict[Path, dict[str, dict[str, Any]]] = {}
        self.cleaned: set[Path] = set()

    def report(self, task: Task) -> dict[str, Any] | None:
        """Return the report of a finished task, or None."""
        if not (self.remember and task.target.is_file()):
            return None
        line = self._lines(task.target.parent).get(task.target.name)
        return line["report"] if line and line["key"] == self._key(task) else None

    def add(self, task: Task, report: dict[str, Any]) -> None:
        """Append a line: `task` is done."""
        line = {"target": task.target.name, "key": self._key(task), "report": report}
        with (task.target.parent / self.name).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def clean(self, folder: Path) -> None:
        """Remove half-written files of a killed job, once per folder."""
        if folder not in self.cleaned:
            self.cleaned.add(folder)
            for partial in folder.glob(".*.partial*"):
                partial.unlink(missing_ok=True)

    def _key(self, task: Task) -> str:
        status = task.source.stat()
        return f"{self.key}-{status.st_size}-{status.st_mtime_ns}"

    def _lines(self, folder: Path) -> dict[str, dict[str, Any]]:
        if folder not in self.folders:
            self.folders[folder] = _read_journal(folder / self.name)
        return self.folders[folder]


def _read_journal(path: Path) -> dict[str, dict[str, Any]]:
    lines: dict[str, dict[str, Any]] = {}
    if path.is_file():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:  # the last line of a killed job
                continue
            lines[line["target"]] = line
    return lines


def _tasks_of(path: Path, output: Path | None, suffix: str) -> list[Task]:
    if path.is_dir():
        root = output or path.with_name(path.resolve().name + suffix)
        found = [p for p in find_pictures(path) if root.resolve() not in p.resolve().parents]
        return [Task(source, root / source.relative_to(path)) for source in found]
    if output is not None:
        return [Task(path, output / path.name)]
    return [Task(path, path.with_name(f"{path.stem}{suffix}{path.suffix}"))]


def _is_folder(path: Path) -> bool:
    return path.is_dir() or not path.suffix


def _refuse_collisions(tasks: list[Task]) -> None:
    sources: dict[Path, Path] = {}
    for task in tasks:
        other = sources.setdefault(task.target, task.source)
        if other is not task.source:
            raise InputError(
                f"{other} and {task.source} would both become {task.target}: run them apart."
            )


def _refuse_existing(tasks: list[Task], *, resume: bool) -> None:
    for task in tasks:
        if task.target.exists() and task.source.exists() and task.target.samefile(task.source):
            raise InputError(
                f"{task.target} is the input itself: choose another -o, or add --overwrite."
            )
    existing = [task.target for task in tasks if task.target.exists()]
    if existing and not resume:
        more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        raise InputError(
            f"{existing[0]}{more} exist{'' if more else 's'} already: add --resume to keep what is "
            "finished, or --overwrite to make everything anew."
        )
