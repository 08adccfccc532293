"""Copies of modules, so that those of the user stay as they are."""

import copy
from typing import TypeVar

import torch
from torch import nn

from scorelet.core.errors import InputError, one_line

Module = TypeVar("Module", bound=nn.Module)


def copied(module: Module) -> Module:
    """Return a copy of a module with its parts.

    Raises:
        InputError: it holds a result with its graph, or something else that Python cannot copy.
    """
    try:
        with torch.no_grad():  # else copies of TorchScript modules hold the graph of their copying
            return copy.deepcopy(module)
    except RuntimeError as error:
        if "graph leaves" not in str(error):
            raise
        raise InputError(
            f"{type(module).__name__} keeps what it has computed together with its graph, as the "
            "older weight norm and spectral norm of torch do, so that it cannot be copied: call it "
            "once under torch.no_grad before, or take out what it keeps."
        ) from error
    except TypeError as error:
        raise InputError(
            f"{type(module).__name__} holds something that cannot be copied ({one_line(error)}): "
            "give a module without it."
        ) from error
