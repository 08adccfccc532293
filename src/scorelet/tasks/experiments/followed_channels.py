"""Channels of pictures where a configuration leaves them out: colour if its networks take it."""

from typing import TypeVar

import torch

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.tasks.experiments.networks import ModelConfig
from scorelet.training import ConfigSection
from scorelet.zoo import build_network

Data = TypeVar("Data", bound=ConfigSection)


def with_channels(data: Data, *networks: tuple[ModelConfig, int]) -> Data:
    """Return a section `data` that says channels: 3 if it says none and all networks take colour.

    Args:
        data: has a field `channels`, which is 1 if nothing is said.
        networks: each of a run, and how many channels it is shown of pictures of three.
    """
    if "channels" in data.model_fields_set:
        return data
    colour = all(shown in _accepted(config) for config, shown in networks)
    return data.model_copy(update={"channels": 3 if colour else 1})


def _accepted(config: ModelConfig) -> tuple[int, ...]:
    """Return the channel counts that a network takes; none if it does not say so.

    One that cannot be built takes none: why not is said where it is built for the run.
    """
    try:
        with torch.random.fork_rng(devices=[]):
            network = build_network(config.architecture, config.options)
    except InputError:
        return ()
    return network.accepts if isinstance(network, Network) else ()
