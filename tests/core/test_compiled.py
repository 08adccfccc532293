"""Compiled kernels: the same numbers as the interpreter's, also where nothing can be kept."""

import pytest

from scorelet.core.compiled import compiled, inlined


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def test_a_kernel_computes_what_python_does():
    assert compiled(collatz)(27) == collatz(27) == 111


def test_an_inlined_kernel_can_be_called_from_another():
    half = inlined(lambda x: x / 2)
    assert compiled(lambda x: half(x) + 1)(3.0) == 2.5


def test_without_a_folder_for_its_code_a_kernel_still_works(monkeypatch):
    caching = pytest.importorskip("numba.core.caching")
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="no locator available"):
        __import__("numba").njit(cache=True)(collatz)
    assert compiled(collatz)(27) == 111
