"""The networks of the task `cascade`, each of which takes what its factor is shown."""

from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.progress import Say
from scorelet.core.words import counted
from scorelet.networks.scale_shared import ScaleShared
from scorelet.tasks.experiments.cascade_config import CascadeConfig, FactorConfig
from scorelet.tasks.experiments.networks import check_outputs, make_denoising_network


def factor_networks(config: CascadeConfig, say: Say | None = None) -> list[nn.Module]:
    """Return the networks of the low band and of the details of each level, coarse to fine.

    They need no pictures: what is wrong with one is said before any are read.

    Args:
        config: of the run.
        say: as in `make_network`.

    Raises:
        InputError: an unknown architecture, or a network of other channels than its factor's.
    """
    channels = config.data.channels
    low = factor_network(config, config.low, 0, channels, say)
    return [low, *(detail_networks(config, channels, say) if config.details else [])]


def detail_networks(config: CascadeConfig, channels: int, say: Say | None) -> list[nn.Module]:
    """Return the network of each level of details, coarse to fine; or one for all levels."""
    scales = range(len(config.details))
    if not config.scale_embedding:
        parts = enumerate(config.details, start=1)
        return [factor_network(config, part, k, channels, say) for k, part in parts]
    part = config.details[0]
    options = {
        "architecture": part.architecture,
        "options": part.options,
        "scales": len(scales),
        "embedding": config.scale_embedding,
    }
    whole = part.model_copy(update={"architecture": ScaleShared.__name__, "options": options})
    network = factor_network(config, whole, 1, channels, say)
    assert isinstance(network, ScaleShared)
    return [network, *(network.at(scale) for scale in scales[1:])]


def factor_network(
    config: CascadeConfig, part: FactorConfig, number: int, channels: int, say: Say | None
) -> nn.Module:
    """Return the network of a factor of pictures of so many channels.

    Args:
        config: of the run.
        part: the factor, with what makes its network.
        number: of the factor: 0 is the low band, then details, coarse to fine.
        channels: of the pictures.
        say: as in `make_network`.

    Raises:
        InputError: as `make_denoising_network`, or one of other channels than the factor's.
    """
    part = part if part.share else part.model_copy(update={"start_from": None})  # `_kept` has it
    network = make_denoising_network(part, seed=config.seed + number, factor=number, say=say)
    _check_shown(network, config, number, channels)
    what, option = f"The network of factor {number}", "its options.outputs"
    check_outputs(network, 3 * channels if number else channels, what=what, option=option)
    return network


def _check_shown(network: nn.Module, config: CascadeConfig, number: int, channels: int) -> None:
    """Refuse a network that does not take what its factor is shown of pictures of `channels`."""
    part = config.details[number - 1] if number else config.low
    shown, other = (part.shown(count, low=not number) for count in (channels, 4 - channels))
    if not isinstance(network, Network) or shown in network.accepts:
        return
    beside = config.scale_embedding if number else 0
    takes = " or ".join(str(count + beside) for count in network.accepts)
    sees = f"{shown + beside}, {beside} of them by scale_embedding" if beside else f"{shown}"
    change = f", or data.channels to {4 - channels}" if other in network.accepts else ""
    raise InputError(
        f"The network of factor {number} takes images of {takes} "
        f"channel{'s' * (takes != '1')}, and of pictures of {counted(channels, 'channel')} it is "
        f"shown {sees}: set its options.channels to {shown + beside}{change}."
    )
