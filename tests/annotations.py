"""Annotations of the package are checked while it is tested, at a price that tests can pay.

jaxtyping's hook writes its decorator before all that is defined. It binds, names and checks the
arguments of every call: here so where annotations have shapes, whose names are to agree, elsewhere
beartype alone checks types. A function in a function is decorated each time that the outer one is
called: the first of each is checked, and stands for those that follow.
"""

from dataclasses import is_dataclass
from functools import partial
from inspect import isclass

import jaxtyping

_seen = set()
_with_shapes = jaxtyping.jaxtyped


def install():
    """Take the place of jaxtyping's decorator, before the package is imported."""
    jaxtyping.jaxtyped = checked


def checked(defined=None, *, typechecker):
    """Return a function or a class whose annotations are checked; None: what does so to one."""
    if defined is None:
        return partial(checked, typechecker=typechecker)
    if isclass(defined):
        if is_dataclass(defined):
            defined.__init__ = checked(defined.__init__, typechecker=typechecker)
        return defined
    if "<locals>" in defined.__qualname__:
        if defined.__code__ in _seen:
            return defined
        _seen.add(defined.__code__)
    if _has_shapes(defined):
        return _with_shapes(defined, typechecker=typechecker)
    return typechecker(defined)


def _has_shapes(function):
    """Whether an annotation has a shape, as one that is a text may."""
    hints = getattr(function, "__annotations__", {}).values()
    return any(isinstance(hint, str) or "jaxtyping." in repr(hint) for hint in hints)
