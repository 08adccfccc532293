"""Denoisers that see the noise level as one more channel."""

from scorelet.models.level_map import LevelMapDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_learnt, describe_network, rebuild_network, with_learnt


def describe(denoiser: LevelMapDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, channels, learnt, most} and the weights."""
    header, tensors = describe_network(denoiser.network)
    return header | {"channels": denoiser.colours} | describe_learnt(denoiser), tensors


def build(header: Header, tensors: Tensors) -> LevelMapDenoiser:
    """Return the denoiser."""
    network = rebuild_network(header, tensors)
    denoiser = LevelMapDenoiser(network, channels=int(header["channels"]))
    return with_learnt(denoiser, header).eval()


KIND = Kind(
    "level-map-denoiser",
    LevelMapDenoiser,
    describe,
    build,
    verbs=("denoise", "restore", "basis", "evaluate"),
)
