"""Files: atomic writes (a file is there whole, or it is not there), and what may be opened."""

import os
import stat
import time
import zlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

from scorelet.core.errors import InputError, ScoreletError
from scorelet.core.file_locks import HAS_LOCKS, is_at, is_locked, lock, remove_unlocked

_NAMES = 8
"""How many temporary files one target may have: whoever looks for them asks for each name, which
takes as long in a folder of a million files as in an empty one."""


@contextmanager
def atomic_path(target: Path) -> Generator[Path]:
    """Yield a temporary path beside `target`; on success fsync it and rename it to `target`.

    The temporary name starts with a dot and keeps the suffix, because writers choose the format
    by it. On any exception the temporary file is removed and `target` keeps what it had. A file
    that is replaced leaves its permissions; a link is followed. The temporary file is locked, so
    that nobody takes it for a leftover.

    Raises:
        InputError: `target` is a device or a pipe, which renaming would remove; or as many others
            are writing it as there are temporary names.
        OSError: it is a folder, or the system refuses.
    """
    target = Path(os.path.realpath(target))
    if target.exists() and not (target.is_file() or target.is_dir()):
        raise InputError(
            f"{target} is a device or a pipe, which is not replaced by a file: choose another name."
        )
    descriptor, temporary = _locked_temporary(target)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.chmod(temporary, target.stat().st_mode & 0o7777 if target.exists() else _mode())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
        if HAS_LOCKS:
            os.close(descriptor)


def check_regular(
    path: Path, *, what: str = "a file", error: type[ScoreletError] = InputError
) -> None:
    """Refuse what exists and is no regular file; a pipe or device may never come to an end.

    Args:
        path: that is to be opened; a link is followed. One that does not exist passes: opening it
            says so.
        what: is expected, with its article.
        error: to be raised.

    Raises:
        ScoreletError: of the kind `error`.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
        hint = "name one of the files in it" if stat.S_ISDIR(mode) else "save it to disk first"
        raise error(f"{path} is {kind}; expected {what}: {hint}.")


def write_text(target: Path, text: str) -> None:
    """Write `text` (UTF-8) atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def remove_leftovers(target: Path) -> None:
    """Remove the temporary files of this target that a killed process has left."""
    for partial in _partial_names(target):
        remove_unlocked(partial)


def refuse_other_writer(target: Path) -> None:
    """Refuse a target that another process is writing.

    Raises:
        InputError: one is.
    """
    if _is_written(target):
        raise _taken(target)


def _is_written(target: Path) -> bool:
    """Whether another process is writing a target.

    One that only asks this, or that removes a leftover, locks it for a moment, too: a lock counts
    if it is still there when the moment is over.
    """
    locked = [partial for partial in _partial_names(target) if is_locked(partial)]
    if not locked:
        return False
    time.sleep(0.1)
    return any(is_locked(partial) for partial in locked)


def _taken(target: Path) -> InputError:
    return InputError(
        f"Another scorelet job is writing {target}: wait until it ends, or choose another -o."
    )


def _locked_temporary(target: Path) -> tuple[int, Path]:
    """Make an empty file beside a target; return its name, and the descriptor that locks it."""
    for descriptor, partial in _new_files(target):
        if not HAS_LOCKS:
            os.close(descriptor)  # an open file could not be renamed there
            return descriptor, partial
        lock(descriptor, wait=True)  # who asks for it, or removes it, has it for a moment only
        if is_at(descriptor, partial):
            return descriptor, partial
        os.close(descriptor)  # it was removed as a leftover before it was locked
    raise _taken(target)


def _new_files(target: Path) -> Generator[tuple[int, Path]]:
    """Make files under the names that are free; one of any name if nobody is writing the others.

    Those are leftovers then that may not be removed, of other users or no files.
    """
    names = _partial_names(target)
    for turn, partial in enumerate([*names, *names]):
        if turn == len(names):  # none was free
            remove_leftovers(target)
        with suppress(FileExistsError):
            yield os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), partial
    if not _is_written(target):
        first = names[0]
        descriptor, name = mkstemp(first.suffix, f"{first.stem}-", first.parent)
        yield descriptor, Path(name)


def _partial_names(target: Path) -> list[Path]:
    """Hidden names that other targets do not share, short enough for any file system."""
    target = Path(os.path.realpath(target))
    name = f".{target.stem[:40]}-{zlib.crc32(os.fsencode(target.name)):08x}"
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= 40 else ""  # none that says a kind
    return [target.with_name(f"{name}-{k}.partial{suffix}") for k in range(_NAMES)]


def _mode() -> int:
    """Permissions of a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
