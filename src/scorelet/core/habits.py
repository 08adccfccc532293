"""Habits from elsewhere: what is given as another library wants it is answered in one sentence."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from scorelet.core.errors import InputError

P = ParamSpec("P")
T = TypeVar("T")


def answers(habit: Callable[..., str]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a function raise as an InputError what `habit` says of its arguments, if anything.

    Args:
        habit: called first, with the same arguments; an empty text where there is nothing to say.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            sentence = habit(*args, **kwargs)
            if sentence:
                raise InputError(sentence)
            return function(*args, **kwargs)

        return called

    return decorate
