"""Machine code from Python functions, by numba: kernels that torch cannot express."""

import inspect
from collections.abc import Callable
from typing import Any

import numba

Kernel = Callable[..., Any]


def compiled(function: Kernel) -> Kernel:
    """Compile `function` when it is first called; it runs without the interpreter's lock.

    The code is kept on disk, beside the source file or in the user's cache folder, and loaded by
    the next process. Where neither can be written, every process compiles for itself. A file is
    compiled anew when it changes, but not when only a file that it imports kernels from does.
    """
    function = inspect.unwrap(function)  # of what the tests' shape checker puts around it
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # numba: "no locator available"
        return numba.njit(nogil=True, error_model="numpy")(function)


def inlined(function: Kernel) -> Kernel:
    """Paste `function` into the kernels that call it, so that LLVM can vectorise their loops."""
    function = inspect.unwrap(function)
    return numba.njit(inline="always", nogil=True, error_model="numpy")(function)
