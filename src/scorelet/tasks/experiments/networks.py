"""The network of a configuration: built by name, and started from other weights if wanted."""

from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.progress import Say
from scorelet.core.words import counted
from scorelet.training import ConfigSection
from scorelet.zoo import build_network, load_network

_NAMED = 3  # of the weights that begin anew, in a sentence


class ModelConfig(ConfigSection):
    """The network that learns."""

    architecture: str = Field(description="a name of scorelet.networks.ARCHITECTURES")
    options: dict[str, Any] = Field(default={}, description="arguments of its constructor")
    start_from: str | None = Field(
        default=None,
        description="weights to start from: a built-in name, a path or a Hub id; shapes that "
        "differ are skipped, but a convolution of more inputs starts with the old ones. The "
        "network of a factor of a cascade starts from that of the same factor of another one, and "
        "convolutions of more inputs are skipped, too",
    )


def make_network(
    config: ModelConfig, *, seed: int, factor: int | None = None, say: Say | None = None
) -> nn.Module:
    """Build the network; its first weights are a function of `seed`, or those of a file.

    Args:
        config: the network.
        seed: of its first weights.
        factor: the network is of the low band of a cascade, 0, or of the details of a level, coarse
            to fine from 1 on.
        say: called with a sentence if some weights do not come from the file that is named.

    Raises:
        InputError: unknown architecture, options that it refuses, weights of an unknown name, or
            none that fits.
        CheckpointError: weights that cannot be read.
    """
    torch.manual_seed(seed)  # the constructors of torch's layers know no generator
    network = build_network(config.architecture, config.options)
    if config.start_from:
        new = _start_from(network, config.start_from, factor)
        if new and say:
            say(_begin_anew(network, config.start_from, factor, new))
    return network


def make_denoising_network(
    config: ModelConfig, *, seed: int, factor: int | None = None, say: Say | None = None
) -> nn.Module:
    """Build a network that returns images; else as `make_network`.

    Raises:
        InputError: likewise, or one that returns logits.
    """
    network = make_network(config, seed=seed, factor=factor, say=say)
    if isinstance(network, Network) and network.classes is not None:
        raise InputError(
            f"{config.architecture} returns logits, not images: choose an architecture that "
            "denoises, or task: classify or joint."
        )
    return network


def check_denoises(network: nn.Module, config: ModelConfig) -> None:
    """Refuse a network whose images have other channels than those that it takes.

    Raises:
        InputError: likewise.
    """
    if isinstance(network, Network):
        what, option = config.architecture, "model.options.outputs"
        check_outputs(network, max(network.accepts), what=what, option=option)


def check_channels(
    network: nn.Module, config: ModelConfig, channels: int, *, what: str, fixed: bool = False
) -> None:
    """Refuse a network that does not take pictures of so many channels.

    Args:
        network: says what it takes, if it is a `scorelet.networks.Network`.
        config: what it was built from.
        channels: of the pictures.
        what: the pictures are, in words.
        fixed: they have the channels of their file, whatever data.channels is.

    Raises:
        InputError: it takes others.
    """
    if isinstance(network, Network) and channels not in network.accepts:
        takes = " or ".join(map(str, network.accepts))
        have = f"have {channels}" if fixed else f"are read with {channels} (data.channels)"
        change = "model.options" if fixed else "model.options or data.channels"
        raise InputError(
            f"{config.architecture} takes pictures of {takes} channel{'s' * (takes != '1')} and "
            f"{what} {have}: change {change}."
        )


def check_outputs(network: nn.Module, made: int, *, what: str, option: str) -> None:
    """Refuse a network that makes images of other channels than those that are to be estimated.

    Args:
        network: says what it makes by its option `outputs`, if it has one.
        made: channels of what it is to estimate.
        what: the network is, in words.
        option: that changes it.

    Raises:
        InputError: it makes others.
    """
    makes = getattr(network, "options", {}).get("outputs", made)
    if makes != made:
        raise InputError(
            f"{what} makes images of {counted(makes, 'channel')}, and what it estimates has "
            f"{made}: set {option} to {made}."
        )


def _start_from(network: nn.Module, name: str, factor: int | None) -> list[str]:
    """Copy the weights of a model's network whose names and shapes agree; return all others.

    What factors of cascades are shown more comes before the image, and not behind it.
    """
    weights = load_network(name, factor=factor).state_dict()
    own, fits = network.state_dict(), _fits if factor is None else _agree
    fitting = {n: _widened(t, own[n]) for n, t in weights.items() if n in own and fits(t, own[n])}
    if not fitting:
        raise InputError(f"No weight of {name} fits the architecture: check model.options.")
    network.load_state_dict(fitting, strict=False)
    return [name for name, _ in network.named_parameters() if name not in fitting]


def _begin_anew(network: nn.Module, file: str, factor: int | None, new: list[str]) -> str:
    """Say how many weights a file has given, and which ones it has not."""
    count = len(list(network.parameters()))
    named = ", ".join(new[:_NAMED]) + (", ..." if len(new) > _NAMED else "")
    whose = "" if factor is None else f" of factor {factor}"
    verb = "begins" if len(new) == 1 else "begin"
    return (
        f"Of {counted(count, 'tensor')} of weights{whose}, {count - len(new)} come from {file}; "
        f"{len(new)} that it lacks, or has in another shape, {verb} anew: {named}."
    )


def _agree(given: Tensor, own: Tensor) -> bool:
    """Whether the shapes agree."""
    return given.shape == own.shape


def _fits(given: Tensor, own: Tensor) -> bool:
    """Whether the shapes agree, or a convolution has more inputs now."""
    if given.shape == own.shape:
        return True
    rest = given.ndim == own.ndim == 4 and given.shape[:1] + given.shape[2:]
    return rest == own.shape[:1] + own.shape[2:] and given.shape[1] < own.shape[1]


def _widened(given: Tensor, own: Tensor) -> Tensor:
    """Return the weights with zeros for inputs that are new: they come after the others."""
    more = own.new_zeros(own.shape)
    more[tuple(slice(n) for n in given.shape)] = given
    return more
