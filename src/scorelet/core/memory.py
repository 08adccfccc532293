"""Memory: what is free, and how it is kept.

By default glibc gives every buffer above 32 MB back to the kernel when it is freed; the next one
arrives as untouched pages that must be mapped and zeroed, one fault for every 4 kB. A U-Net frees
and takes such buffers all the time, and waits for these faults; so it may be asked, on Linux, to
use memory again instead of returning it.
"""

import ctypes
import sys
from functools import cache
from pathlib import Path

from scorelet.core.errors import InputError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # names and values of glibc's malloc.h
LARGE = 1 << 30


@cache
def keep_large_buffers() -> bool:
    """Ask the allocator of this process to keep buffers below 1 GB; return whether it does.

    The peak of resident memory stays the same; between two peaks less is returned. Elsewhere than
    on glibc nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE)) and bool(mallopt(M_TRIM_THRESHOLD, LARGE))


def refuse_beyond_memory(need: int, what: str, advice: str) -> None:
    """Refuse what needs more bytes than are free, where the machine says how many are.

    Args:
        need: in bytes.
        what: would take them.
        advice: what to do instead.

    Raises:
        InputError: there is not so much.
    """
    free = available_memory()
    if free is not None and need > free:
        raise InputError(
            f"{what[0].upper()}{what[1:]} would take {need / 1e9:.3g} GB, and {free / 1e9:.3g} GB "
            f"are free: {advice}."
        )


def available_memory() -> int | None:
    """Return the bytes that this machine can give without swapping; None where it does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    kilobytes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024 * int(kilobytes[0]) if kilobytes else None
