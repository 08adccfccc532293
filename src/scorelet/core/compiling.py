"""What is made once, beside the graphs that torch.compile and others who see operations make."""

import functools
import sys
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

P = ParamSpec("P")
T = TypeVar("T")


def constant_in_graphs(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function whose result is a constant of every graph that calls it.

    torch.compile calls it while it makes the graph, with arguments that have to be constants, too:
    sizes are by `operator.index`. A graph serves other objects with equal arguments, so a method is
    given all options that its result depends on. What it makes are real tensors, also under
    torch.export, make_fx and FakeTensorMode: it may be kept.
    """

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        with _disable_current_modes():
            found = function(*args, **kwargs)
        if "torch._dynamo" in sys.modules:  # or nothing is compiled
            _fix_sizes(found)
        return found

    # the mark of `torch.compiler.assume_constant_result`, which imports the compiler when it
    # decorates: two seconds that most programs would spend for nothing
    called._dynamo_marked_constant = True  # ty: ignore[missing-attribute]
    return called


def _fix_sizes(found: object) -> None:
    """Say that tensors keep their sizes: torch 2.9 takes those of constants for symbols."""
    from torch._dynamo import mark_static

    for tensor in _tensors(found):
        mark_static(tensor)


def _tensors(found: object) -> Iterator[Tensor]:
    if isinstance(found, Tensor):
        yield found
    elif isinstance(found, list | tuple):
        for part in found:
            yield from _tensors(part)
    elif isinstance(found, dict):
        yield from _tensors(list(found.values()))
    elif hasattr(found, "__dict__"):
        yield from _tensors(vars(found))
