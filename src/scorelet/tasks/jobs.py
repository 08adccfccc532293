"""Many files, one after the other: a broken one stops nobody, a killed job goes on."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError, ScoreletError
from scorelet.core.files import remove_leftovers
from scorelet.tasks.journal import Journal, digest
from scorelet.tasks.planning import Task, identity

Report = dict[str, Any]
Publish = Callable[[Path, Report], None]
Work = Callable[[Task, Publish], Report]
"""Makes task.target and returns a JSON-serialisable report. It calls publish(temporary, report)
when the result is whole, before it gets its name (see `write_pages`)."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a report with its input and output, or why there is none."""

    task: Task
    report: Report | None
    error: str | None = None
    resumed: bool = False


def run_tasks(
    tasks: list[Task],
    work: Work,
    *,
    verb: str,
    settings: dict[str, Any],
    resume: bool = False,
    overwrite: bool = False,
    journal: bool = True,
) -> Iterator[Outcome]:
    """Run `work` on every task and yield what became of it.

    Args:
        tasks: from `plan_tasks`.
        work: see `Work`.
        verb: names the journal.
        settings: what the results depend on; a resumed job repeats files made with others.
        resume: skip files that are finished; replace those that such a job has made.
        overwrite: replace what exists, the sources included.
        journal: keep one; a job of one file has no need of it.

    Raises:
        InputError: without `overwrite`, a target is one of the sources, or it exists and such a
            job has not made it, or `resume` was not asked for; nothing has been written then.
    """
    book = Journal(verb, settings) if journal else None
    if not overwrite:
        _refuse_existing(tasks, book, resume=resume)
    for task in tasks:
        if task.problem:
            yield Outcome(task, None, task.problem)
            continue
        done = book.report(task.source, task.target) if book and resume else None
        if done is not None:
            yield Outcome(task, _with_paths(task, done), resumed=True)
            continue
        yield _run_one(task, work, book)


def _run_one(task: Task, work: Work, journal: Journal | None) -> Outcome:
    missing = [p for p in (task.target.parent, *task.target.parent.parents) if not p.exists()]
    try:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        if journal:
            journal.check(task.target)
        remove_leftovers(task.target)
        report = work(task, _publishing(task, journal))
    except Exception as error:  # whatever it is, the other files are done
        _log.debug("%s failed", task.source, exc_info=True)
        for folder in missing:
            _remove_if_empty(folder)
        return Outcome(task, None, _sentence(task, error))
    return Outcome(task, _with_paths(task, report))


def _publishing(task: Task, journal: Journal | None) -> Publish:
    if journal is None:
        return lambda _temporary, _report: None
    return lambda temporary, report: journal.add(
        task.target, digest(task.source), digest(temporary), report
    )


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        _log.debug("%s is kept", folder)


def _with_paths(task: Task, report: Report) -> Report:
    return {"input": str(task.source), "output": str(task.target), **report}


def _sentence(task: Task, error: Exception) -> str:
    """Say what went wrong in one sentence that names the file."""
    text = " ".join(str(error).split())
    if isinstance(error, ScoreletError):
        named = str(task.source) in text or str(task.target) in text
        return text if named else f"{task.source}: {text}"
    if isinstance(error, PermissionError | FileNotFoundError) and error.filename == str(
        task.source
    ):
        return f"{task.source} cannot be read: {error.strerror}."
    if isinstance(error, OSError):
        return f"{task.target} cannot be written: {error.strerror or text}."
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in text):
        return f"{task.source}: out of memory; cut it, or choose a smaller --tile if there is one."
    return (
        f"{task.source}: {type(error).__name__}: {text}. This is a bug in scorelet: please report "
        "it with the output of the same command and --debug."
    )


def _refuse_existing(tasks: list[Task], journal: Journal | None, *, resume: bool) -> None:
    """Refuse to touch what was there before; when resuming, what a job has made may be touched."""
    planned = [task for task in tasks if not task.problem]
    existing = [task.target for task in planned if task.target.exists()]
    sources = {identity(task.source) for task in planned if task.source.exists()}
    for target in existing:
        if identity(target) in sources:
            raise InputError(f"{target} is an input itself: choose another -o, or add --overwrite.")
    foreign = [t for t in existing if not (resume and journal and journal.made(t))]
    if not foreign:
        return
    more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
    verb = "exist" if more else "exists"
    hint = (
        f"{verb} already and no job that can go on has made {'them' if more else 'it'}: choose "
        "another -o, or add --overwrite to make everything anew."
        if resume
        else f"{verb} already: add --resume to keep what is finished, or --overwrite to make "
        "everything anew."
    )
    raise InputError(f"{foreign[0]}{more} {hint}")
