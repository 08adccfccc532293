"""Atomic writes: a file is there whole, or it is not there."""

import glob
import os
import tempfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(target: Path) -> Generator[Path]:
    """Yield a temporary path beside `target`; on success fsync it and rename it to `target`.

    The temporary name starts with a dot and keeps the suffix, because writers choose the format
    by it. On any exception the temporary file is removed and `target` keeps what it had. A file
    that is replaced leaves its permissions; a link is followed.
    """
    target = Path(os.path.realpath(target))
    descriptor, name = tempfile.mkstemp(
        dir=target.parent, prefix=_prefix(target), suffix=f".partial{target.suffix}"
    )
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.chmod(temporary, target.stat().st_mode & 0o7777 if target.exists() else _mode())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write `text` (UTF-8) atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def remove_leftovers(target: Path) -> None:
    """Remove the temporary files of this target that a killed process has left."""
    target = Path(os.path.realpath(target))
    name, suffix = glob.escape(_prefix(target)), glob.escape(target.suffix)
    for partial in target.parent.glob(f"{name}????????.partial{suffix}"):
        partial.unlink(missing_ok=True)


def _prefix(target: Path) -> str:
    """A hidden name that other targets do not share, short enough for any file system."""
    return f".{target.stem[:40]}-{zlib.crc32(os.fsencode(target.name)):08x}-"


def _mode() -> int:
    """Permissions of a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
