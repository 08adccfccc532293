"""What a network says of itself, so that files, tiles and checks need not guess."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, Protocol, TypeGuard, runtime_checkable

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from scorelet.core.errors import InputError, one_line


@runtime_checkable
class Network(Protocol):
    """An `nn.Module` from images (batch, channel, height, width) to images, or to logits.

    Every class in `scorelet.networks.ARCHITECTURES` has these attributes, and so has a network of
    your own that is to be saved, or to be run by tiles.

    Attributes:
        options: the constructor's arguments, of types that JSON knows: what a checkpoint keeps.
        accepts: channel counts of the images that it takes.
        receptive_radius: a pixel of the result depends on those at most so far away; None if the
            radius is unbounded, as with attention or statistics of the whole image.
        multiple: side in pixels of the grid on which it works (2 to the number of halvings); an
            image shifted by less gives another result.
        classes: how many logits it returns for an image; None: it returns images.
    """

    options: dict[str, Any]
    accepts: tuple[int, ...]
    receptive_radius: int | None
    multiple: int
    classes: int | None


class HasNetwork(Protocol):
    """A model that is made of one network, whose weights another run may start from."""

    network: nn.Module


def has_network(model: object) -> TypeGuard[HasNetwork]:
    """Return whether it is such a model.

    From Python 3.12 on isinstance looks for attributes of protocols where modules do not keep their
    parts.
    """
    return isinstance(getattr(model, "network", None), nn.Module)


@runtime_checkable
class TightFrames(Protocol):
    """A network some of whose weights are frames that training keeps tight, W Wᵀ = 1."""

    def tight_weights(self) -> list[Tensor]:
        """Return those weights, each (rows, ...); empty if nothing is to be kept tight."""
        ...


@runtime_checkable
class LevelWeights(Protocol):
    """A network, or a part of one, some of whose weights only tell it the noise level.

    What they give multiplies from layer to layer, so a step that turns all directions of them
    alike, as one of Muon does, lets a network grow without bound: Muon leaves them alone.
    """

    def level_weights(self) -> list[Tensor]:
        """Return those weights; empty if there are none."""
        ...


@runtime_checkable
class EnergyWeights(Protocol):
    """A network some of whose weights only give an energy, and tell labels nothing."""

    def energy_weights(self) -> list[Tensor]:
        """Return those weights."""
        ...


def check_dtype(network: nn.Module, x: Tensor) -> None:
    """Refuse images of another floating-point type than the weights, unless autocast is on.

    Raises:
        InputError: such images.
    """
    weight = next(network.parameters(), x)
    if weight.dtype != x.dtype and not torch.is_autocast_enabled(x.device.type):
        got, own = (str(each.dtype).removeprefix("torch.") for each in (x, weight))
        raise InputError(
            f"The images are {got} and the weights of the network {own}: bring one to the other, "
            "with images.to(dtype) or model.to(dtype)."
        )


@contextmanager
def evaluated(net: nn.Module, handles: Iterable[RemovableHandle] = ()) -> Generator[None]:
    """Evaluate a network; afterwards its parts are in the modes that they were, without the hooks.

    Args:
        net: the network.
        handles: of hooks that are removed in the end.
    """
    modes = {module: module.training for module in net.modules()}
    net.eval()
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode


def call_on_pictures(net: nn.Module, x: Tensor) -> None:
    """Call a network, whose hooks see what passes through it.

    Raises:
        InputError: it does not take the pictures.
    """
    try:
        net(x)
    except InputError:
        raise
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
        kind = str(x.dtype).removeprefix("torch.")
        raise InputError(
            f"The network does not take these pictures, {kind} of shape {tuple(x.shape)}: "
            f"{one_line(error)}."
        ) from error
