"""Memory that is freed is used again."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from scorelet.core import memory
from scorelet.core.errors import InputError
from scorelet.core.memory import available_memory, keep_large_buffers, refuse_beyond_memory

COUNT_FAULTS = """
import ctypes, resource, sys
from scorelet.core.memory import keep_large_buffers

SIZE, ROUNDS = 64 << 20, 8
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(ROUNDS):
        buffer = libc.malloc(SIZE)
        ctypes.memset(buffer, 1, SIZE)
        libc.free(buffer)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

returned = faults()
assert keep_large_buffers()
print(returned, faults())
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an option of glibc's allocator")
def test_a_buffer_that_is_taken_again_costs_no_new_pages():
    """Before, each of 8 rounds maps its pages anew; after, only the first one does."""
    result = subprocess.run(
        [sys.executable, "-c", COUNT_FAULTS], capture_output=True, text=True, check=True
    )
    returned, kept = map(int, result.stdout.split())
    assert kept < returned / 4  # 1/8 and a few faults of the interpreter


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_elsewhere_nothing_happens(monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    assert keep_large_buffers.__wrapped__() is False


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="only Linux says it")
def test_available_memory_is_part_of_all():
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < available_memory() <= total


def test_what_is_free_is_not_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 5 * 10**9)
    refuse_beyond_memory(5 * 10**9, "this", "take less")
    with pytest.raises(InputError, match=r"^This would take 6 GB, and 5 GB are free: take less\.$"):
        refuse_beyond_memory(6 * 10**9, "this", "take less")
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    refuse_beyond_memory(10**15, "this", "take less")
