"""What kinds are made of: networks by the names of their classes, and models inside models."""

import inspect
import math
from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError, ScoreletError, one_line
from scorelet.core.network import Network
from scorelet.models import Denoiser
from scorelet.networks import ARCHITECTURES
from scorelet.zoo.kind import Header, Tensors, kind_named, kind_of

AnyDenoiser = TypeVar("AnyDenoiser", bound=Denoiser)

SHOWN = 3
"""How many names a sentence about tensors gives."""


def build_network(architecture: str, options: dict[str, Any]) -> nn.Module:
    """Build an untrained network by the name of its class in `scorelet.networks.ARCHITECTURES`.

    Raises:
        InputError: unknown name, or options that its constructor refuses.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise InputError(
            f"Unknown architecture {architecture!r}: choose one of {known}, or import the program "
            "that adds yours (in the shell with --import FILE.py)."
        )
    network = ARCHITECTURES[architecture]
    signature = inspect.signature(network)
    try:
        signature.bind(**options)
    except TypeError as error:
        raise InputError(
            f"{architecture} does not take {options}: {error}. "
            f"Its options are {', '.join(signature.parameters)}."
        ) from error
    try:
        return network(**options)
    except ScoreletError as error:  # a sentence that says what is wrong
        raise InputError(f"{architecture}: {error}") from error
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"{architecture} does not take {options}: {one_line(error)}.") from error


def describe_network(network: nn.Module) -> tuple[Header, Tensors]:
    """Return {architecture, options} and the weights of a network.

    Raises:
        InputError: its class has no name in `ARCHITECTURES`, or it does not say its options.
    """
    name = type(network).__name__
    known = name in ARCHITECTURES and ARCHITECTURES[name] is type(network)
    if not known or not isinstance(network, Network):
        raise InputError(
            f"A network of class {name} cannot be saved: give it the attributes "
            "of scorelet.networks.Network, and add its class to scorelet.networks.ARCHITECTURES."
        )
    return {"architecture": name, "options": network.options}, dict(network.state_dict())


def describe_learnt(denoiser: Denoiser) -> Header:
    """Return {learnt, most, drawn_between}, the size of the images and the noise levels that a
    denoiser learnt, as far as it says them.
    """
    size = {} if denoiser.learnt is None else {"learnt": list(denoiser.learnt)}
    most = {} if math.isinf(denoiser.most) else {"most": denoiser.most}
    ends = denoiser.drawn_between
    return size | most | ({} if ends is None else {"drawn_between": list(ends)})


def with_learnt(denoiser: AnyDenoiser, header: Header) -> AnyDenoiser:
    """Tell a denoiser what `describe_learnt` says; older files say nothing."""
    if "learnt" in header:
        height, width = header["learnt"]
        denoiser.learnt = (int(height), int(width))
    if "most" in header:
        denoiser.most = float(header["most"])
    if "drawn_between" in header:
        least, largest = header["drawn_between"]
        denoiser.drawn_between = float(least), float(largest)
    return denoiser


def rebuild_network(header: Header, tensors: Tensors) -> nn.Module:
    """Return the network of `describe_network` in evaluation mode.

    The dtype of its weights is that of the file, but half precision is a way to store numbers
    only: float16 and bfloat16 become float32.

    Raises:
        InputError: unknown architecture or options.
        ValueError: tensors are missing, are too many, or have other shapes.
    """
    network = build_network(str(header["architecture"]), dict(header["options"]))
    check_tensors(tensors, {name: tuple(t.shape) for name, t in network.state_dict().items()})
    network.load_state_dict({name: widened(t) for name, t in tensors.items()}, assign=True)
    return network.eval()


def check_tensors(tensors: Tensors, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ValueError if `tensors` are not those of these names and shapes."""
    missing = [name for name in shapes if name not in tensors]
    if missing:
        raise ValueError(f"it lacks {_listed(missing)}")
    foreign = [name for name in tensors if name not in shapes]
    if foreign:
        raise ValueError(f"it holds {_listed(foreign)} too many")
    for name, shape in shapes.items():
        if tuple(tensors[name].shape) != shape:
            raise ValueError(
                f"the shape of {name} is {tuple(tensors[name].shape)}, and its description asks "
                f"for {shape}"
            )


def pack(parts: Mapping[str, object]) -> tuple[Header, Tensors]:
    """Describe models inside a model: header {parts: {name: header}}, tensors ``name.tensor``.

    Args:
        parts: models of registered kinds, by names without a dot.

    Raises:
        InputError: a part of no registered kind.
    """
    headers: Header = {}
    tensors: Tensors = {}
    for name, part in parts.items():
        kind = kind_of(part)
        header, own = kind.describe(part)
        headers[name] = {"kind": kind.name, **header}
        tensors |= {f"{name}.{key}": tensor for key, tensor in own.items()}
    return {"parts": headers}, tensors


def unpack(header: Header, tensors: Tensors) -> dict[str, Any]:
    """Build the models of `pack` again, by name.

    Raises:
        ValueError: a part is of an unknown kind or does not fit; the sentence names it.
    """
    headers = dict(header["parts"])
    return {name: _part(name, own, below(name, tensors)) for name, own in headers.items()}


def _part(name: str, header: Any, tensors: Tensors) -> Any:  # noqa: ANN401 - of any kind
    try:
        return kind_named(dict(header)["kind"]).build(header, tensors)
    except KeyError as error:
        raise ValueError(f"its part {name} has no entry {error}") from error
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"its part {name}: {error}") from error


def below(name: str, tensors: Tensors) -> Tensors:
    """Return the tensors ``name.tensor`` of a part, by the names that they have in it."""
    start = f"{name}."
    return {key[len(start) :]: t for key, t in tensors.items() if key.startswith(start)}


def widened(tensor: Tensor) -> Tensor:
    """Return a tensor of half precision as float32, others as they are."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"the tensor{'s' if len(names) > 1 else ''} {', '.join(names[:SHOWN])}{more}"
