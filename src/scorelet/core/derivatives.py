"""Derivatives by `torch.func` wherever they are asked for."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch


def differentiating() -> AbstractContextManager[None]:
    """Return what to call `torch.func` in: under `torch.inference_mode` it leaves that mode.

    There all derivatives of torch 2.9 are 0, without a word. Tensors that were made in the mode are
    taken as they are; results cannot be differentiated further.

    Example:
        >>> import torch
        >>> from scorelet.core.derivatives import differentiating
        >>> with torch.inference_mode(), differentiating():
        ...     torch.func.grad(lambda x: x.square().sum())(torch.ones(2))
        tensor([2., 2.])
    """
    if torch.compiler.is_compiling():  # which refuses the next question
        return nullcontext()
    return _left() if torch.is_inference_mode_enabled() else nullcontext()


@contextmanager
def _left() -> Generator[None]:
    with torch.inference_mode(mode=False), torch.no_grad():
        yield
