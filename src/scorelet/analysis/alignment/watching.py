"""Sees what the layers of a network are called with, in evaluation mode, and leaves no trace."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from scorelet.analysis.alignment.layers import Layer, layer_of
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

    with WATCHING, not_compiled(net):
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
    """

    def __init__(self, net: nn.Module, x: Tensor) -> None:
        self.layers: list[Layer] = []
        self.steps: list[nn.Module] = []
        self.repeated: list[Layer] = []
        self._names = {module: name for name, module in net.named_modules()}
        self._maps = _LastMap()
        with watching(net, [m for m in net.modules() if _is_part(m)], self._entered), self._maps:
            show(net, x)
        self._maps.last = None

    def norms_behind(self, number: int) -> list[nn.Module]:
        """Return the norms that are called after a layer and before the next one."""
        start = self.steps.index(self.layers[number].module)
        following = self.layers[number + 1 :]
        stop = self.steps.index(following[0].module) if following else len(self.steps)
        return self.steps[start + 1 : stop]

    def _entered(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if module in self.steps:
            self.repeated += [layer for layer in self.layers if layer.module is module]
            return
        if isinstance(module, _NORMS):
            self.steps.append(module)
        layer = layer_of(self._names[module], module, self._positions(module, inputs))
        if layer is not None:
            self.layers.append(layer)
            self.steps.append(module)

    def _positions(self, module: nn.Module, inputs: tuple[Any, ...]) -> int:
        """How many positions a linear layer sees: those of the map that was flattened for it.

        The map is what the layer's input is a view of, or the last that was computed.
        Where channels are the last axis of a map (tokens), its features are aligned as they are.
        """
        if not self.layers or not isinstance(module, nn.Linear) or inputs[0].ndim != 2:
            return 1  # pictures are not rotated
        for found in (inputs[0]._base, self._maps.last):
            if found is not None and found.ndim > 2 and _is_flattened(found, inputs[0]):
                return self._places(found)
        return 1

    def _places(self, found: Tensor) -> int:
        neurons = self.layers[-1].shape[0] if self.layers else None
        tokens = found.shape[1] != neurons and found.shape[-1] == neurons
        return 1 if tokens else found[0, 0].numel()


class _LastMap(TorchFunctionMode):
    """Keeps the last tensor of three axes or more that any function of torch returned."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Tensor | None = None

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        found = func(*args, **(kwargs or {}))
        if isinstance(found, Tensor) and found.ndim > 2:
            self.last = found
        return found


def _is_flattened(found: Tensor, seen: Tensor) -> bool:
    """Whether a layer sees a map with its positions flattened."""
    flat = found.flatten(1)
    return flat.shape == seen.shape and torch.equal(flat.nan_to_num(), seen.nan_to_num())


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
