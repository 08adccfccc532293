"""Sees what the layers of a network are called with, in evaluation mode, and leaves no trace."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.alignment.layers import Layer, layer_of
from scorelet.analysis.alignment.maps import Maps
from scorelet.core.errors import InputError
from scorelet.core.network import WATCHING, call_on_pictures, evaluated, not_compiled

Seen = Callable[[nn.Module, tuple[Tensor, ...]], None]
_NORMS = nn.modules.batchnorm._BatchNorm


class Reached(Exception):
    """The layer that was waited for has been called: the rest of the network need not run."""


@contextmanager
def watching(net: nn.Module, modules: Iterable[nn.Module], seen: Seen) -> Generator[None]:
    """Hand what some modules are called with to `seen`; the network is evaluated meanwhile."""

    def take(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        seen(module, inputs or tuple(named.values()))

    with WATCHING, not_compiled():
        hooks = [module.register_forward_pre_hook(take, with_kwargs=True) for module in modules]
        with evaluated(net, hooks):
            yield


def show(net: nn.Module, x: Tensor) -> object:
    """Show pictures to a network, which may work in place, and return what it answers.

    Raises:
        InputError: it does not take them.
    """
    place = next((t for t in (*net.parameters(), *net.buffers())), None)
    x = x.clone() if place is None else x.to(place.device, copy=True)
    if place is not None and place.is_floating_point():
        x = x.to(place.dtype)
    with torch.no_grad():
        return call_on_pictures(net, x)


def read_by(net: nn.Module, module: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    """Return what a module is called with first, for pictures x; nothing behind it is run."""
    found: list[tuple[Tensor, ...]] = []

    def take(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.append(inputs)
        raise Reached

    with watching(net, [module], take), suppress(Reached):
        show(net, x)
    return found[0]


class CalledParts:
    """The layers and norms of a network, in the order of their first calls.

    Attributes:
        layers: that mix channels.
        steps: these, and norms between them.
        repeated: layers that were called more than once.
        last: what was called last of all that has weights, and may not mix all channels.
    """

    def __init__(self, net: nn.Module, x: Tensor) -> None:
        self.layers: list[Layer] = []
        self.steps: list[nn.Module] = []
        self.repeated: list[Layer] = []
        self.last: nn.Module | None = None
        self._names = {module: name for name, module in net.named_modules()}
        self._maps = Maps()
        seen = [module for module in net.modules() if _is_part(module) or _weighs(module)]
        with watching(net, seen, self._entered), self._maps:
            show(net, x)
        self._maps.forget()

    def norms_behind(self, number: int) -> list[nn.Module]:
        """Return the norms that are called after a layer and before the next one."""
        start = self.steps.index(self.layers[number].module)
        following = self.layers[number + 1 :]
        stop = self.steps.index(following[0].module) if following else len(self.steps)
        return self.steps[start + 1 : stop]

    def _entered(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if not isinstance(module, _NORMS):
            self.last = module
        if not _is_part(module):
            return
        if module not in self.steps:
            self._found(module, inputs)
        else:
            self.repeated += [layer for layer in self.layers if layer.module is module]
        if not isinstance(module, _NORMS):
            self._maps.axis = -1 if isinstance(module, nn.Linear) else 1

    def _found(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(module, _NORMS):
            self.steps.append(module)
        layer = layer_of(self._names[module], module, self._positions(module, inputs))
        if layer is not None:
            self.layers.append(layer)
            self.steps.append(module)

    def _positions(self, module: nn.Module, inputs: tuple[Any, ...]) -> int:
        """How many positions a linear layer sees: those of the map that was flattened for it."""
        if not self.layers or not isinstance(module, nn.Linear) or inputs[0].ndim != 2:
            return 1  # pictures are not rotated
        return self._maps.positions(inputs[0])


def _weighs(module: nn.Module) -> bool:
    """Whether it is a convolution, of any kind, or a linear layer."""
    return isinstance(module, nn.modules.conv._ConvNd | nn.Linear)


def _is_part(module: nn.Module) -> bool:
    """Whether it is a layer or a norm, which may have parts of their own, as an activation."""
    return isinstance(module, _NORMS) or layer_of("", module) is not None


def called_parts(net: nn.Module, x: Tensor) -> CalledParts:
    """Run a network on pictures once and return its layers.

    Raises:
        InputError: it does not take the pictures, or no layer of it mixes channels.
    """
    found = CalledParts(net, x)
    if not found.layers:
        raise InputError(
            f"A {type(net).__name__} has no convolution or linear layer that is called: there is "
            "nothing to align."
        )
    return found
