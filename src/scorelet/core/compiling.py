"""What `torch.compile` and others who see operations leave alone.

`torch.compiler.disable` imports the compiler when it decorates: two seconds that most programs
would spend for nothing.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch.utils._python_dispatch import _disable_current_modes

P = ParamSpec("P")
T = TypeVar("T")


def outside_graphs(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that is no part of a graph, as `torch.compiler.disable` does.

    What it makes are real tensors, also under make_fx and FakeTensorMode: it may be kept.
    """

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        if torch.compiler.is_compiling():
            return torch.compiler.disable(function)(*args, **kwargs)
        with _disable_current_modes():
            return function(*args, **kwargs)

    return called
