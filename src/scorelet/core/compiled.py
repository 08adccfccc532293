"""Machine code from Python functions, by numba: kernels that torch cannot express.

A kernel is what Python calls; it runs without the interpreter's lock and is kept on disk, beside
the source file or in the user's cache folder, where the next process loads it. Where neither can
be written, every process compiles for itself. A file is compiled anew when it changes, but not
when only a file that it imports parts from does.

Parts are what kernels call. They must not allocate: without numba's run-time they count no
references to arrays, which can cost more than the arithmetic (two atomic additions for each array
of each call).
"""

import inspect
from collections.abc import Callable
from typing import Any

import numba

Kernel = Callable[..., Any]

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


def compiled(function: Kernel) -> Kernel:
    """Compile a kernel when it is first called."""
    return _kept(numba.njit, function)


def c_function(function: Kernel) -> Any:  # noqa: ANN401 - numba's callback, which has an `address`
    """Compile a kernel at once, as a C function `void function(void *)`."""
    return _kept(numba.cfunc, function, numba.types.void(numba.types.voidptr))


def part(function: Kernel) -> Kernel:
    """Compile what kernels call, together with them."""
    return numba.njit(_nrt=False, **_OPTIONS)(_plain(function))


def inlined(function: Kernel) -> Kernel:
    """Paste `function` into the kernels that call it, so that LLVM can vectorise their loops."""
    return numba.njit(_nrt=False, forceinline=True, **_OPTIONS)(_plain(function))


def _kept(compiler: Callable[..., Any], function: Kernel, *signature: Any) -> Any:  # noqa: ANN401
    try:
        return compiler(*signature, cache=True, **_OPTIONS)(_plain(function))
    except RuntimeError:  # numba: "no locator available"
        return compiler(*signature, **_OPTIONS)(_plain(function))


def _plain(function: Kernel) -> Kernel:
    return inspect.unwrap(function)  # of what the tests' shape checker puts around it
