"""A folder that a job writes to is its own until the job ends.

The lock is one of the operating system on a file that names the process: whatever ends the process
ends the lock, so a file that a killed job has left locks nobody out. Where the system or the disk
knows no such locks (Windows, some network disks) there are none.
"""

import contextlib
import os
import time
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.core.file_locks import HAS_LOCKS, is_at, lock

NAME = ".scorelet-{verb}.lock"


class Locks:
    """The locks of one job, to be used in a `with` statement.

    Args:
        verb: names the files; jobs of other verbs do not count.
    """

    def __init__(self, verb: str) -> None:
        self.name = NAME.format(verb=verb)
        self._held: dict[Path, int] = {}

    def take(self, folder: Path) -> None:
        """Lock a folder; nothing happens if this job has locked it, or if it cannot be locked.

        Raises:
            InputError: another job has it.
        """
        if not HAS_LOCKS or folder in self._held:
            return
        path = folder / self.name
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError:  # what cannot be written to is said when a result is
                return
            if not lock(descriptor):
                raise _refused(descriptor, folder)
            if is_at(descriptor, path):
                break
            os.close(descriptor)  # its last owner has just removed it
        self._held[folder] = descriptor
        with contextlib.suppress(OSError):  # on a full disk it is locked, but does not say by whom
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())

    def heed(self, folder: Path) -> None:
        """Refuse a folder that another job has locked, and lock nothing.

        Raises:
            InputError: another job has it.
        """
        if not HAS_LOCKS or folder in self._held:
            return
        try:
            descriptor = os.open(folder / self.name, os.O_RDWR)
        except OSError:  # nobody has it
            return
        if not lock(descriptor):
            raise _refused(descriptor, folder)
        os.close(descriptor)

    def drop(self, folder: Path) -> None:
        """Unlock a folder, if this job has locked it."""
        descriptor = self._held.pop(folder, None)
        if descriptor is not None:
            (folder / self.name).unlink(missing_ok=True)
            os.close(descriptor)

    def __enter__(self) -> "Locks":
        return self

    def __exit__(self, *_error: object) -> None:
        for folder in list(self._held):
            self.drop(folder)


def _refused(descriptor: int, folder: Path) -> InputError:
    """Say whose a folder is, by what its lock file holds, and close that."""
    other = _owner(descriptor)
    os.close(descriptor)
    return InputError(
        f"Another scorelet job (process {other or 'unknown'}) is writing to {folder}: wait until "
        "it ends, or choose another output."
    )


def _owner(descriptor: int) -> str:
    """Read the number of the process, which it writes a moment after it has locked the file."""
    for _ in range(20):
        text = os.read(descriptor, 32).decode("ascii", "replace").strip()
        if text:
            return text
        time.sleep(0.01)
    return ""
