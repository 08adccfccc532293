"""How much memory tensors hold at once while something is computed."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Live(TorchDispatchMode):
    """Counts the bytes of results of torch's operators, until nobody holds them any more."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: dict[int, int] = {}

    def __torch_dispatch__(
        self,
        func: Callable,
        types: Any,  # noqa: ANN401 - as torch calls it
        args: tuple = (),
        kwargs: dict | None = None,
    ) -> Any:  # noqa: ANN401
        found = func(*args, **(kwargs or {}))
        given = {t.untyped_storage()._cdata for t in tree_leaves((args, kwargs)) if _is(t)}
        for tensor in filter(_is, tree_leaves(found)):
            storage = tensor.untyped_storage()
            if storage._cdata not in given and storage._cdata not in self._known:
                self._known[storage._cdata] = storage.nbytes()
                self.now += storage.nbytes()
                weakref.finalize(storage, self._freed, storage._cdata)
        self.most = max(self.most, self.now)
        return found

    def _freed(self, key: int) -> None:
        self.now -= self._known.pop(key, 0)


def _is(leaf: object) -> bool:
    return isinstance(leaf, Tensor)


@torch.no_grad()
def most_bytes(function: Callable[[Tensor], Any], x: Tensor) -> int:
    """Return the most bytes that results of operators hold at once while f(x) is computed.

    What is held before, x and weights, does not count, nor what operators hold inside: the process
    needs more.

    >>> most_bytes(lambda x: x + 1 + 1, torch.zeros(100))
    800
    """
    with _Live() as live:
        function(x)
    return live.most
