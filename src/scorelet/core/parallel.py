"""Let several threads work together: torch's own OpenMP threads where there are any.

A compiled C function gets one address; every thread calls it with the same one and takes its share
of the work from a counter there. A function of Python gets the number of a share; it should spend
its time in kernels, which run without the interpreter's lock. It costs thirty microseconds more,
because the threads wait for one another's turn to enter Python.

OpenMP's threads are awake between two operations of torch, when threads of our own would wait for a
core that they spin on: for half a millisecond of work the difference is a factor of two. Python's
threads take their place where torch has no such OpenMP, and in a process that was forked, in which
OpenMP's threads are gone.
"""

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import torch

C_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

_forked = False


def share(work: Callable[[int], object], count: int) -> None:
    """Call work(0), ..., work(count - 1), in as many threads as torch uses; each takes the next.

    Raises:
        BaseException: what a call raised, the first of them, when all threads have ended.
    """
    shares, failures = iter(range(count)), []

    def run(_: int | None) -> None:
        try:
            for number in shares:  # next() of a range is one step under the interpreter's lock
                work(number)
        except BaseException as error:
            failures.append(error)

    threads = min(torch.get_num_threads(), count)
    if threads > 1:
        call = C_FUNCTION(run)
        run_in_threads(ctypes.cast(call, ctypes.c_void_p).value or 0, 0, threads=threads)
    else:
        run(None)
    if failures:
        raise failures[0]


def run_in_threads(function: int, block: int, *, threads: int) -> None:
    """Call the C function at address `function` with the address `block`, in so many threads.

    Args:
        function: address of ``void function(void *)``; it may run in any thread, without the GIL.
        block: its argument.
        threads: how many calls, the calling thread's included; `torch.get_num_threads` is usual.
    """
    if threads == 1:
        C_FUNCTION(function)(block)
        return
    openmp = None if _forked else _openmp()
    if openmp is not None:
        openmp(function, block, threads, 0)
    else:
        _run_in_python_threads(C_FUNCTION(function), block, threads)


def _run_in_python_threads(call: Callable[[int], None], block: int, threads: int) -> None:
    """Return, or raise what comes meanwhile (Ctrl-C), when no thread uses the block any more."""
    inside: list[bool] = []
    closed: list[bool] = []

    def enter() -> None:
        inside.append(True)  # before it looks, as the door is closed before one counts
        if not closed:
            call(block)
        inside.pop()

    others = [threading.Thread(target=enter) for _ in range(threads - 1)]
    try:
        with suppress(RuntimeError):  # the system has no more threads: fewer do
            for thread in others:
                thread.start()
        call(block)
        for thread in others:
            if thread.ident is not None:
                thread.join()
    finally:
        closed.append(True)
        _wait_while(inside)


def _wait_while(inside: list[bool]) -> None:
    try:
        while inside:
            time.sleep(0.001)
    finally:
        if inside:  # Ctrl-C again
            _wait_while(inside)


@cache
def _openmp() -> Callable[[int, int, int, int], None] | None:
    """Return GOMP_parallel of the library that torch has loaded, or None."""
    if not sys.platform.startswith("linux") or not torch.backends.openmp.is_available():
        return None
    function = getattr(ctypes.CDLL(None), "GOMP_parallel", None)
    if function is not None:
        function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
        function.restype = None
    return function


def _note_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
