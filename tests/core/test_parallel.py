"""Sharing a C function over threads: every call happens, on OpenMP's threads and on Python's."""

import ctypes
import threading

import pytest

from scorelet.core import parallel
from scorelet.core.parallel import C_FUNCTION, run_in_threads


@pytest.mark.parametrize("forked", [False, True], ids=["OpenMP", "Python"])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_function_is_called_once_by_each_thread(monkeypatch, forked, threads):
    monkeypatch.setattr(parallel, "_forked", forked)
    blocks, together = [], threading.Barrier(threads, timeout=30)

    def note(block):
        together.wait()  # nobody passes until all threads are here
        blocks.append(block)

    call = C_FUNCTION(note)
    address = ctypes.cast(call, ctypes.c_void_p).value
    assert address is not None
    run_in_threads(address, 1234, threads=threads)
    assert blocks == [1234] * threads
