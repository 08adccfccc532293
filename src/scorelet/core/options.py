"""Options at the door: what is of another type than the signature says is refused in one sentence.

Python takes ``sigma="x"`` without a word, and something deep inside fails. `checked` compares what
is given with the annotations, once, before anything is done. Ranges are looked after where an
annotation says them by `core.numbers.Range`; others, and names, are the business of those who use
them.
"""

import collections.abc
import functools
import inspect
import os
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from scorelet.core.errors import InputError
from scorelet.core.numbers import Range

Function = TypeVar("Function", bound=Callable[..., Any])

_WORDS = {
    NoneType: "None",
    bool: "True or False",
    int: "a whole number of at most 64 bits",
    float: "a number",
    str: "a text",
    os.PathLike: "a path",
}
_CONTAINERS = {
    collections.abc.Sequence: "a list",
    collections.abc.Mapping: "a dictionary",
    collections.abc.Callable: "a function",
    collections.abc.Iterable: "a list",
}


def checked(function: Function) -> Function:
    """Check the types of arguments by the annotations, whenever the function is called.

    Numbers, texts, paths, None, classes, lists of these, functions and dictionaries are checked,
    and unions of them; what else an annotation may hold takes everything. NumPy's numbers are
    numbers, and become Python's; True is none.

    Raises:
        InputError: a value of another type, with its name.

    Example:
        >>> from scorelet.core.options import checked
        >>> @checked
        ... def area(side: float) -> float:
        ...     return side**2
        >>> area("2")
        Traceback (most recent call last):
        ...
        scorelet.core.errors.InputError: side is '2': expected a number.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:  # noqa: ANN401
        try:
            given = signature.bind(*args, **options)
        except TypeError:  # a name that does not exist: Python says so best
            return function(*args, **options)
        check_types(given.arguments, _hints(function))
        given.arguments = {name: _of_python(value) for name, value in given.arguments.items()}
        return function(*given.args, **given.kwargs)

    return call  # ty: ignore[invalid-explicit-return]


def _of_python(value: Any) -> Any:  # noqa: ANN401
    """Return a number of NumPy as one of Python, and all else as it is."""
    is_numpy = isinstance(value, Real) and hasattr(value, "item")
    return value.item() if is_numpy else value


def check_fields(record: object) -> None:
    """Check the fields of a dataclass in the same way."""
    check_types(vars(record), _hints(type(record)))


def check_types(given: Mapping[str, Any], hints: Mapping[str, Any]) -> None:
    """Raise InputError for the first value that is none of what its annotation allows."""
    for name, value in given.items():
        if name in hints and not _fits(value, hints[name]):
            raise InputError(_misfit(name, value, hints[name]))


_hints = functools.lru_cache(maxsize=None)(functools.partial(get_type_hints, include_extras=True))


def _fits(value: Any, hint: Any) -> bool:  # noqa: ANN401
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if kind is Literal:
        return any(isinstance(value, type(part)) for part in parts)
    if kind is Annotated:
        return _fits(value, parts[0]) and all(r.holds(value) for r in _ranges(hint))
    if kind is collections.abc.Sequence:
        return _is_list(value) and all(_fits(item, parts[0]) for item in value)
    if kind in _CONTAINERS:
        return isinstance(value, kind)
    if kind is tuple and Ellipsis not in parts:
        same = _is_list(value) and len(value) == len(parts)
        return same and all(map(_fits, value, parts))
    return _is_one(value, hint)


def _ranges(hint: Any) -> list[Range]:  # noqa: ANN401
    """Return the ranges that an annotation asks for."""
    return [part for part in get_args(hint)[1:] if isinstance(part, Range)]


def _is_one(value: Any, hint: Any) -> bool:  # noqa: ANN401
    """Whether a value is one of a class; protocols and arrays of shapes take everything."""
    if hint is bool:
        return isinstance(value, bool | np.bool_)
    if hint in (int, float):
        if isinstance(value, bool) or not isinstance(value, Real):
            return False
        return hint is float or (isinstance(value, Integral) and abs(int(value)) < 2**63)
    if _is_path(hint):
        return isinstance(value, os.PathLike)
    if hint is Any or not isinstance(hint, type) or hint.__module__.startswith("jaxtyping"):
        return True
    if getattr(hint, "_is_protocol", False) and not getattr(hint, "_is_runtime_protocol", False):
        return callable(value) or "__call__" not in vars(hint)
    return isinstance(value, hint)


def _is_list(value: object) -> bool:
    """Whether a value is a sequence of several things, as a text is not; arrays of one axis are."""
    if isinstance(value, str | bytes):
        return False
    return isinstance(value, collections.abc.Sequence) or getattr(value, "ndim", None) == 1


def _misfit(name: str, value: Any, hint: Any) -> str:  # noqa: ANN401
    """Say what does not fit: of a list the first thing in it that does not."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for part in parts:
        if get_origin(part) is collections.abc.Sequence and _is_list(value):
            (each,) = get_args(part)
            place, item = next((n, v) for n, v in enumerate(value) if not _fits(v, each))
            return _misfit(f"{name}[{place}]", item, each)
    return f"{name} is {_shown(value)}: expected {_expected(hint)}."


def _is_path(hint: Any) -> bool:  # noqa: ANN401
    return isinstance(hint, type) and issubclass(hint, os.PathLike)


def _expected(hint: Any) -> str:  # noqa: ANN401
    """Write what an annotation allows: "a number or None"."""
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
        words = list(dict.fromkeys(_expected(part) for part in parts))
        words.sort(key=lambda word: ", each " in word)  # else it reads as if each could be the next
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    if kind is Annotated:
        return " and ".join(each.words for each in _ranges(hint)) or _expected(parts[0])
    if kind is Literal:
        words = [repr(part) for part in parts]
        return " or ".join(words)
    if kind is collections.abc.Sequence:
        return f"a list, each {_expected(parts[0])}"
    if kind is tuple and Ellipsis not in parts:
        return f"{len(parts)} values, each {_expected(parts[0])}"
    if kind in _CONTAINERS:
        return _CONTAINERS[kind]
    if _is_path(hint):
        return _WORDS[os.PathLike]
    return _WORDS.get(hint, f"a {getattr(hint, '__name__', hint)}")


def _shown(value: object) -> str:
    """Write a value: short ones as they are, others by their type."""
    if isinstance(value, str | bytes | bool | int | float) or value is None:
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    return f"of the type {type(value).__name__}"
