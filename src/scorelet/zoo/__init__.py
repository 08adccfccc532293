"""Names → built-in checkpoints and cards; models as files, of every kind."""

from scorelet.zoo import kinds as _kinds  # noqa: F401 - importing them registers them
from scorelet.zoo.checkpoints import save
from scorelet.zoo.kind import KINDS, Kind, kind_of, register
from scorelet.zoo.parts import (
    build_network,
    check_tensors,
    describe_network,
    pack,
    rebuild_network,
    unpack,
)
from scorelet.zoo.registry import (
    card,
    contents,
    load,
    load_as,
    load_network,
    local_weights,
    locate_weights,
    names,
    viewed,
)

__all__ = [
    "KINDS",
    "Kind",
    "build_network",
    "card",
    "check_tensors",
    "contents",
    "describe_network",
    "kind_of",
    "load",
    "load_as",
    "load_network",
    "local_weights",
    "locate_weights",
    "names",
    "pack",
    "rebuild_network",
    "register",
    "save",
    "unpack",
    "viewed",
]
