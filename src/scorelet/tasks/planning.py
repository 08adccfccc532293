"""Which file is made from which: sources, targets, and inputs that cannot be used."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.core.paths import as_path, exists
from scorelet.core.progress import Say
from scorelet.data import SUFFIXES, suffix_for_result
from scorelet.data.pictures.folders import pictures_and_others, skipped_sentence


@dataclass(frozen=True)
class FileTask:
    """One file to make from another, or why there is nothing to make.

    Attributes:
        source, target: from which, and which.
        problem: why there is nothing to make.
        beside: other files that are made with it.
    """

    source: Path
    target: Path
    problem: str | None = None
    beside: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All that is made, the target last."""
        return (*self.beside, self.target)


def plan_tasks(
    paths: Sequence[str | Path],
    output: str | Path | None,
    *,
    suffix: str,
    form: str | None = None,
    beside: str | None = None,
    say: Say = lambda _text: None,
) -> list[FileTask]:
    """Pair every picture of `paths` (files and folders) with its target.

    Args:
        paths: files and folders; folders are walked. What is named twice is done once.
        output: None: beside the source, as ``photo<suffix>.png`` or ``folder<suffix>/``; for one
            file the name of its target, or a folder; for several a folder. A name that ends in a
            slash is a folder. Names that are not given end as `suffix_for_result` says.
        suffix: what default names get, for example "_denoised". A picture that is called so, and
            whose original is among the others, is an earlier result and is left out.
        form: of results whose names are not given, see `suffix_for_result`; None: the source's.
        beside: a pattern of what is added to the names of targets for files beside them; such
            files are left out as earlier results are.
        say: called with sentences without a full stop, about what is left out.

    A path that does not exist, a folder without pictures, sources with one target and the like
    become tasks with a problem, so that the others are done.

    Raises:
        InputError: no paths, an empty one, a file as the output of several, or an output that is
            named as one kind and wanted as another.
    """
    if str(output) == "-":
        raise InputError(
            "The output is -, and results are not written to pipes: choose the name of a file or "
            "a folder as -o."
        )
    found = _named(paths)
    single = len(found) == 1 and not _is_folder(found[0])
    root = None if output is None else as_path(output, name="output")
    folder = root is None or _is_folder(root) or named_as_folder(str(output))
    if single and root is not None and not folder:
        _refuse_two_kinds(root, form)
        return [_task(found[0], root)]
    if folder and root is not None and exists(root) and not _is_folder(root):
        what = "a file" if root.is_file() else "a device or a pipe"
        raise InputError(
            f"{output} is {what}; expected a folder, or a name with the suffix of a picture: "
            "choose another -o."
        )
    if root is not None and not single and _is_file_name(root):
        raise InputError(f"{output} is the name of a file, but several results need a folder.")
    names = Names(suffix, form, beside)
    tasks = [task for path in found for task in _tasks_of(path, root, names, say)]
    return _without_clashes(_done_once(_without_results(tasks, names, say)))


def _refuse_two_kinds(target: Path, form: str | None) -> None:
    """Refuse a form beside a target that is named as another."""
    if form is None:
        return
    suffix = suffix_for_result(target, form)
    if suffix != target.suffix:
        raise InputError(
            f"The result {target} is named, and the format {form} is for results that are not: "
            f"leave one out, or name it {target.with_suffix(suffix).name}."
        )


def identity(path: Path) -> tuple[int, int]:
    """Tell files apart whatever they are called: links and other spellings are the same file."""
    status = path.stat()
    return status.st_dev, status.st_ino


@dataclass(frozen=True)
class Names:
    """How results are called whose names are not given: `plan_tasks` has the arguments."""

    suffix: str
    form: str | None
    beside: str | None

    def ending(self, source: Path) -> str:
        """Return the suffix of the result of a file."""
        return suffix_for_result(source, self.form)

    def earlier(self, source: Path) -> set[Path]:
        """Return what a file may be the result of, without suffixes."""
        whole = source.with_suffix("")
        paths = {whole}
        if self.beside is not None:
            paths.add(whole.with_name(re.sub(f"(?<=.)(?:{self.beside})$", "", whole.name)))
        found = set()
        for path in paths:
            for place in (path, *path.parents):
                if place.name.endswith(self.suffix) and place.name != self.suffix:
                    original = place.with_name(place.name.removesuffix(self.suffix))
                    found.add(original / path.relative_to(place) if place != path else original)
        return found


def _tasks_of(path: Path, output: Path | None, names: Names, say: Say) -> Iterator[FileTask]:
    if _is_folder(path):
        yield from _tasks_in(path, output or _beside(path, names.suffix), names, say)
    elif output is not None:
        yield _task(path, output / path.with_suffix(names.ending(path)).name)
    else:
        yield _task(path, path.with_name(f"{path.stem}{names.suffix}{names.ending(path)}"))


def with_beside(
    tasks: Sequence[FileTask], beside: Callable[[Path], Sequence[Path]]
) -> list[FileTask]:
    """Return tasks that make other files beside their targets, too.

    Args:
        tasks: from `plan_tasks`.
        beside: returns what is made beside a target.

    Inputs from which one file would be made become tasks with a problem, as in `plan_tasks`.

    Raises:
        InputError: one of them is an input, or would be one the next time, as a target is.
    """
    found = [
        task if task.problem else replace(task, beside=tuple(beside(task.target))) for task in tasks
    ]
    usable = [task for task in found if not task.problem]
    sources = {identity(task.source) for task in usable}
    for task in usable:
        in_place = task.target.exists() and identity(task.target) in sources
        if in_place and task.beside and len(usable) > 1:
            raise InputError(
                f"{task.target} is an input itself, and {task.beside[0].name} beside it would be "
                "one the next time: choose another -o."
            )
        for path in task.beside:
            if path.exists() and identity(path) in sources:
                raise InputError(
                    f"{path} is an input, and is to be made beside {task.target}: choose another "
                    "-o."
                )
    return _without_clashes(found)


def plan_reading(paths: Sequence[str | Path], *, say: Say = lambda _text: None) -> list[FileTask]:
    """Return every picture of `paths` once, whatever it is called: nothing is made beside it.

    Args and errors are those of `plan_tasks`; the targets are the pictures themselves.
    """
    tasks = [
        task
        for path in _named(paths)
        for task in (_found_in(path, say) if _is_folder(path) else [_task(path, path)])
    ]
    return list({task.source: task for task in tasks}.values())


def _named(paths: Sequence[str | Path]) -> list[Path]:
    if not paths:
        raise InputError("No picture was named: give files or folders.")
    return list(dict.fromkeys(as_path(path) for path in paths))


def _found_in(folder: Path, say: Say) -> Iterator[FileTask]:
    """Return the pictures of a folder as their own targets, and what cannot be looked at."""
    locked = list(_locked_folders(folder))
    yield from locked
    try:
        contents = pictures_and_others(folder)
    except InputError as error:
        if not locked:
            yield FileTask(folder, folder, str(error))
        return
    if contents.skipped:
        say(f"in {folder}, {skipped_sentence(contents.skipped)}")
    yield from (FileTask(source, source) for source in contents.pictures)


def _tasks_in(folder: Path, root: Path, names: Names, say: Say) -> Iterator[FileTask]:
    """Pair the pictures of a folder; those in `root` are results if it lies inside the folder."""
    tasks = list(_found_in(folder, say))
    yield from (task for task in tasks if task.problem)
    found = every = [task.source for task in tasks if not task.problem]
    inside = root.resolve()
    if folder.resolve() in inside.parents:
        found = [path for path in found if inside not in path.resolve().parents]
    if every and not found:
        yield FileTask(folder, folder, f"{folder} contains no pictures but those in {root}.")
    for source in found:
        named = source.relative_to(folder).with_suffix(names.ending(source))
        yield FileTask(source, root / named)


def _locked_folders(folder: Path) -> Iterator[FileTask]:
    locked: list[OSError] = []
    for _ in os.walk(folder, onerror=locked.append):
        pass
    for error in locked:
        where = Path(error.filename)
        yield FileTask(where, where, f"{where} cannot be read: {error.strerror}.")


def _without_results(tasks: list[FileTask], names: Names, say: Say) -> list[FileTask]:
    """Leave out what an earlier run has made of others: photo<suffix>.png, folder<suffix>/."""
    originals = {task.source.with_suffix("") for task in tasks}
    kept = [task for task in tasks if not names.earlier(task.source) & originals]
    left = len(tasks) - len(kept)
    if left:
        what = "1 picture is" if left == 1 else f"{left} pictures are"
        say(f"{what} left out, called ...{names.suffix} beside the original")
    return kept


def _task(source: Path, target: Path) -> FileTask:
    try:
        source.stat()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        return FileTask(
            source,
            target,
            f"There is no file or folder {source}: check the path."
            if missing
            else f"{source} cannot be read: {error.strerror}.",
        )
    return FileTask(source, target)


def _done_once(tasks: list[FileTask]) -> list[FileTask]:
    """Drop what is planned twice."""
    planned: dict[Path, list[FileTask]] = {}
    kept = []
    for task in tasks:
        others = planned.setdefault(task.target, [])
        if not any(_same(other.source, task.source) for other in others):
            others.append(task)
            kept.append(task)
    return kept


def _same(path: Path, other: Path) -> bool:
    return path == other or (path.exists() and other.exists() and path.samefile(other))


def _without_clashes(tasks: list[FileTask]) -> list[FileTask]:
    """Say of tasks that would make the same file that they would: none of them is done."""
    makers: dict[Path, list[FileTask]] = {}
    for task in tasks:
        for path in () if task.problem else task.files:
            makers.setdefault(path, []).append(task)
    problems = {
        task: f"{task.source} and {other.source} would both become {path}: run them apart."
        for path, found in makers.items()
        for task, other in zip(found, (*found[1:], found[0]), strict=True)
        if task is not other
    }
    return [replace(task, problem=problems[task]) if task in problems else task for task in tasks]


def _beside(folder: Path, suffix: str) -> Path:
    named = folder if folder.name not in ("", "..") else folder.resolve()  # "." has no name
    return named.with_name(named.name + suffix)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # its parent may not be entered: `_task` says so
        return False


def named_as_folder(output: str) -> bool:
    """Whether an output that may not exist yet is called as a folder: NAME/, or without suffix."""
    return output.endswith(("/", os.sep)) or not Path(output).suffix


def _is_file_name(output: Path) -> bool:
    return output.is_file() or (not output.is_dir() and output.suffix.lower() in SUFFIXES)
