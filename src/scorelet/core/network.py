"""What a network says of itself, so that files, tiles and checks need not guess."""

import sys
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, TypeGuard, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from scorelet.core.errors import InputError, one_line

Answer = TypeVar("Answer")


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


class HasFactors(Protocol):
    """A model that is made of models of its scales, coarse to fine."""

    @property
    def factors(self) -> Sequence[nn.Module]:
        """They are."""
        ...


def has_factors(model: object) -> TypeGuard[HasFactors]:
    """Return whether it is such a model."""
    return isinstance(getattr(model, "factors", None), Sequence)


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


@runtime_checkable
class Checkpointing(Protocol):
    """A network that can compute its maps again in backward passes in the place of keeping them.

    Attributes:
        checkpointing: whether it does so while it learns.
    """

    checkpointing: bool


def answered(model: nn.Module, x: Tensor, compute: Callable[[], Answer]) -> Answer:
    """Return `compute()`, and say it if images and weights of several dtypes are why it fails.

    Networks that convert by themselves are left alone.

    Args:
        model: whose weights are used.
        x: the images.
        compute: what is done with them.

    Raises:
        InputError: torch cannot bring dtypes together.
    """
    if torch.compiler.is_compiling():
        return compute()
    try:
        return compute()
    except RuntimeError as error:
        kinds = {weight.dtype for weight in model.parameters() if weight.is_floating_point()}
        if "type" not in str(error) or not kinds - {x.dtype}:
            raise
        got, *own = (
            str(kind).removeprefix("torch.") for kind in (x.dtype, *sorted(kinds, key=str))
        )
        raise InputError(
            f"The images are {got} and the weights of the network {' and '.join(own)}: bring them "
            "to one, with images.to(dtype) or model.to(dtype)."
        ) from error


def equal_weights(one: nn.Module, other: nn.Module) -> bool:
    """Return whether two networks have parameters and buffers of the same names and values."""
    first, second = (
        {
            name.replace("_orig_mod.", ""): value  # of parts that are compiled
            for name, value in (*net.named_parameters(), *net.named_buffers())
        }
        for net in (one, other)
    )
    if not first or first.keys() != second.keys():
        return False
    pairs = [(value, second[name]) for name, value in first.items()]
    return all(x.dtype == y.dtype and torch.equal(x, y) for x, y in pairs)


def unwrapped(model: Any) -> Any:  # noqa: ANN401 - what users give
    """Return what torch.compile, or torch's copies for several devices, were given, or `model`.

    Its layers have the names that they have alone.
    """
    if _is_wrapper(model):
        return unwrapped(model._orig_mod)
    copies = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    return unwrapped(model.module) if isinstance(model, copies) else model


def _is_wrapper(part: object) -> bool:
    return type(part).__module__.startswith("torch._dynamo.")


def not_compiled() -> AbstractContextManager[Any]:
    """Run what torch has compiled, if anything, as it was written: hooks and derivatives work."""
    if "torch._dynamo" in sys.modules:
        return torch.compiler.set_stance("force_eager")
    return nullcontext()


WATCHING = threading.RLock()
"""Held while a network is watched: hooks and modes are seen by all threads that share it, and
whether torch compiles by the whole process."""


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


def call_on_pictures(net: nn.Module, x: Tensor) -> object:
    """Call a network, whose hooks see what passes through it, and return what it answers.

    Raises:
        InputError: it does not take the pictures.
    """
    try:
        return net(x)
    except InputError:
        raise
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
        kind = str(x.dtype).removeprefix("torch.")
        raise InputError(
            f"The network does not take these pictures, {kind} of shape {tuple(x.shape)}: "
            f"{one_line(error)}."
        ) from error
