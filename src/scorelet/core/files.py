"""Files: atomic writes (a file is there whole, or it is not there), and what may be opened."""

import glob
import os
import stat
import tempfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from scorelet.core.errors import InputError, ScoreletError
from scorelet.core.file_locks import HAS_LOCKS, is_at, is_locked, lock


@contextmanager
def atomic_path(target: Path) -> Generator[Path]:
    """Yield a temporary path beside `target`; on success fsync it and rename it to `target`.

    The temporary name starts with a dot and keeps the suffix, because writers choose the format
    by it. On any exception the temporary file is removed and `target` keeps what it had. A file
    that is replaced leaves its permissions; a link is followed. The temporary file is locked, so
    that nobody takes it for a leftover.

    Raises:
        InputError: `target` is a device or a pipe, which renaming would remove.
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
    for partial in _partial_files(target):
        if not is_locked(partial):
            partial.unlink(missing_ok=True)


def refuse_other_writer(target: Path) -> None:
    """Refuse a target that another process is writing.

    Raises:
        InputError: one is.
    """
    if any(is_locked(partial) for partial in _partial_files(target)):
        raise InputError(
            f"Another scorelet job is writing {target}: wait until it ends, or choose another -o."
        )


def _locked_temporary(target: Path) -> tuple[int, Path]:
    """Make an empty file beside a target; return its name, and the descriptor that locks it."""
    while True:
        descriptor, name = tempfile.mkstemp(
            dir=target.parent, prefix=_prefix(target), suffix=f".partial{target.suffix}"
        )
        if not HAS_LOCKS:
            os.close(descriptor)  # an open file could not be renamed there
            return descriptor, Path(name)
        lock(descriptor)
        if is_at(descriptor, Path(name)):
            return descriptor, Path(name)
        os.close(descriptor)  # it was removed as a leftover before it was locked


def _partial_files(target: Path) -> list[Path]:
    target = Path(os.path.realpath(target))
    name, suffix = glob.escape(_prefix(target)), glob.escape(target.suffix)
    return list(target.parent.glob(f"{name}????????.partial{suffix}"))


def _prefix(target: Path) -> str:
    """A hidden name that other targets do not share, short enough for any file system."""
    return f".{target.stem[:40]}-{zlib.crc32(os.fsencode(target.name)):08x}-"


def _mode() -> int:
    """Permissions of a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
