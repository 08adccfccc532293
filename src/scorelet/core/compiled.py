"""Machine code from Python functions, by numba: kernels that torch cannot express.

A kernel is what Python calls; it runs without the interpreter's lock and is kept on disk, beside
the source file or in the user's cache folder, where the next process loads it. Where neither can
be written, every process compiles for itself; so it does where what is kept is damaged, or where a
file has changed since it began. What is kept is compiled anew when the kernel's file changes, or a
file of the same package that it imports (see `editions`).

numba names a function after its place among those that the process has compiled, and code is linked
by names: of two kernels from one closure that two processes have kept under one name, a third
process that loads both would run parts of one in the other, without a word. Places are therefore
counted from a random number on.

Parts are what kernels call. They must not allocate: without numba's run-time they count no
references to arrays, which can cost more than the arithmetic (two atomic additions for each array
of each call).
"""

import hashlib
import inspect
import itertools
import os
import pickle
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

import numba
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher

from scorelet.core.editions import edition
from scorelet.core.errors import InputError

Function = Callable[..., Any]

_OPTIONS: dict[str, Any] = {"nopython": True, "nogil": True, "error_model": "numpy"}
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
"""numba's own option: everything is left to Python."""
_NO_ENTRIES = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_PART_OPTIONS: dict[str, Any] = _OPTIONS | _NO_ENTRIES | {"_nrt": False}
"""Parts need no entries for Python and for C: these took two fifths of the time to compile."""

_KEPT_AS = "counted apart"
"""A word that code from before, in the memory of a process that is older than its files, lacks."""
_DIGEST = 32  # bytes before what is kept
_NAME = 16  # characters of the name of a file, of its 64
_MADE = attrgetter("fndesc", "library")  # of what numba has compiled


def _count_apart() -> None:
    """Let numba count functions from a number on that no other process has."""
    FunctionIdentity._unique_ids = itertools.count(secrets.randbits(60))


_count_apart()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_apart)


def compiled(function: Function) -> Function:
    """Compile a kernel when it is first called."""
    return _with_cache(numba.jit(**_OPTIONS)(_plain(function)), function)


def c_function(function: Function) -> Any:  # noqa: ANN401 - numba's callback, which has an `address`
    """Compile a kernel at once, as a C function `void function(void *)`.

    Raises:
        InputError: numba is told to compile nothing.
    """
    if _INTERPRETED:
        raise InputError(
            "NUMBA_DISABLE_JIT is set, but this kernel exists as compiled code only: unset the "
            "variable."
        )
    signature = (numba.types.voidptr,), numba.types.void
    result = _with_cache(CFunc(_plain(function), signature, {}, dict(_OPTIONS)), function)
    result.compile()
    return result


def part(function: Function) -> Function:
    """Compile what kernels call, together with them."""
    if _INTERPRETED:
        return function
    return _Part(_plain(function), targetoptions=dict(_PART_OPTIONS), pipeline_class=_PartCompiler)


def inlined(function: Function) -> Function:
    """Paste `function` into the kernels that call it, so that LLVM can vectorise their loops."""
    if _INTERPRETED:
        return function
    options = _PART_OPTIONS | {"forceinline": True}
    return _Part(_plain(function), targetoptions=options, pipeline_class=_PartCompiler)


class _Part(CPUDispatcher):
    """What has no entry for Python, which calls it through a kernel that does nothing else."""

    @cached_property
    def _kernel(self) -> Function:
        def call(*arguments: Any) -> Any:  # noqa: ANN401 - numba's types
            return self(*arguments)

        return numba.jit(**_OPTIONS)(_plain(call))

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return self._kernel(*args, **kwargs)

    def add_overload(self, cres: Any) -> None:  # noqa: ANN401
        """Let kernels find what was compiled, by an object in the place of an address."""
        key, (description, code) = object(), _MADE(cres)
        self.targetctx.insert_user_function(key, description, [code])
        self.overloads[tuple(cres.signature.args)] = cres._replace(entry_point=key)


class _PartLibrary(JITCodeLibrary):
    """Code that is optimised and becomes machine code with the kernel that it is linked to.

    numba would do both for each part before, and again in each one that calls it; and a process
    that compiles a kernel would call the machine code of its parts that is there already.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


class _PartCompiler(Compiler):
    """numba's compiler, for code that has no life of its own."""

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *rest: Any) -> None:  # noqa: ANN401
        library = library or _PartLibrary(targetctx.codegen(), "part")
        super().__init__(typingctx, targetctx, library, *rest)
        self.state.flags.no_compile = True


def _with_cache(result: Any, function: Function) -> Any:  # noqa: ANN401
    """Let numba look for machine code on disk, where there is a folder that can be written."""
    plain = _plain(function)
    package = function.__module__.partition(".")[0]
    if made_of := edition(Path(inspect.getfile(plain)), package):
        with suppress(RuntimeError):  # numba: "no locator available"
            result._cache = _Cache(plain, made_of)
    return result


class _Files(IndexDataCacheFile):
    """An index of kernels, and files of machine code that are named by their keys.

    numba counts its files. Of two processes that keep a kernel each at the same time, both may take
    the same number; then the index gives one kernel the code of the other, in all processes to
    come, without a word. Here at most an entry of the index gets lost: it is compiled again. So is
    what cannot be read, or is not what was written, and what cannot be written stays in memory.
    """

    def load(self, key: Any) -> Any:  # noqa: ANN401 - numba's
        """Return the code of a kernel, or None."""
        with suppress(Exception):  # whatever `pickle` makes of damaged files
            return super().load(key)
        return None

    def _load_index(self) -> dict[Any, str]:
        with suppress(Exception):
            return super()._load_index()
        return {}

    def save(self, key: Any, data: Any) -> None:  # noqa: ANN401 - numba's
        """Keep the code of a kernel, where there is room for it."""
        with suppress(OSError):
            self._keep(key, data)

    def _save_data(self, name: str, data: Any) -> None:  # noqa: ANN401 - numba's
        code = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(hashlib.sha256(code).digest() + code)

    def _load_data(self, name: str) -> Any:  # noqa: ANN401 - numba's
        kept = Path(self._data_path(name)).read_bytes()
        digest, code = kept[:_DIGEST], kept[_DIGEST:]
        if hashlib.sha256(code).digest() != digest:  # LLVM would end the process
            raise ValueError(f"{name} is damaged.")
        return pickle.loads(code)

    def _keep(self, key: Any, data: Any) -> None:  # noqa: ANN401
        named = repr((self._version, key))  # an index is read by one version of numba only
        digest = hashlib.sha256(named.encode()).hexdigest()[:_NAME]
        name = f"{self._index_name.removesuffix('.nbi')}.{digest}.nbc"
        self._save_data(name, data)
        self._save_index(self._load_index() | {key: name})


class _Cache(FunctionCache):
    """numba's folder of machine code, for one edition of the sources."""

    def __init__(self, function: Function, made_of: str) -> None:
        super().__init__(function)
        files = self._cache_file
        self._cache_file = _Files(
            self._cache_path, files._index_name.removesuffix(".nbi"), files._source_stamp
        )
        # what is kept names its module, which a file may be run as another time
        self._edition = function.__module__, made_of, _KEPT_AS

    def _index_key(self, sig: Any, codegen: Any) -> tuple:  # noqa: ANN401
        return (*super()._index_key(sig, codegen), *self._edition)


def _plain(function: Function) -> Function:
    return inspect.unwrap(function)  # of what the tests' shape checker puts around it
