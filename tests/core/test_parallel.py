"""Sharing a C function over threads: every call happens, on OpenMP's threads and on Python's."""

import ctypes
import signal
import sys
import threading
import time

import pytest
import torch

from scorelet.core import parallel
from scorelet.core.parallel import C_FUNCTION, run_in_threads, share


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


@pytest.fixture(params=[1, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_each_share_is_done_once(threads):
    done = []
    share(done.append, 20)
    assert sorted(done) == list(range(20))
    share(done.append, 0)
    assert len(done) == 20


def test_shares_are_done_at_the_same_time(threads):
    together = threading.Barrier(threads, timeout=30)
    share(lambda _: together.wait(), threads)


def test_what_a_share_raises_is_raised(threads):
    def work(number):
        if number == 5:
            raise KeyError(number)

    with pytest.raises(KeyError, match="5"):
        share(work, 9)


@pytest.fixture
def interruptible():
    """Of several processes that test together each ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to one thread")
def test_an_interruption_waits_until_no_thread_is_at_work(monkeypatch, interruptible):
    monkeypatch.setattr(parallel, "_forked", True)
    main, ended = threading.main_thread(), []

    def note(_):
        if threading.current_thread() is not main:
            for _ in range(2):
                time.sleep(0.1)
                signal.pthread_kill(main.ident, signal.SIGINT)
            time.sleep(0.1)
            ended.append(True)

    call = C_FUNCTION(note)
    with pytest.raises(KeyboardInterrupt):
        run_in_threads(ctypes.cast(call, ctypes.c_void_p).value or 0, 0, threads=3)
    assert len(ended) == 2


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_threads_that_began_are_waited_for_where_another_cannot_begin(monkeypatch, error):
    monkeypatch.setattr(parallel, "_forked", True)
    start, begun, ended = threading.Thread.start, [], []

    def second_fails(thread):
        if begun:
            raise error("no more threads")
        begun.append(thread)
        start(thread)

    def note(_):
        time.sleep(0.05)
        ended.append(threading.current_thread())

    monkeypatch.setattr(threading.Thread, "start", second_fails)
    call = C_FUNCTION(note)
    address = ctypes.cast(call, ctypes.c_void_p).value or 0
    if error is RuntimeError:
        run_in_threads(address, 0, threads=4)
        assert threading.main_thread() in ended
    else:
        with pytest.raises(error):
            run_in_threads(address, 0, threads=4)
    assert set(begun) <= set(ended)
