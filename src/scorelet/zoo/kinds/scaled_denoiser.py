"""Denoisers that are told the noise level: a network, and the bound of what it is shown."""

from scorelet.models.scaled import ScaledDenoiser, Scales
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_network, rebuild_network


def describe(denoiser: ScaledDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, bound, scales, channels, ..., shows_level}, the weights."""
    header, tensors = describe_network(denoiser.network)
    assert denoiser.channels is not None
    return header | {
        "bound": denoiser.bound,
        "scales": list(denoiser.scales),
        "channels": denoiser.channels[0],
        "cond_channels": denoiser.cond_channels,
        "shows_level": denoiser.shows_level,
    }, tensors


def build(header: Header, tensors: Tensors) -> ScaledDenoiser:
    """Return the denoiser."""
    network = rebuild_network(header, tensors)
    counts = {name: int(header[name]) for name in ("channels", "cond_channels")}
    scales, bound = Scales(*map(float, header["scales"])), float(header["bound"])
    shows_level = bool(header.get("shows_level", False))  # older files say nothing of it
    return ScaledDenoiser(network, scales, bound=bound, shows_level=shows_level, **counts).eval()


KINDS = (
    Kind(
        "scaled-denoiser", ScaledDenoiser, describe, build, verbs=("denoise", "sample", "evaluate")
    ),
)
