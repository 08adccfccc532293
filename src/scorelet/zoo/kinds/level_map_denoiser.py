"""Denoisers that see the noise level as one more channel."""

from scorelet.models.level_map import LevelMapDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_network, rebuild_network


def describe(denoiser: LevelMapDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, channels} and the weights."""
    header, tensors = describe_network(denoiser.network)
    return header | {"channels": denoiser.colours}, tensors


def build(header: Header, tensors: Tensors) -> LevelMapDenoiser:
    """Return the denoiser."""
    network = rebuild_network(header, tensors)
    return LevelMapDenoiser(network, channels=int(header["channels"])).eval()


KIND = Kind(
    "level-map-denoiser",
    LevelMapDenoiser,
    describe,
    build,
    verbs=("denoise", "restore", "basis", "evaluate"),
)
