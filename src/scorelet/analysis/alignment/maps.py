"""Follows the axis of channels through a network, up to the layer that reads a map flattened."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

_COPYING = "flatten", "reshape"  # which move axes also where they copy


class Maps(TorchFunctionMode):
    """Watches what functions of torch return while a network runs.

    Attributes:
        axis: where the channels of what is returned next lie, which each layer sets for what it
            returns (-1 the last); None where they are spread over several axes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.axis: int | None = None
        self._last: Tensor | None = None
        self._axes = WeakTensorKeyDictionary()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        kwargs = kwargs or {}
        found = func(*args, **kwargs)
        if isinstance(found, Tensor):
            x = args[0] if args else None
            if isinstance(x, Tensor) and _moves(func, x, found):
                start = self._axes.get(x, self.axis)
                self.axis = _moved(start, x, lambda marks: func(marks, *args[1:], **kwargs))
            self._axes[found] = self.axis
            self._last = found if found.ndim > 2 else self._last
        return found

    def positions(self, seen: Tensor) -> int:
        """Return how many positions each channel has in a map that was flattened to (n, features).

        The map is what is seen is a view of, or the last that was computed. It has 1, features
        being taken as they are, where no map was flattened and where channels are not its second
        axis, as those of tokens.
        """
        with torch._C.DisableTorchFunction():  # what is asked here is no part of the network
            for found in (seen._base, self._last):
                if found is not None and found.ndim > 2 and _is_flattened(found, seen):
                    return found[0, 0].numel() if self._axes.get(found) == 1 else 1
        return 1

    def forget(self) -> None:
        """Hold no tensor any longer."""
        self._last = None


def _moves(func: Callable[..., Any], x: Tensor, found: Tensor) -> bool:
    """Whether a function only gives the entries of x other axes."""
    if found is x or found.numel() != x.numel() or found.dtype != x.dtype:
        return False
    views = found.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    return views or getattr(func, "__name__", "") in _COPYING


def _moved(axis: int | None, x: Tensor, func: Callable[[Tensor], Tensor]) -> int | None:
    """Return where a function puts an axis of x, or None if it is merged or divided."""
    if axis is None or not -x.ndim <= axis < x.ndim:
        return None
    marks = torch.arange(x.shape[axis]).view(-1, *[1] * (x.ndim - 1)).movedim(0, axis)
    moved = func(marks.expand(x.shape).contiguous())
    varying = [k for k in range(moved.ndim) if bool(moved.diff(dim=k).any())]
    return varying[0] if len(varying) == 1 else None


def _is_flattened(found: Tensor, seen: Tensor) -> bool:
    """Whether a layer sees a map with its positions flattened."""
    flat = found.flatten(1)
    return flat.shape == seen.shape and torch.equal(flat.nan_to_num(), seen.nan_to_num())
