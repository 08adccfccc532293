"""Compiled kernels: the same numbers as the interpreter's, also where nothing can be kept."""

import ctypes

import numpy as np
import pytest
from numba import carray

from scorelet.core.compiled import c_function, compiled, inlined, part
from scorelet.core.parallel import run_in_threads


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def test_a_kernel_computes_what_python_does():
    assert compiled(collatz)(27) == collatz(27) == 111


@pytest.mark.parametrize("kind", [inlined, part])
def test_a_part_can_be_called_from_a_kernel(kind):
    half = kind(lambda x: x / 2)
    assert compiled(lambda x: half(x) + 1)(3.0) == 2.5


def add_one(block):
    carray(block, 1, np.int64)[0] += 1


def test_a_c_function_changes_memory_at_an_address():
    block = ctypes.c_int64(41)
    run_in_threads(c_function(add_one).address, ctypes.addressof(block), threads=1)
    assert block.value == 42


def test_without_a_folder_for_its_code_a_kernel_still_works(monkeypatch):
    caching = pytest.importorskip("numba.core.caching")
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="no locator available"):
        __import__("numba").njit(cache=True)(collatz)
    assert compiled(collatz)(27) == 111
    assert c_function(add_one).address != 0
