"""Keep large buffers: on Linux, memory that is freed is used again instead of returned.

By default glibc gives every buffer above 32 MB back to the kernel when it is freed; the next one
arrives as untouched pages that must be mapped and zeroed, one fault for every 4 kB. A U-Net frees
and takes such buffers all the time, and waits for these faults.
"""

import ctypes
import sys
from functools import cache

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
