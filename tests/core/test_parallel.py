"""Sharing a C function over threads: every call happens, on OpenMP's threads and on Python's."""

import ctypes
import threading

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
