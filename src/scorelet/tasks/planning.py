"""Which file is made from which: sources, targets, and inputs that cannot be used."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.data import SUFFIXES, find_pictures, suffix_for_result


@dataclass(frozen=True)
class Task:
    """One file to make from another, or why there is nothing to make."""

    source: Path
    target: Path
    problem: str | None = None


def plan_tasks(paths: list[Path], output: str | Path | None, *, suffix: str) -> list[Task]:
    """Pair every picture of `paths` (files and folders) with its target.

    Args:
        paths: files and folders; folders are walked. What is named twice is done once.
        output: None: beside the source, as ``photo<suffix>.png`` or ``folder<suffix>/``; for one
            file the name of its target, or a folder; for several a folder. A name that ends in a
            slash is a folder. Names that are not given end as `suffix_for_result` says.
        suffix: what default names get, for example "_denoised".

    A path that does not exist, a folder without pictures and the like become tasks with a
    problem, so that the others are done.

    Raises:
        InputError: no paths, a file as the output of several, or two sources with one target.
    """
    if not paths:
        raise InputError("No picture was named: give files or folders.")
    paths = list(dict.fromkeys(paths))
    single = len(paths) == 1 and not _is_folder(paths[0])
    folder = output is None or _is_folder(Path(output)) or _named_as_folder(str(output))
    if single and not folder:
        return [_task(paths[0], Path(output))]
    if output is not None and not single and _is_file_name(Path(output)):
        raise InputError(f"{output} is the name of a file, but several results need a folder.")
    root = None if output is None else Path(output)
    return _without_collisions([task for path in paths for task in _tasks_of(path, root, suffix)])


def identity(path: Path) -> tuple[int, int]:
    """Tell files apart whatever they are called: links and other spellings are the same file."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _tasks_of(path: Path, output: Path | None, suffix: str) -> Iterator[Task]:
    if _is_folder(path):
        yield from _tasks_in(path, output or _beside(path, suffix))
    elif output is not None:
        yield _task(path, output / _named(path).name)
    else:
        yield _task(path, path.with_name(f"{path.stem}{suffix}{suffix_for_result(path)}"))


def _tasks_in(folder: Path, root: Path) -> Iterator[Task]:
    """Pair the pictures of a folder; those in `root` are results if it lies inside the folder."""
    locked: list[OSError] = []
    for _ in os.walk(folder, onerror=locked.append):
        pass
    for error in locked:
        where = Path(error.filename)
        yield Task(where, where, f"{where} cannot be read: {error.strerror}.")
    try:
        found = find_pictures(folder)
    except InputError as error:
        if not locked:
            yield Task(folder, folder, str(error))
        return
    inside = root.resolve()
    if folder.resolve() in inside.parents:
        found = [path for path in found if inside not in path.resolve().parents]
    if not found:
        yield Task(folder, folder, f"{folder} contains no pictures but those in {root}.")
    for source in found:
        yield Task(source, root / _named(source.relative_to(folder), folder))


def _named(path: Path, folder: Path = Path()) -> Path:
    """Return the name of the result of `path`, which is read from `folder`."""
    return path.with_suffix(suffix_for_result(folder / path))


def _task(source: Path, target: Path) -> Task:
    try:
        source.stat()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        return Task(
            source,
            target,
            f"There is no file or folder {source}: check the path."
            if missing
            else f"{source} cannot be read: {error.strerror}.",
        )
    return Task(source, target)


def _without_collisions(tasks: list[Task]) -> list[Task]:
    """Drop what is planned twice; refuse two sources of one target."""
    planned: dict[Path, Task] = {}
    for task in tasks:
        other = planned.setdefault(task.target, task)
        if other is not task and not _same(other.source, task.source):
            raise InputError(
                f"{other.source} and {task.source} would both become {task.target}: run them apart."
            )
    return list(planned.values())


def _same(path: Path, other: Path) -> bool:
    return path == other or (path.exists() and other.exists() and path.samefile(other))


def _beside(folder: Path, suffix: str) -> Path:
    named = folder if folder.name not in ("", "..") else folder.resolve()  # "." has no name
    return named.with_name(named.name + suffix)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # its parent may not be entered: `_task` says so
        return False


def _named_as_folder(output: str) -> bool:
    return output.endswith(("/", os.sep)) or not Path(output).suffix


def _is_file_name(output: Path) -> bool:
    return output.is_file() or (not output.is_dir() and output.suffix.lower() in SUFFIXES)
