"""Locks of the operating system on files: whatever ends the process ends its locks.

A lock belongs to an opening of a file. Where the system or the disk knows no such locks (Windows,
some network disks) there are none.
"""

import errno
import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

HAS_LOCKS = fcntl is not None


def lock(descriptor: int, *, wait: bool = False) -> bool:
    """Lock an open file, unless another opening of it is; True also where there are no locks.

    Args:
        descriptor: of the file.
        wait: until the other opening lets go of it.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
    return True


def is_locked(path: Path) -> bool:
    """Whether somebody has locked a file; False if it cannot be opened."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not lock(descriptor)
    finally:
        os.close(descriptor)


def remove_unlocked(path: Path) -> None:
    """Remove a file that nobody has locked, and that may be written to, if it is there.

    It is locked until it is gone, so that nobody removes what another process puts in its place.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return
    if fcntl is None:
        os.close(descriptor)  # an open file could not be removed there
        path.unlink(missing_ok=True)
        return
    try:
        if lock(descriptor) and is_at(descriptor, path):
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that has this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
