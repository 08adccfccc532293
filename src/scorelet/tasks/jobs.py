"""Many files, one after the other: a broken one stops nobody, a killed job goes on.

A job has a journal beside its results, one JSON line per finished file. Results are written
atomically before their line, so a file counts as done exactly when both are there.
"""

import glob
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from scorelet.core.errors import InputError, ScoreletError
from scorelet.data import find_pictures

JOURNAL = ".scorelet-{verb}.jsonl"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """One file to make from another."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a report with its input and output, or why there is none."""

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
        work: makes task.target and returns a JSON-serialisable report; paths are added to it.
        verb: names the journal.
        settings: what the results depend on; a resumed job repeats files made with others.
        resume: skip files that the journal and the folder both have.
        overwrite: replace what exists, the sources included.

    Raises:
        InputError: without `overwrite`, a target is one of the sources, or it exists and `resume`
            was not asked for; nothing has been written then.
    """
    if not overwrite:
        _refuse_existing(tasks, resume=resume)
    journal = _Journal(verb, settings, remember=resume)
    for task in tasks:
        done = journal.report(task)
        if done is not None:
            yield Outcome(task, _with_paths(task, done), resumed=True)
            continue
        yield _run_one(task, work, journal)


def _run_one(task: Task, work: Callable[[Task], dict[str, Any]], journal: "_Journal") -> Outcome:
    try:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(task.target)
        report = work(task)
        journal.add(task, report)
    except Exception as error:  # whatever it is, the other files are done
        _log.debug("%s failed", task.source, exc_info=True)
        return Outcome(task, None, _sentence(task, error))
    return Outcome(task, _with_paths(task, report))


def _with_paths(task: Task, report: dict[str, Any]) -> dict[str, Any]:
    return {"input": str(task.source), "output": str(task.target), **report}


def _sentence(task: Task, error: Exception) -> str:
    """Say what went wrong in one sentence that names the file."""
    text = " ".join(str(error).split())
    if isinstance(error, ScoreletError):
        named = str(task.source) in text or str(task.target) in text
        return text if named else f"{task.source}: {text}"
    if isinstance(error, OSError):
        return f"{task.target} cannot be written: {error.strerror or text}."
    if isinstance(error, MemoryError) or "memory" in text:  # torch raises RuntimeError
        return f"{task.source}: out of memory; try a smaller --tile."
    return (
        f"{task.source}: {type(error).__name__}: {text}. This is a bug in scorelet: please report "
        "it with the output of the same command and --debug."
    )


def _remove_leftovers(target: Path) -> None:
    """Remove the temporary files that a killed job left of this target (see `atomic_path`)."""
    name = glob.escape(target.stem[:40]), glob.escape(target.suffix)
    for partial in target.parent.glob(f".{name[0]}-????????.partial{name[1]}"):
        partial.unlink(missing_ok=True)


class _Journal:
    """Journals by folder, read once, appended to."""

    def __init__(self, verb: str, settings: dict[str, Any], *, remember: bool) -> None:
        self.name = JOURNAL.format(verb=verb)
        self.key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        self.remember = remember
        self.folders: dict[Path, dict[str, dict[str, Any]]] = {}

    def report(self, task: Task) -> dict[str, Any] | None:
        """Return the report of a finished task, or None."""
        if not (self.remember and task.target.is_file() and task.source.is_file()):
            return None
        line = self._lines(task.target.parent).get(task.target.name)
        return line["report"] if line and line["key"] == self._key(task) else None

    def add(self, task: Task, report: dict[str, Any]) -> None:
        """Append a line: `task` is done."""
        line = {"target": task.target.name, "key": self._key(task), "report": report}
        with (task.target.parent / self.name).open("ab+") as stream:
            stream.write(_line_break(stream) + json.dumps(line).encode() + b"\n")

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
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:  # the last line of a killed job
                continue
            if isinstance(line, dict) and {"target", "key", "report"} <= line.keys():
                lines[line["target"]] = line
    return lines


def _line_break(journal: BinaryIO) -> bytes:
    """Return what ends the last line of a journal, where a killed job has not."""
    if journal.seek(0, os.SEEK_END) == 0:
        return b""
    journal.seek(-1, os.SEEK_END)
    return b"" if journal.read(1) == b"\n" else b"\n"


def _tasks_of(path: Path, output: Path | None, suffix: str) -> list[Task]:
    if path.is_dir():
        root = output or _beside(path, suffix)
        found = [p for p in find_pictures(path) if root.resolve() not in p.resolve().parents]
        if not found:
            raise InputError(f"{path} contains no pictures but those in {root}: nothing to do.")
        return [Task(source, root / source.relative_to(path)) for source in found]
    if output is not None:
        return [Task(path, output / path.name)]
    return [Task(path, path.with_name(f"{path.stem}{suffix}{path.suffix}"))]


def _beside(folder: Path, suffix: str) -> Path:
    named = folder if folder.name not in ("", "..") else folder.resolve()  # "." has no name
    return named.with_name(named.name + suffix)


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
    existing = [task.target for task in tasks if task.target.exists()]
    sources = {_identity(task.source) for task in tasks if task.source.exists()}
    for target in existing:
        if _identity(target) in sources:
            raise InputError(f"{target} is an input itself: choose another -o, or add --overwrite.")
    if existing and not resume:
        more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        raise InputError(
            f"{existing[0]}{more} exist{'' if more else 's'} already: add --resume to keep what is "
            "finished, or --overwrite to make everything anew."
        )


def _identity(path: Path) -> tuple[int, int]:
    """Tell files apart whatever they are called: links and other spellings are the same file."""
    status = path.stat()
    return status.st_dev, status.st_ino
