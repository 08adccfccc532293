"""Many files, one after the other: a broken one stops nobody, a killed job goes on."""

import errno
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from scorelet.core.ending import end_if_told
from scorelet.core.errors import InputError, ScoreletError
from scorelet.core.files import refuse_other_writer, remove_leftovers
from scorelet.core.paths import exists
from scorelet.tasks.array_files import check_folder
from scorelet.tasks.journal import Journal, digest, digest_or_none
from scorelet.tasks.locks import Locks
from scorelet.tasks.planning import FileTask, identity

Report = dict[str, Any]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What the system says of a disk that takes no file more."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Publish:
    """Says that a file is whole, before it gets its name; refuses what was made there meanwhile.

    Attributes:
        task: what is made.
        journal: is told; None: there is none.
        resume, overwrite: see `run_tasks`.
        source: the digest of the source before it was read, so that of one that changes meanwhile
            another result is made when the job goes on; empty if it could not be read.
    """

    task: FileTask
    journal: Journal | None
    resume: bool
    overwrite: bool
    source: str = ""

    def __call__(self, temporary: Path, report: Report) -> None:
        """Say that the target is whole."""
        self.file(self.task.target, temporary, report)

    def file(self, path: Path, temporary: Path, report: Report | None = None) -> None:
        """Say that a file is whole: the target, or one beside it."""
        if not self.overwrite:
            _refuse_existing([self.task], [path], self.journal, resume=self.resume)
        if self.journal:
            self.journal.add(path, self.source, digest(temporary), report or {})


Work = Callable[[FileTask, Publish], Report]
"""Makes task.target, and what is beside it, and returns a JSON-serialisable report. It calls
publish(temporary, report) when the result is whole, before it gets its name (see `write_pages`),
and before that publish.file(path, temporary) for each file beside it."""


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a report with its input and output, or why there is none.

    Attributes:
        task: what was to be made.
        report: see `Work`.
        error: a sentence; None: there is none.
        resumed: it was made by the job that goes on.
        ends: the job, because the files after it would fail in the same way.
    """

    task: FileTask
    report: Report | None
    error: str | None = None
    resumed: bool = False
    ends: bool = False


def run_tasks(
    tasks: list[FileTask],
    work: Work,
    *,
    verb: str,
    settings: dict[str, Any],
    resume: bool = False,
    overwrite: bool = False,
    journal: bool = True,
    writes: bool = True,
) -> Iterator[Outcome]:
    """Run `work` on every task and yield what became of it.

    A job with a journal ends with the first error that all other files would meet, too: the disk
    takes no file more, or nothing may be written to the folders. What was finished is kept.

    Args:
        tasks: from `plan_tasks`.
        work: see `Work`.
        verb: names the journal.
        settings: what the results depend on; a resumed job repeats files made with others.
        resume: skip files that are finished; replace those that such a job has made.
        overwrite: replace files that exist, the sources included.
        journal: keep one; a job of one file has no need of it. The folders of a job with a journal
            are its own until it ends.
        writes: whether there are targets at all; if not, nothing is looked after but the work.

    Raises:
        InputError: without `overwrite`, a target is one of the sources, or it exists and such a
            job has not made it, or `resume` was not asked for; a target is no regular file; another
            job works in one of the folders. Nothing has been written then.
    """
    if not writes:
        for task in tasks:
            ignored = Publish(task, None, resume=False, overwrite=True)
            yield _outcome(task, lambda t=task, p=ignored: work(t, p), writes=False)
        return
    with Locks(verb) as locks:
        for folder in {task.target.parent for task in tasks if not task.problem}:
            (locks.take if journal else locks.heed)(folder)
        book = Journal(verb, settings) if journal else None
        _refuse_irregular(tasks)
        if not overwrite:
            made = [path for task in tasks if not task.problem for path in task.files]
            _refuse_existing(tasks, made, book, resume=resume)
        kept = False
        for task in tasks:
            outcome = _resumed(task, book) if book and resume else None
            if outcome is None:
                publish = Publish(task, book, resume=resume, overwrite=overwrite)
                ends = partial(_ends_job, tasks) if journal else _ends_nothing
                make = partial(_made, task, work, book, locks, publish)
                outcome = _outcome(task, make, ends=ends)
            if outcome.ends:
                yield replace(outcome, error=f"{outcome.error} {_end(kept=kept)}")
                return
            kept = kept or outcome.report is not None
            yield outcome


def _resumed(task: FileTask, journal: Journal) -> Outcome | None:
    """Return what the job that goes on has made of a task; None: nothing."""
    done = journal.report(task.source, task.target, task.beside)
    if done is None or task.problem:
        return None
    return Outcome(task, _with_paths(task, done), resumed=True)


def _end(*, kept: bool) -> str:
    if not kept:
        return "The job ends here."
    return "The job ends here, and what was finished is kept: --resume goes on with it."


def _ends_nothing(_error: Exception) -> bool:
    return False


def _ends_job(tasks: list[FileTask], error: Exception) -> bool:
    """Whether the other files would fail as this one: the disk is full, or nothing may be written.

    Args:
        tasks: of the job.
        error: of one of them.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return True
        cause = cause.__cause__
    return not any(_takes_files(task.target.parent) for task in tasks if not task.problem)


def _takes_files(folder: Path) -> bool:
    """Whether something may be written to a folder, or to the one in which it would be made."""
    place = next(place for place in (folder, *folder.absolute().parents) if exists(place))
    return os.access(place, os.W_OK)


def _outcome(
    task: FileTask,
    make: Callable[[], Report],
    *,
    ends: Callable[[Exception], bool] = _ends_nothing,
    writes: bool = True,
) -> Outcome:
    """Return what `make` reports, or say in a sentence why it does not."""
    if task.problem:
        return Outcome(task, None, task.problem)
    try:
        return Outcome(task, _with_paths(task, make(), writes=writes))
    except Exception as error:  # whatever it is, the other files are done
        end_if_told()
        _log.debug("%s failed", task.source, exc_info=True)
        return Outcome(task, None, _sentence(task, error), ends=ends(error))


def _made(
    task: FileTask, work: Work, journal: Journal | None, locks: Locks, publish: Publish
) -> Report:
    """Make a target; folders that are made for it go again if it is not."""
    folder = task.target.parent
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_folder(task.target)
        if journal:
            locks.take(folder)
            journal.check(task.target)
        for path in task.files:
            refuse_other_writer(path)
            remove_leftovers(path)
        before = digest_or_none(task.source) if journal else None
        return work(task, replace(publish, source=before or ""))
    except Exception:
        if missing:
            locks.drop(folder)
        for path in missing:
            _remove_if_empty(path)
        raise


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        _log.debug("%s is kept", folder)


def _with_paths(task: FileTask, report: Report, *, writes: bool = True) -> Report:
    output = {"output": str(task.target)} if writes else {}
    return {"input": str(task.source), **output, **report}


def _sentence(task: FileTask, error: Exception) -> str:
    """Say what went wrong in one sentence that names the file."""
    text = " ".join(str(error).split())
    if isinstance(error, ScoreletError):
        named = str(task.source) in text or str(task.target) in text
        return text if named else f"{task.source}: {text}"
    if isinstance(error, PermissionError | FileNotFoundError) and error.filename == str(
        task.source
    ):
        return f"{task.source} cannot be read: {error.strerror}."
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{task.target} cannot be written: {error.filename} is no folder; choose another -o."
    if isinstance(error, OSError):
        return f"{task.target} cannot be written: {error.strerror or text}."
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in text):
        return f"{task.source}: out of memory; cut it, or choose a smaller --tile if there is one."
    return (
        f"{task.source}: {type(error).__name__}: {text}. This is a bug in scorelet: please report "
        "it with the output of the same command and --debug."
    )


def _refuse_irregular(tasks: list[FileTask]) -> None:
    """Refuse to put a file in the place of a folder, a device or a pipe, whatever was asked for."""
    for path in (path for task in tasks if not task.problem for path in task.files):
        if exists(path) and not path.is_file():
            raise InputError(
                f"{path} is a folder, a device or a pipe, which no file may replace: choose "
                "another -o."
            )


def _refuse_existing(
    tasks: Sequence[FileTask], made: Sequence[Path], journal: Journal | None, *, resume: bool
) -> None:
    """Refuse to touch what was there before; when resuming, what a job has made may be touched."""
    existing = [path for path in made if exists(path)]
    planned = (task for task in tasks if not task.problem)
    sources = {identity(task.source) for task in planned if task.source.exists()}
    for target in existing:
        if identity(target) in sources:
            raise InputError(f"{target} is an input itself: choose another -o, or add --overwrite.")
    foreign = [t for t in existing if not (resume and journal and journal.made(t))]
    if not foreign:
        return
    more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
    verb = "exist" if more else "exists"
    if resume and not journal:
        hint = ", and a job of one file is not resumed: choose another -o, or add --overwrite."
    elif resume:
        hint = (
            f" and no job that can go on has made {'them' if more else 'it'}: choose another -o, "
            "or add --overwrite to make everything anew."
        )
    elif journal:
        hint = ": add --resume to keep what is finished, or --overwrite to make everything anew."
    else:
        hint = ": choose another -o, or add --overwrite."
    raise InputError(f"{foreign[0]}{more} {verb} already{hint}")
